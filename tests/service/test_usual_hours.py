"""Baselines in the running service: two weeks in a real store, rolled up, read, and what is measured in the third judged by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from probe.values import Check, Endpoint, Outcome, Result, Step, Trip
from service.rounds.usual_hours import UsualHours
from store.rollups import roll
from store.store import Store
from store.values import Run, TripRun
from thresholds.judge import judge_result, judge_trip
from thresholds.limits import Limits
from thresholds.values import Aspect, Baseline, Level, Limit, Match, Sample, Verdict

if TYPE_CHECKING:
    from pathlib import Path

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
NOW = MONDAY + timedelta(weeks=2, minutes=5)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143))
TWICE = (Limit(Match(), baseline=Baseline(2.0, 4.0)), Limit(Match(Aspect.TRIP, "total"), baseline=Baseline(2.0, 4.0)))


def a_run(at: datetime, seconds: float) -> Result:
    return Result(CHECK, at, (Step("connect", seconds),))


def a_trip(at: datetime, seconds: float) -> Trip:
    return Trip("abc.example", "abc.example", f"<{at:%d%H%M}@x>", at, Outcome.DELIVERED, "", 0.0, seconds, 0.0)


async def filled(path: Path) -> Store:
    store = await Store.open(path)
    for week in range(2):
        for minute in range(10):
            at = MONDAY + timedelta(weeks=week, minutes=5 * minute)
            store.put(Run(a_run(at, 0.5), Verdict(Level.OK)), TripRun(a_trip(at, 3.0), Verdict(Level.OK)))
    assert await store.flush()
    await roll(store, NOW)
    return store


async def test_what_is_measured_is_judged_by_the_same_hour_of_two_weeks(tmp_path: Path) -> None:
    store = await filled(tmp_path / "mailsonde.db")
    usual = UsualHours(store, BERLIN)
    limits = Limits(TWICE, usual)
    assert judge_result(a_run(NOW, 1.5), limits).level is Level.UNKNOWN  # not read yet
    await usual.refresh([CHECK.name], NOW, ["abc.example"])
    await store.close()
    slow = judge_result(a_run(NOW, 1.5), limits)
    assert slow.level is Level.WARNING
    assert slow.reasons[0].startswith("took 1.5 s, limit ")
    assert " (2x the usual 493 ms of this hour of the week; everything)" in slow.reasons[0]  # of 500 ms, within 2 %
    assert judge_result(a_run(NOW, 0.9), limits).level is Level.OK
    assert [judge_trip(a_trip(NOW, seconds), limits, NOW, 120.0).level for seconds in (4.0, 7.0, 13.0)] == [
        Level.OK,
        Level.WARNING,
        Level.CRITICAL,
    ]


async def test_other_hours_and_parts_are_unknown(tmp_path: Path) -> None:
    store = await filled(tmp_path / "mailsonde.db")
    usual = UsualHours(store, BERLIN)
    await usual.refresh([CHECK.name], NOW, ["abc.example"])
    await store.close()
    later = judge_result(a_run(NOW + timedelta(hours=1), 1.5), Limits(TWICE, usual))
    assert later.reasons == ("took 1.5 s; not enough history: none of this hour of the week (everything)",)
    assert usual.usual(Sample("abc.example", "abc.example", Aspect.TRIP, "transit", 1.0, NOW)) is None
    assert usual.usual(Sample("abc.example", "imap", Aspect.STEP, "login", 1.0, NOW)) is None
