"""The exposition: what promtool and the parsers of both formats make of it, held against the one table of definitions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics

from console.histogram import Histogram
from console.metrics_table import METRICS, STEPS
from console.metrics_text import escaped, number
from console.ports import AlarmNumbers, Numbers
from probe.clock import utc_now
from probe.values import Fault, FaultKind
from tests.console.made_board import AT, Made, a_check, a_run, a_timeout
from tests.console.shown import ALARMS, IMAP, NUMBERS, SITE, busy, parsed, promtool
from thresholds.values import Level

if TYPE_CHECKING:
    from prometheus_client.samples import Sample


@pytest.mark.parametrize("made", [Made(), busy()], ids=["empty", "busy"])
def test_promtool_finds_nothing_to_say(made: Made) -> None:
    assert promtool(made.text(NUMBERS)) == (0, "")


def test_promtool_would_say_something() -> None:
    code, said = promtool("# TYPE mailsonde_runs counter\nmailsonde_runs 1\n")
    assert code != 0
    assert "no help text" in said


@pytest.mark.parametrize("made", [Made(), busy()], ids=["empty", "busy"])
def test_both_formats_say_the_same(made: Made) -> None:
    classic, open_metrics = parsed(made.text(NUMBERS)), parsed(made.text(NUMBERS, open_metrics=True), parse_open_metrics)
    own = {"process_cpu_seconds_total", "process_open_fds", "process_virtual_memory_bytes", "process_resident_memory_bytes"}
    own |= {"mailsonde_outbox_oldest_seconds"}  # grows while one looks
    assert [one for one in classic.samples if one.name not in own] == [one for one in open_metrics.samples if one.name not in own]


def test_open_metrics_knows_units_and_infos() -> None:
    text = busy().text(NUMBERS, open_metrics=True)
    assert "# TYPE mailsonde_check info\n" in text
    assert "# TYPE mailsonde_runs counter\n" in text
    assert "# UNIT mailsonde_trip_seconds seconds\n" in text
    assert "# UNIT probe_ssl" not in text
    assert text.endswith("# EOF\n")


def stem(sample: Sample) -> str:
    """The name in the table: without a histogram's endings."""
    endings = [sample.name.removesuffix(end) for end in ("_bucket", "_count", "_sum") if sample.name.endswith(end)]
    return next((name for name in endings if name in METRICS), sample.name)


def test_every_series_is_in_the_table_with_exactly_these_labels() -> None:
    for sample in parsed(busy().text(NUMBERS)).samples:
        assert set(sample.labels) - {"le"} == set(METRICS[stem(sample)].labels), sample


def test_every_metric_of_the_table_is_shown() -> None:
    shown = {stem(sample) for sample in parsed(busy().text(NUMBERS)).samples}
    elsewhere = {STEPS.name, "probe_dns_lookup_time_seconds"}  # in a wide house, at /probe
    unlike = {f"probe_{kind}_duration_seconds" for kind in ("smtp", "lmtp", "pop3", "dns")}  # no such checks here
    assert set(METRICS) - shown == elsewhere | unlike


def test_every_family_stands_once() -> None:
    heads = [line.split()[2] for line in busy().text(NUMBERS).splitlines() if line.startswith("# TYPE")]
    assert [name for name, times in Counter(heads).items() if times > 1] == []


def test_the_values_of_a_check() -> None:
    made = Made()
    made.board.plan([a_check()], ())
    made.board.saw(a_run())
    shown = parsed(made.text())
    expected = {
        "probe_success": 1,
        "probe_duration_seconds": 0.050068,
        "probe_ssl_earliest_cert_expiry": 1_801_353_600,
        "mailsonde_level": 0,
        "mailsonde_suspect": 0,
        "mailsonde_uncertainty_seconds": 0.0004,
        "mailsonde_last_run_timestamp_seconds": round(AT.timestamp(), 3),
    }
    assert {name: shown.value(name, **IMAP) for name in expected} == expected
    assert shown.value("probe_imap_duration_seconds", phase="login", **IMAP) == 0.034568
    assert shown.value("mailsonde_threshold_seconds", level="warning", **IMAP) == 0.5
    assert shown.value("mailsonde_threshold_seconds", level="critical", **IMAP) == 2.0
    assert shown.value("mailsonde_check_info", host="mail.isp.example", port="143", security="starttls", **IMAP) == 1
    assert shown.labels("mailsonde_fault_info") == []


def test_a_fault_shows_its_kind_and_step() -> None:
    made = Made()
    made.board.plan([a_check()], ())
    made.board.saw(a_timeout())
    shown = parsed(made.text())
    assert shown.value("probe_success", **IMAP) == 0
    assert shown.value("mailsonde_level", **IMAP) == 3
    assert shown.value("mailsonde_fault_info", fault="TIMEOUT", step="login", **IMAP) == 1
    assert shown.value("mailsonde_faults_total", fault="TIMEOUT", server="imap") == 1
    assert shown.value("mailsonde_runs_total", level="CRITICAL", server="imap") == 1
    assert shown.value("mailsonde_run_seconds_count", server="imap") == 0  # a time-out says nothing of how long answers take


