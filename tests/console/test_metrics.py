"""The exposition: what promtool and the parsers of both formats make of it, held against the one table of definitions."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from console.histogram import Histogram
from console.metrics_table import METRICS, STEPS, WIDE
from console.metrics_text import escaped, number
from console.ports import Numbers, Reloaded
from probe.values import Fault, FaultKind, Outcome, Relay
from service.health_numbers import HealthNumbers
from service.rounds_stats import Stats, Tally
from service.trips import TripStats
from store.store import StoreHealth
from tests.console.made_board import AT, SERVERS, Made, a_check, a_journey, a_run, a_timeout, a_trip, some_checks
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client.samples import Sample

SITE = {"site": "berlin"}
IMAP = SITE | {"domain": "abc.example", "server": "imap", "kind": "imap"}
HEALTH = HealthNumbers(
    loop_lag_seconds=0.0021,
    loop_holds_total=3,
    loop_held_seconds_total=0.5,
    processor_wait_seconds_total=0.25,
    gc_pauses_total=100,
    gc_full_pauses_total=2,
    gc_pause_seconds_total=0.3,
    gc_longest_pause_seconds=0.02,
    control_probe_seconds=0.0011,
    control_probe_failures_total=1,
    suspect_verdicts_total=5,
    doubted_verdicts_total=4,
    sick=True,
    sick_reason="slow",
    sick_seconds_total=12.5,
    open_files=30,
    open_files_limit=1024,
)
STATS = Stats(
    planned=2,
    running=3,
    waiting={"imap": 2, "imaps": 1},
    tally=Tally(missed=Counter(imap=4), held=Counter(imap=1)),
    backing_off={"mail.isp.example port 143": "it said: too many logins"},
    hints={},
    clock_steps=2,
    last_clock_step=None,
)
NUMBERS = Numbers(
    store=lambda: StoreHealth(7, 1_000, 2, "", 4_096, 0.004),
    rounds=lambda: STATS,
    trips=lambda: TripStats(1, 10, 2, 3, 4, 5),
    prober=lambda: HEALTH,
    reloaded=lambda: Reloaded("line 3: unknown key", AT),
)


@dataclass(frozen=True)
class Shown:
    """An exposition, parsed."""

    samples: list[Sample]

    def value(self, name: str, **labels: str) -> float:
        """Return the value of the one series of this name that has these labels."""
        found = [one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items()]
        assert len(found) == 1, (name, labels, found)
        return found[0]

    def labels(self, name: str) -> list[dict[str, str]]:
        return [one.labels for one in self.samples if one.name == name]


def parsed(text: str, parse: Callable[[str], Any] = parse_classic) -> Shown:
    return Shown([sample for family in parse(text) for sample in family.samples])


def busy() -> Made:
    """A board on which everything that has a series has happened."""
    made = Made()
    checks = [a_check(domain, server) for domain in ("abc.example", "def.example") for server in (*SERVERS, "pop3s")]
    made.board.plan([*checks, a_check("new.example")], [a_journey()])
    for check in checks[:-1]:
        made.board.saw(a_run(check))
    made.board.saw(a_timeout(checks[-1]))
    made.board.saw(a_run(checks[0], Level.WARNING, suspect=True))
    made.board.saw_trip(a_trip(Outcome.DELIVERED, 0))
    made.board.saw_trip(a_trip(None, 5))
    return made


def promtool(text: str) -> tuple[int, str]:
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stdout + done.stderr


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


def test_nothing_is_said_of_what_nobody_measures() -> None:
    shown = {one.name for one in parsed(Made().text()).samples}
    assert not {name for name in shown if name.startswith(("mailsonde_store", "mailsonde_prober", "mailsonde_missed", "mailsonde_trips"))}


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


def test_many_journeys_share_their_histograms() -> None:
    made = Made()
    made.board.plan([], [a_journey(f"dom{place}.example") for place in range(501)])
    for name in list(made.board.journeys):
        made.board.saw_trip(a_trip(name=name))
    shown = parsed(made.text())
    assert shown.value("mailsonde_trip_seconds_count", stage="total") == 501
    assert {labels["outcome"] for labels in shown.labels("mailsonde_trip_outcomes_total")} == {"delivered"}


def test_what_changes_during_a_scrape_does_not_stop_it() -> None:
    made = busy()
    texts, shown = made.exposition(NUMBERS), ""
    for turn, text in enumerate(texts):
        shown += text
        made.board.plan(
            [a_check(f"later{turn}.example", "imap"), a_check(f"later{turn}.example", f"server{turn}")], [a_journey(f"t{turn}")]
        )
        made.board.saw(replace(a_run(a_check(f"later{turn}.example")), late_seconds=timedelta(seconds=turn).total_seconds()))
        made.board.saw_trip(a_trip(name=f"t{turn}", relays=(Relay(None, f"hop{turn}", None, 0.1),)))
    assert promtool(shown) == (0, "")
