"""The rounds and time, in a world whose time passes at once: who is probed when, what is missed, what a new plan changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from probe.values import Endpoint, Fault, FaultKind
from service.rounds.budget import Budget
from tests.service.stage import Stage, checks, play
from tests.service.timeless import World

if TYPE_CHECKING:
    from probe.values import Result

BERLIN = ZoneInfo("Europe/Berlin")


# -- time


def test_a_day_through_summer_time_stepped_clocks_and_a_suspend_runs_every_check_in_every_interval() -> None:
    planned = [*checks(20), *checks(90, "pop3", 300.0, "pop.isp.example"), *checks(100, "mx", 1_000.5, "mx.isp.example")]

    async def scene(stage: Stage) -> None:
        stage.rounds.plan(planned, {})
        loop = asyncio.get_running_loop()
        loop.call_later(20_000, stage.world.step, 3_600.0)
        loop.call_later(40_000, stage.world.step, -7_200.0)
        loop.call_later(60_000, stage.world.suspend, 30_000.0)
        await stage.act(86_400)

    stage = play(scene)
    for check in planned:
        times = stage.times(check.name)
        assert len(times) in {int(86_400 / check.every_seconds), int(86_400 / check.every_seconds) + 1}
        assert all(abs(later - earlier - check.every_seconds) < 0.01 for earlier, later in pairwise(times))
    assert max(late for _, late in stage.told) < 0.01
    assert len({result.started_at.astimezone(BERLIN).utcoffset() for result, _ in stage.told}) == 2  # the clocks were put back
    stats = stage.rounds.stats
    assert (stats.clock_steps, sum(stats.tally.missed.values()), stats.running) == (3, 0, 0)
    assert stats.last_clock_step is not None
    assert stats.last_clock_step.suspended_seconds == pytest.approx(30_000)
    assert sum(stats.tally.lateness.counts) == stats.tally.begun == len(stage.told)


def test_a_result_says_what_happened_to_the_clocks_meanwhile(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 5.0
        stage.rounds.plan(checks(1), {})
        first = stage.rounds._schedule.next_at() - stage.world.monotonic
        asyncio.get_running_loop().call_later(first + 2, stage.world.step, -40.0)
        asyncio.get_running_loop().call_later(first + 62, stage.world.suspend, 500.0)
        await stage.act(first + 130)

    readings = [(dict(result.readings), result.uncertainty_seconds) for result, _ in play(scene).told]
    assert [list(found) for found, _ in readings] == [["clock_step_seconds"], ["suspended_seconds"], []]
    assert [sum(map(float, found.values())) for found, _ in readings] == pytest.approx([-40, 500, 0])
    assert [uncertainty for _, uncertainty in readings] == pytest.approx([0, 500, 0])
    assert [record.getMessage() for record in caplog.records] == [
        "the wall clock was stepped; intervals are not touched by it",
        "this machine was suspended",
    ]


def test_checks_that_hang_are_missed_and_counted_and_nobody_else_waits_for_them() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda check: 150.0 if check.server == "imap" else 0.05
        stage.rounds.plan([*checks(4), *checks(4, "pop3", 60.0, "pop.isp.example")], {})
        await stage.act(600)

    stage = play(scene)
    assert {len(stage.times(f"d{one}.example/imap")) for one in range(4)} <= {3, 4}
    assert {len(stage.times(f"d{one}.example/pop3")) for one in range(4)} == {10}
    missed = stage.rounds.stats.tally.missed
    assert missed["pop3"] == 0
    assert missed["imap"] + len([one for one, _ in stage.begun if one.endswith("imap")]) == 40  # no tick is unaccounted for


def test_the_end_cancels_what_is_under_way_and_leaves_no_task() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 30.0
        stage.rounds.plan(checks(8, every=10.0), {})
        await stage.act(15)
        assert stage.open["mail.isp.example"] == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    stage = play(scene)
    assert stage.ended == len(stage.begun) == 8
    assert stage.told == []


def test_our_own_bug_is_a_result_and_one_in_who_is_told_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda check: 1 / 0 if check.domain == "d0.example" else 0.05
        told = stage.told

        def done(result: Result, late: float) -> None:
            told.append((result, late))
            if result.check.domain == "d1.example":
                raise KeyError("x")

        stage.rounds._done = done
        stage.rounds.plan(checks(3), {})
        await stage.act(180)

    stage = play(scene)
    ours = [result.fault for result, _ in stage.told if result.fault]
    assert ours == [Fault(FaultKind.OURS, "run", "ZeroDivisionError")] * 3
    assert len(stage.told) == 9
    assert {record.getMessage() for record in caplog.records} == {
        "our own error in d0.example/imap",
        "our own error with the result of d1.example/imap",
    }


def test_our_own_bug_in_the_schedule_does_not_end_it(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        stage.rounds.plan(checks(2), {})
        whole = stage.rounds._checks
        asyncio.get_running_loop().call_later(100, monkeypatch.setattr, stage.rounds, "_checks", {})
        asyncio.get_running_loop().call_later(200, monkeypatch.setattr, stage.rounds, "_checks", whole)
        await stage.act(400)

    stage = play(scene)
    assert {record.getMessage() for record in caplog.records} == {"our own error in the schedule"}
    assert all(max(stage.times(check.name)) > 1_330 for check in checks(2))


# -- plans


def test_a_new_plan_drops_nobody_under_way_and_tells_nothing_of_who_is_gone() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 20.0
        stage.rounds.plan(checks(10), {"imap": Budget(20)})
        running = asyncio.create_task(stage.act(200))
        await stage.until(lambda: len(stage.begun) >= 3)
        gone, stays = stage.begun[0][0], stage.begun[1][0]
        kept = [check for check in checks(10) if check.name != gone]
        assert stage.rounds.plan(kept, {"imap": Budget(20)}) == []
        await running
        names = Counter(result.check.name for result, _ in stage.told)
        assert names[gone] == 0
        assert stage.times(gone) == [stage.begun[0][1]]
        assert names[stays] >= 2
        assert {round(later - earlier, 2) for earlier, later in pairwise(stage.times(stays))} == {60.0}

    play(scene)


def test_who_waits_is_planned_anew_with_its_place_kept() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 30.0
        stage.rounds.plan(checks(6), {"imap": Budget(1)})
        running = asyncio.create_task(stage.act(100))
        await stage.until(lambda: sum(stage.rounds.stats.waiting.values()) >= 3)
        before = len(stage.begun)
        waited = [name for name, seat in stage.rounds._seats.items() if seat.began is None]
        moved = [replace(check, endpoint=Endpoint("new.example", 143)) for check in checks(6) if check.name != waited[0]]
        stage.rounds.plan(moved, {"imap": Budget(4)})
        await asyncio.sleep(0.01)
        assert {name for name, _ in stage.begun[before:]} == set(waited[1:])
        assert stage.open["new.example"] == len(waited) - 1
        await running
        assert stage.rounds.stats.waiting == {}

    play(scene)


async def test_thousands_are_planned_anew_beside_the_loop_with_the_same_outcome() -> None:
    world = World()
    one, other = Stage(world).rounds, Stage(world).rounds
    for planned in (checks(3_000), [*checks(2_000), *checks(2_000, "pop3", 30.0)], checks(10, "pop3")):
        assert one.plan(planned, {"imap": Budget(1)}) == await other.replan(planned, {"imap": Budget(1)})
        assert one.stats == other.stats
        assert one._schedule.next_at() == other._schedule.next_at()
