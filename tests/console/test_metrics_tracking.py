"""The series of message tracking: of each source, of the servers' clocks, of hops and links; none where nothing is followed."""

from __future__ import annotations

from dataclasses import replace

from console.ports_tracking import TrackingNumbers
from tests.console.shown import NUMBERS, SITE, TRACKING, busy, parsed

PREFIX = "mailsonde_tracking_"


def test_each_source_says_how_far_it_is() -> None:
    shown = parsed(busy().text(NUMBERS))
    source = SITE | {"source": "mx"}
    told = {name: shown.value(f"{PREFIX}{name}", **source) for name in ("lines", "unparsed_lines", "refused_files", "behind_bytes")}
    assert told == {"lines": 1_000, "unparsed_lines": 3, "refused_files": 1, "behind_bytes": 512}
    assert shown.value(f"{PREFIX}lag_seconds", **source) == 1.25
    assert shown.value(f"{PREFIX}last_line_timestamp_seconds", **source) == 1_795_161_600
    assert shown.value(f"{PREFIX}following", **SITE) == 1


def test_hops_and_links_are_histograms() -> None:
    shown = parsed(busy().text(NUMBERS))
    assert shown.value(f"{PREFIX}hop_seconds_bucket", server="hub1", le="0.25") == 0
    assert shown.value(f"{PREFIX}hop_seconds_bucket", server="hub1", le="0.5") == 1
    assert shown.value(f"{PREFIX}link_seconds_count", link="mx1 -> hub1") == 1
    assert shown.value(f"{PREFIX}clock_offset_seconds", server="hub1") == -0.5


def test_a_source_of_which_no_line_was_read_has_no_lag() -> None:
    fresh = {**TRACKING.state, "sources": [{**TRACKING.state["sources"][0], "lag_seconds": None, "last_at": None}]}
    shown = parsed(busy().text(replace(NUMBERS, tracking=lambda: TrackingNumbers(well=False, starts=1, state=fresh))))
    assert shown.labels(f"{PREFIX}lag_seconds") == shown.labels(f"{PREFIX}last_line_timestamp_seconds") == []
    assert shown.value(f"{PREFIX}following") == 0


def test_where_nothing_is_followed_there_is_no_series() -> None:
    assert PREFIX not in busy().text(replace(NUMBERS, tracking=lambda: None))
