"""The schedule's arithmetic, by properties and by a day that passes at once."""

import itertools
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from service.rounds.schedule import SLOTS, Rhythm, Schedule, phases

ROOT = Path(__file__).parents[2]
PATIENT = settings(deadline=None)  # the machine may be busy
DAY_SECONDS = 86_400.0
EVERY = (10.0, 30.0, 60.0, 61.7, 300.0, 3_600.0)
NAMES = some.text("abcdefgh.-0123456789", min_size=1, max_size=12)
RHYTHMS = some.lists(some.builds(Rhythm, NAMES, some.sampled_from(EVERY), some.sampled_from("xyz")), unique_by=lambda one: one.name)


def many(count: int, every: float = 60.0, server: str = "imap") -> list[Rhythm]:
    return [Rhythm(f"d{number}.example/{server}", every, server) for number in range(count)]


# -- phases


@PATIENT
@given(RHYTHMS)
def test_each_phase_lies_in_its_interval_and_the_order_does_not_matter(rhythms: list[Rhythm]) -> None:
    found = phases(rhythms)
    assert all(0 <= found[name] < every for name, every, _ in rhythms)
    assert found == phases(rhythms[::-1])


@PATIENT
@given(RHYTHMS)
def test_no_two_checks_of_one_server_and_interval_begin_together(rhythms: list[Rhythm]) -> None:
    found = phases(rhythms)
    for server, every in {(one.server, one.every_seconds) for one in rhythms}:
        mine = sorted(found[one.name] for one in rhythms if (one.server, one.every_seconds) == (server, every))
        around = [*mine, mine[0] + every] if len(mine) > 1 else []
        assert all(later - earlier > 0.999 * every / SLOTS for earlier, later in itertools.pairwise(around))


@PATIENT
@given(RHYTHMS, NAMES)
def test_a_newcomer_moves_nobody_by_more_than_some_slots(rhythms: list[Rhythm], name: str) -> None:
    before = phases(rhythms)
    after = phases([*rhythms, Rhythm(name, 60.0, "x")])
    for one in rhythms:
        away = abs(after[one.name] - before[one.name]) % one.every_seconds
        assert one.name == name or min(away, one.every_seconds - away) <= 1.001 * one.every_seconds / SLOTS


def test_ten_thousand_checks_of_one_server_are_spread_evenly() -> None:
    found = phases(many(10_000))
    seconds = [0] * 60
    for phase in found.values():
        seconds[int(phase)] += 1
    assert min(seconds) > 100
    assert max(seconds) < 240  # 167 on the average
    gaps = [later - earlier for earlier, later in zip(sorted(found.values()), sorted(found.values())[1:], strict=False)]
    assert min(gaps) > 0.999 * 60 / 32_768


def test_many_servers_of_one_check_each_make_no_herd() -> None:
    found = phases(Rhythm(f"d{number}.example/imap", 60.0, f"mail{number}.example") for number in range(6_000))
    seconds = [0] * 60
    for phase in found.values():
        seconds[int(phase)] += 1
    assert max(seconds) < 160  # 100 on the average


def test_a_phase_is_the_same_in_every_process() -> None:
    ask = "from service.rounds.schedule import *; print(repr(phases([Rhythm('abc.example/imap', 60.0, ('mail.isp.example', 143))])))"
    told = {
        subprocess.run(
            [sys.executable, "-c", ask], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in "123"
    }
    assert len(told) == 1
    assert told == {"{'abc.example/imap': 22.165526996748476}\n"}


# -- ticks


def ticks(schedule: Schedule, begin: float, end: float, work_seconds: float = 0.0) -> list[tuple[str, float]]:
    """Let a schedule run from one monotonic second to another, each run ending at once; return who was due when."""
    come: list[tuple[str, float]] = []
    while (at := schedule.next_at()) <= end:
        assert at >= begin
        for due in schedule.due(at + work_seconds):
            come.append((due.name, due.at))
            schedule.ended(due.name)
    return come


def test_a_schedule_without_checks_is_never_due() -> None:
    schedule = Schedule(0.0)
    assert (schedule.next_at(), schedule.due(1e9), len(schedule)) == (float("inf"), [], 0)


def test_a_day_with_hundreds_of_checks_runs_each_in_every_interval_and_none_twice() -> None:
    rhythms = [one for every in EVERY for one in many(60, every, f"server-{every:g}")]
    schedule = Schedule(anchor=1_000.0 - 1_800_000_000.0)
    schedule.plan(rhythms, now=1_000.0)
    times: dict[str, list[float]] = {one.name: [] for one in rhythms}
    for name, at in ticks(schedule, 1_000.0, 1_000.0 + DAY_SECONDS):
        times[name].append(at)
    for name, every, _ in rhythms:
        assert 1_000.0 < times[name][0] <= 1_000.0 + every
        assert [round(later - earlier, 4) for earlier, later in zip(times[name], times[name][1:], strict=False)] == [every] * (
            len(times[name]) - 1
        )
        assert DAY_SECONDS / every - 1 <= len(times[name]) <= DAY_SECONDS / every + 1


@pytest.mark.parametrize("night", [datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2027, 3, 27, 12, tzinfo=UTC)], ids=["back", "forth"])
def test_no_check_runs_twice_or_never_in_the_nights_when_berlin_changes_its_clocks(night: datetime) -> None:
    schedule = Schedule(anchor=-night.timestamp())
    schedule.plan(many(50, 900.0), now=0.0)
    come = ticks(schedule, 0.0, DAY_SECONDS)
    at = [(night + timedelta(seconds=when)).astimezone(ZoneInfo("Europe/Berlin")) for _, when in come]
    assert len({moment.utcoffset() for moment in at}) == 2  # the day does hold the change
    assert {name: sum(one == name for one, _ in come) for name, *_ in many(50)} == {name: 96 for name, *_ in many(50)}