def test_what_we_could_not_do_ourselves_is_nobodys_failure() -> None:
    made = Made()
    made.board.plan([a_check()], ())
    made.board.saw(a_run(level=Level.UNKNOWN, fault=Fault(FaultKind.OURS, "run", "our bug")))
    shown = parsed(made.text())
    assert shown.labels("probe_success") == []
    assert (shown.value("mailsonde_level", **IMAP), shown.value("mailsonde_fault_info", fault="OURS", **IMAP)) == (1, 1)


@pytest.mark.parametrize("stale", [False, True])
def test_unknown_is_absent(stale: bool) -> None:
    made = Made()
    made.board.plan([a_check()], ())
    if stale:
        made.board.saw(a_run())
        made.clock.now += 151.0
    shown = parsed(made.text())
    per_check = {one.name for one in shown.samples if one.labels.get("domain") == "abc.example"}
    assert per_check == {"mailsonde_check_info"}


def test_the_numbers_of_others() -> None:
    shown = parsed(busy().text(NUMBERS))
    expected = {
        "mailsonde_loop_lag_seconds": 0.0021,
        "mailsonde_prober_sick": 1,
        "mailsonde_store_queued_results": 7,
        "mailsonde_store_committed_results_total": 1_000,
        "mailsonde_store_broken": 0,
        "mailsonde_runs_waiting": 3,
        "mailsonde_servers_backing_off": 1,
        "mailsonde_clock_steps_total": 2,
        "mailsonde_trips_begun_total": 10,
        "mailsonde_config_last_reload_successful": 0,
        "mailsonde_config_last_reload_success_timestamp_seconds": AT.timestamp(),
    }
    assert {name: shown.value(name, **SITE) for name in expected} == expected
    assert shown.value("mailsonde_missed_runs_total", server="imap") == 4
    assert shown.value("mailsonde_missed_runs_total", server="imaps") == 0  # a counter is there before anything is missed
    assert shown.value("mailsonde_prober_doubt_info", reason="slow") == 1
    assert shown.value("mailsonde_build_info", version="9.8.7", site="berlin") == 1
    assert shown.value("process_resident_memory_bytes") > 1_000_000


def test_incidents_and_telling() -> None:
    shown = parsed(busy().text(NUMBERS))
    assert (shown.value("mailsonde_incidents_open", level="CRITICAL"), shown.value("mailsonde_incidents_open", level="WARNING")) == (2, 0)
    assert (shown.value("mailsonde_incidents_total", kind="server"), shown.value("mailsonde_incidents_total", kind="domain")) == (5, 0)
    assert shown.value("mailsonde_outbox_depth", **SITE) == 3
    waits = 0.0 if ALARMS.outbox_oldest_at is None else (utc_now() - ALARMS.outbox_oldest_at).total_seconds()
    assert waits - 10 < shown.value("mailsonde_outbox_oldest_seconds", **SITE) <= waits
    results = {one["result"]: shown.value("mailsonde_deliveries_total", **one) for one in shown.labels("mailsonde_deliveries_total")[:4]}
    assert results == {"sent": 7, "failed": 2, "refused": 1, "taken-over": 1}
    assert shown.value("mailsonde_deliveries_total", channel="pager", result="failed") == 0  # there before the first one fails
    assert shown.value("mailsonde_channel_last_proof_timestamp_seconds", channel="ops-mail") == AT.timestamp()
    assert len(shown.labels("mailsonde_channel_last_proof_timestamp_seconds")) == 1
    assert shown.value("mailsonde_heartbeats_total", result="sent") == 9
    assert shown.value("mailsonde_heartbeat_last_timestamp_seconds", **SITE) == AT.timestamp()


def test_of_the_outbox_nothing_is_said_before_it_was_counted() -> None:
    shown = parsed(busy().text(Numbers(alarms=AlarmNumbers)))
    names = {one.name for one in shown.samples}
    assert "mailsonde_incidents_open" in names
    assert not {name for name in names if name.startswith(("mailsonde_outbox", "mailsonde_heartbeat", "mailsonde_channel"))}


def test_nothing_is_said_of_what_nobody_measures() -> None:
    shown = {one.name for one in parsed(Made().text()).samples}
    assert not {name for name in shown if name.startswith(("mailsonde_store", "mailsonde_prober", "mailsonde_missed", "mailsonde_trips"))}
    assert not {name for name in shown if name.startswith(("mailsonde_incidents", "mailsonde_deliveries"))}


def test_strange_names_are_escaped() -> None:
    made = Made()
    name = 'a"b\\c\nd\udc80é'
    check = replace(a_check(), domain=name, name=f"{name}/imap")
    made.board.plan([check], ())
    made.board.saw(a_run(check, Level.CRITICAL, Fault(FaultKind.PROTOCOL, 'st"ep\n')))
    text = made.text(NUMBERS)
    assert promtool(text) == (0, "")
    assert {labels["domain"] for labels in parsed(text).labels("probe_success")} == {'a"b\\c\nd?é'}
    assert escaped('\\n"') == '\\\\n\\"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.0, "0"),
        (-2.5, "-2.5"),
        (1e-05, "1e-05"),
        (1e15, "1000000000000000.0"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text
    assert number(float("nan")) == "NaN"


def test_a_bound_belongs_to_its_own_bucket() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.1, 0.10001, 1.0, 7.0):
        histogram.saw(seconds)
    assert list(histogram.buckets()) == [("0.1", 1), ("1.0", 3), ("+Inf", 4)]
