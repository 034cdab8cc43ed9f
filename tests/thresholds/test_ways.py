"""The way of a test message by the servers' logs: what is judged of it, where its time went, and what proves that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from probe.values import Outcome, Relay, Trip
from service.alarms.cells import of_trip
from store.values import TripRun
from tests.thresholds.blame_matrix import AFTER, facts
from thresholds.blame import causes
from thresholds.judge import judge_trip
from thresholds.limits import Limits
from thresholds.values import Aspect, Level, Limit, Match, Verdict
from thresholds.ways import Stay, Way, proofs, slowest

if TYPE_CHECKING:
    from thresholds.incident_values import Observation

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TRIP = Trip("abc.example", "abc.example", "<1@probe>", AT, Outcome.DELIVERED, "", 0.2, 12.0, 0.3)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def way(hub_left: float | None = 10.0, link: float = 0.5) -> Way:
    """Return a way over mx and hub; None = it is still in hub."""
    mx = Stay("mx", "4FA1", after(0.1), after(0.3), link, ("mx.log:7",))
    hub = Stay("hub", "5FB2", after(0.8), None if hub_left is None else after(hub_left), None, ("hub.log:41", "hub.log:42"))
    return Way("<1@probe>", (mx, hub))


def limited(aspect: Aspect, name: str, critical: float) -> Limits:
    return Limits((Limit(Match(aspect, name), critical=critical, origin="thresholds[0]"),))


def test_a_hop_is_judged_by_its_own_log() -> None:
    verdict = judge_trip(TRIP, limited(Aspect.HOP, "hub", 5.0), AT, 120.0, way=way())
    assert (verdict.level, verdict.broke) == (Level.CRITICAL, ("hop hub",))
    assert judge_trip(TRIP, limited(Aspect.HOP, "hub", 9.5), AT, 120.0, way=way()).level is Level.OK


def test_a_link_is_judged() -> None:
    verdict = judge_trip(TRIP, limited(Aspect.LINK, "mx -> h*", 5.0), AT, 120.0, way=way(link=6.0))
    assert (verdict.level, verdict.broke) == (Level.CRITICAL, ("link mx -> hub",))


def test_logs_take_the_place_of_headers() -> None:
    told = replace(TRIP, relays=(Relay("mx", "store", None, 9.5),))
    limits = limited(Aspect.HOP, "*", 9.4)
    assert judge_trip(told, limits, AT, 120.0).broke == ("hop store",)
    assert judge_trip(told, limits, AT, 120.0, way=way()).level is Level.OK


def test_of_a_message_that_is_still_there_the_time_so_far_is_judged() -> None:
    waiting = replace(TRIP, outcome=None, transit_seconds=None, retrieve_seconds=None)
    assert judge_trip(waiting, limited(Aspect.HOP, "hub", 5.0), after(5), 120.0, way=way(None)).level is Level.OK
    assert judge_trip(waiting, limited(Aspect.HOP, "hub", 5.0), after(7), 120.0, way=way(None)).broke == ("hop hub",)


@pytest.mark.parametrize(
    ("known", "seconds", "where"),
    [
        (way(), 12.5, "hop hub"),
        (way(None), 12.5, "hop hub"),
        (way(link=9.9), 12.5, "link mx -> hub"),
        (way(4.0), 12.5, ""),
        (way(1.0, 0.9), 1.0, ""),
        (Way("<1@probe>", ()), 12.5, ""),
    ],
)
def test_where_most_of_the_time_went(known: Way, seconds: float, where: str) -> None:
    assert slowest(known, seconds, after(12.5)) == where


def test_what_proves_it_names_file_and_line() -> None:
    assert proofs(way(None), after(12.8)) == (
        ("hop mx", "mx kept it for 200 ms by its log, as 4FA1: mx.log:7"),
        ("link mx -> hub", "from mx to hub it took 500 ms by their logs: mx.log:7"),
        ("hop hub", "hub has had it for 12 s by its log, as 5FB2: hub.log:41, hub.log:42"),
    )


def test_who_still_has_it_says_why() -> None:
    told = replace(way(None), said="450 4.3.2 the way on is closed")
    (*_, (_, last)) = proofs(told, after(12.8))
    assert last.endswith("hub.log:42 (450 4.3.2 the way on is closed)")


def observed(outcome: Outcome | None, level: Level, broke: tuple[str, ...] = ()) -> Observation:
    trip = replace(TRIP, outcome=outcome)
    seen = of_trip(TripRun(trip, Verdict(level, ("late",), broke=broke)), after(12.5), way())
    assert seen is not None
    return seen


def test_a_late_trip_says_where_its_time_went() -> None:
    assert observed(Outcome.LATE, Level.WARNING).slow == ("hop hub",)
    assert observed(None, Level.WARNING).slow == ("hop hub",)
    assert observed(Outcome.DELIVERED, Level.CRITICAL, ("trip total",)).slow == ("trip total", "hop hub")


def test_a_limit_that_names_the_hop_is_enough() -> None:
    assert observed(Outcome.DELIVERED, Level.CRITICAL, ("link mx -> hub",)).slow == ("link mx -> hub",)


def test_neither_a_good_trip_nor_a_bounce_blames_a_hop() -> None:
    assert observed(Outcome.DELIVERED, Level.OK).slow == ()
    assert observed(Outcome.BOUNCED, Level.CRITICAL).slow == ()


def test_the_incident_names_the_hop_with_a_line_of_its_log() -> None:
    known = facts("a b\nsubmission . .\nimap . .\ntrip submission>imap l l")
    told = way(None)
    slow = {name: replace(known.latest[name], slow=("hop hub",), proofs=proofs(told, after(12.8))) for name in known.bad}
    (cause,) = causes(replace(known, latest={**known.latest, **slow}))
    assert cause.key == "hop:hub"
    assert cause.evidence[:2] == (
        "2 of 2 trips stay long in hub",
        "hub has had it for 12 s by its log, as 5FB2: hub.log:41, hub.log:42",
    )
    assert known.since <= AFTER