@PATIENT
@given(some.floats(0, 10_000_000), some.floats(1_500_000_000, 2_500_000_000))
def test_a_restart_changes_nothing(monotonic: float, wall: float) -> None:
    before, after = Schedule(1_000.0 - wall), Schedule(monotonic - (wall + 500.0))  # 500 s later, on a machine that was booted anew
    before.plan(many(20), 1_000.0)
    after.plan(many(20), monotonic)
    ticks(before, 1_000.0, 1_500.0)
    due = [(name, round(at - 1_500.0, 3)) for name, at in ticks(before, 1_500.0, 1_700.0)]
    again = [(name, round(at - monotonic, 3)) for name, at in ticks(after, monotonic, monotonic + 200.0)]
    assert [name for name, _ in due] == [name for name, _ in again]
    assert all(abs(one - other) < 0.002 for (_, one), (_, other) in zip(due, again, strict=True))


def test_a_new_plan_keeps_phases_and_lets_go_who_is_gone() -> None:
    schedule = Schedule(0.0)
    schedule.plan(many(10), 0.0)
    first = dict(ticks(schedule, 0.0, 60.0))
    schedule.plan([*many(8), *many(3, server="pop3")], 60.0)
    second = dict(ticks(schedule, 60.0, 120.0))
    assert {name: round(second[name] - first[name], 6) for name, *_ in many(8)} == {name: 60.0 for name, *_ in many(8)}
    assert set(second) == {name for name, *_ in [*many(8), *many(3, server="pop3")]}
    assert len(schedule) == 11


@PATIENT
@given(some.sampled_from([10.0, 45.0, 60.0]), some.sampled_from([10.0, 45.0, 60.0]), some.floats(0, 200))
def test_who_gets_another_interval_is_neither_doubled_nor_forgotten(first: float, second: float, after: float) -> None:
    schedule = Schedule(0.0)
    schedule.plan([Rhythm("a/imap", first, "imap")], 0.0)
    times = [at for _, at in ticks(schedule, 0.0, after)]
    schedule.plan([Rhythm("a/imap", second, "imap")], after)
    times += [at for _, at in ticks(schedule, after, after + 200.0)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(min(first, second) / 2 - 1e-6 <= gap <= first + 1.5 * second + 1e-6 for gap in gaps)


def test_a_run_that_has_not_ended_when_it_is_due_again_is_missed_and_never_piled_up() -> None:
    schedule = Schedule(0.0)
    schedule.plan([Rhythm("a/imap", 10.0, "imap")], 0.0)
    begun = missed = 0
    for _ in range(5):
        for due in schedule.due(schedule.next_at()):
            begun, missed = begun + (not due.busy), missed + due.missed
    assert (begun, missed) == (1, 4)
    schedule.ended("a/imap")
    (due,) = schedule.due(schedule.next_at())
    assert (due.missed, due.busy) == (0, False)


def test_ticks_that_passed_while_we_were_held_are_counted_and_only_the_last_is_run() -> None:
    schedule = Schedule(0.0)
    schedule.plan([Rhythm("a/imap", 10.0, "imap")], 0.0)
    first = schedule.next_at()
    (due,) = schedule.due(first + 34.0)
    assert (due.at, due.missed, due.busy) == (first + 30.0, 3, False)
    assert schedule.next_at() == pytest.approx(first + 40.0)


@PATIENT
@given(RHYTHMS, some.floats(0.0, 3.0))
def test_whoever_is_late_does_not_make_the_next_one_late(rhythms: list[Rhythm], late: float) -> None:
    prompt, tardy = Schedule(0.0), Schedule(0.0)
    prompt.plan(rhythms, 0.0)
    tardy.plan(rhythms, 0.0)
    assert {(name, round(at, 6)) for name, at in ticks(prompt, 0.0, 100.0)} <= {
        (name, round(at, 6)) for name, at in ticks(tardy, 0.0, 110.0, late)
    }
