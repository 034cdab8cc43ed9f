"""Trips, hops and houses with more checks than series: what is shown of many, and what must have an end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.metrics_table import WIDE
from probe.values import Outcome, Relay
from tests.console.made_board import SERVERS, Made, a_check, a_journey, a_run, a_trip, some_checks
from tests.console.shown import NUMBERS, SITE, busy, parsed, promtool


def test_trips_by_stage_and_outcome() -> None:
    shown = parsed(busy().text())
    trip = SITE | {"domain": "abc.example", "trip": "abc.example"}
    assert shown.value("mailsonde_trip_seconds_bucket", stage="transit", le="1.0", **trip) == 0
    assert shown.value("mailsonde_trip_seconds_bucket", stage="transit", le="2.5", **trip) == 1
    assert shown.value("mailsonde_trip_seconds_sum", stage="total", **trip) == pytest.approx(1.16)
    assert shown.value("mailsonde_trip_outcomes_total", outcome="delivered", **trip) == 1
    assert len(shown.labels("mailsonde_trip_outcomes_total")) == len(Outcome)
    assert shown.value("mailsonde_trips_under_way", **trip) == 1
    assert shown.value("mailsonde_hop_seconds_count", hop="store.isp.example") == 1


def test_a_trip_vanishes_when_nothing_is_heard_and_its_counts_stay() -> None:
    made = busy()
    made.clock.now += 751.0
    shown = parsed(made.text())
    assert shown.labels("mailsonde_trip_level") == shown.labels("mailsonde_trip_last_timestamp_seconds") == []
    assert shown.value("mailsonde_trip_outcomes_total", outcome="delivered") == 1


def test_hops_have_an_end_and_no_address() -> None:
    made = Made()
    made.board.plan([], [a_journey()])
    names = [f"mx{number}.example" for number in range(300)] + ["probe@abc.example", "<1@x>", 'a"b\n', "192.0.2.1", "[2001:db8::1]"]
    made.board.saw_trip(a_trip(relays=tuple(Relay(None, name, None, 0.1) for name in reversed(names))))
    hops = {labels["hop"] for labels in parsed(made.text()).labels("mailsonde_hop_seconds_count")}
    assert len(hops) == 200  # of them one is other
    assert {"other", "192.0.2.1", "[2001:db8::1]"} < hops
    assert not any(set(hop) & set('@<"\n') for hop in hops)


def test_many_journeys_share_their_histograms() -> None:
    made = Made()
    made.board.plan([], [a_journey(f"dom{place}.example") for place in range(501)])
    for name in list(made.board.journeys):
        made.board.saw_trip(a_trip(name=name))
    shown = parsed(made.text())
    assert shown.value("mailsonde_trip_seconds_count", stage="total") == 501
    assert {labels["outcome"] for labels in shown.labels("mailsonde_trip_outcomes_total")} == {"delivered"}


def test_a_wide_house_shows_steps_per_server() -> None:
    made = Made()
    checks = some_checks(WIDE // len(SERVERS) + 1)
    made.board.plan(checks, ())
    for check in checks:
        made.board.saw(a_run(check))
    shown = parsed(made.text())
    assert shown.labels("probe_imap_duration_seconds") == []
    assert len(shown.labels("probe_success")) == len(checks)
    assert shown.value("mailsonde_step_seconds_bucket", server="imaps", phase="login", le="0.05") == len(checks) / len(SERVERS)
    made.board.plan(checks[:WIDE], ())
    shown = parsed(made.text())
    assert shown.labels("mailsonde_step_seconds_count") == []
    assert len(shown.labels("probe_imap_duration_seconds")) == WIDE // 2 * 4


def test_what_changes_during_a_scrape_does_not_stop_it() -> None:
    made = busy()
    texts, shown = made.exposition(NUMBERS), ""
    for turn, text in enumerate(texts):
        shown += text
        made.board.plan(
            [a_check(f"later{turn}.example", "imap"), a_check(f"later{turn}.example", f"server{turn}")], [a_journey(f"t{turn}")]
        )
        made.board.saw(replace(a_run(a_check(f"later{turn}.example")), late_seconds=float(turn)))
        made.board.saw_trip(a_trip(name=f"t{turn}", relays=(Relay(None, f"hop{turn}", None, 0.1),)))
    assert promtool(shown) == (0, "")
