"""The board shows what it was told and nothing else: unknown at first, gone when stale, small, and quick to tell."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest

from console.board import Board
from probe.values import Fault, FaultKind, Outcome
from tests.console.made_board import AT, READINGS, STEPS, Made, a_check, a_journey, a_run, a_timeout, a_trip, some_checks
from thresholds.values import Level

CHECK = a_check()


def fresh(made: Made) -> list[str]:
    """Names of the checks that are shown."""
    return [name for name, cell in made.board.cells.items() if cell.is_fresh(made.clock())]


def test_a_check_starts_unknown() -> None:
    made = Made()
    made.board.plan([CHECK], ())
    assert list(made.board.cells) == ["abc.example/imap"]
    assert fresh(made) == []


def test_the_last_run_of_a_check_is_kept_but_for_its_conversation() -> None:
    made = Made()
    made.board.plan([CHECK], ())
    made.board.saw(a_timeout())
    made.board.saw(replace(a_run(suspect=True), by_hand=True))
    cell = made.board.cells[CHECK.name]
    assert [(step.name, step.seconds) for step in cell.steps] == [(step.name, round(step.seconds, 6)) for step in STEPS]
    assert cell.readings == READINGS
    assert (cell.started_at, cell.duration_us, cell.fault, cell.verdict.suspect, cell.by_hand) == (AT, 50_068, None, True, True)
    assert not hasattr(cell, "transcript")


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, True), (150.0, True), (150.1, False)])
def test_it_vanishes_after_two_and_a_half_intervals(seconds: float, shown: bool) -> None:
    made = Made()
    made.board.plan([a_check(every_seconds=60.0)], ())
    made.board.saw(a_run())
    made.clock.now += seconds
    assert fresh(made) == (["abc.example/imap"] if shown else [])


def test_a_reload_keeps_what_was_seen_and_forgets_what_is_gone() -> None:
    made = Made()
    other = a_check("other.example")
    made.board.plan([CHECK, other], [a_journey()])
    for check in (CHECK, other):
        made.board.saw(a_run(check))
    made.board.saw_trip(a_trip())
    longer = replace(CHECK, every_seconds=600.0)
    made.board.plan([longer], [a_journey(every_seconds=900.0)])
    assert fresh(made) == ["abc.example/imap"]
    assert made.board.cells[CHECK.name].check is longer
    assert made.board.tallies["imap", "imap"].runs.counts[6] == 2  # up to 100 ms; counters live on
    assert made.board.journeys["abc.example"].outcomes == {Outcome.DELIVERED: 1}
    made.board.saw(a_run(other))
    assert list(made.board.cells) == ["abc.example/imap"]


def test_a_check_that_became_another_kind_starts_unknown_again() -> None:
    made = Made()
    made.board.plan([CHECK], ())
    made.board.saw(a_run())
    made.board.plan([replace(CHECK, kind="pop3")], ())
    assert fresh(made) == []
    assert list(made.board.tallies) == [("imap", "pop3")]


def test_a_run_by_hand_is_shown_and_not_counted() -> None:
    made = Made()
    made.board.plan([CHECK], ())
    made.board.saw(replace(a_run(), by_hand=True))
    assert fresh(made) == ["abc.example/imap"]
    assert sum(made.board.tallies["imap", "imap"].levels) == sum(made.board.lateness.counts) == 0


def test_a_run_by_hand_that_came_to_nothing_tells_nothing_new() -> None:
    made = Made()
    made.board.plan([CHECK], ())
    made.board.saw(a_run())
    made.board.saw(a_run(level=Level.UNKNOWN, fault=Fault(FaultKind.OURS, "run", "held back"), by_hand=True))
    assert made.board.cells[CHECK.name].fault is None


@pytest.mark.parametrize(
    ("level", "fault", "forbidden", "succeeded"),
    [
        (Level.OK, None, False, True),
        (Level.CRITICAL, None, False, True),  # slow, but it answered
        (Level.WARNING, Fault(FaultKind.TEMPORARY, "rcpt"), False, False),
        (Level.OK, Fault(FaultKind.AUTH, "login"), True, True),  # refused, as it should be
        (Level.WARNING, None, True, False),
        (Level.UNKNOWN, Fault(FaultKind.OURS, "run"), False, None),
        (Level.UNKNOWN, Fault(FaultKind.OURS, "run"), True, None),
    ],
)
def test_success_is_an_answer_as_it_should_be(level: Level, fault: Fault | None, forbidden: bool, succeeded: bool | None) -> None:
    check = a_check(forbidden=forbidden)
    made = Made()
    made.board.plan([check], ())
    made.board.saw(a_run(check, level, fault))
    assert made.board.cells[check.name].succeeded is succeeded


def test_the_newest_trip_that_has_anything_to_say_tells_of_now() -> None:
    made = Made()
    made.board.plan([], [a_journey()])
    journey = made.board.journeys["abc.example"]
    made.board.saw_trip(a_trip(None, 0))
    assert journey.telling is None
    made.board.saw_trip(late := a_trip(None, 0, Level.WARNING))
    assert journey.telling is late
    made.board.saw_trip(a_trip(None, 5))
    assert journey.telling is late
    made.board.saw_trip(delivered := a_trip(Outcome.DELIVERED, 5))
    assert journey.telling is delivered
    made.board.saw_trip(a_trip(Outcome.LOST, 0, Level.CRITICAL))  # a day later; the newer one has arrived long since
    assert journey.telling is journey.last is delivered
    assert journey.under_way == {}
    assert journey.outcomes == {Outcome.DELIVERED: 1, Outcome.LOST: 1}


def test_a_journey_holds_at_most_a_thousand_trips_under_way() -> None:
    made = Made()
    made.board.plan([], [a_journey()])
    for minutes in range(1_005):
        made.board.saw_trip(a_trip(None, minutes))
    under_way = made.board.journeys["abc.example"].under_way
    assert (len(under_way), next(iter(under_way))) == (1_000, "<5@probe.example>")


def test_trips_of_no_journey_are_ignored() -> None:
    made = Made()
    made.board.plan([], ())
    made.board.saw_trip(a_trip())
    assert made.board.journeys == {}
    assert made.board.hops.by_hop == {}


def test_a_check_costs_less_than_a_kilobyte() -> None:
    checks = some_checks(500)
    board = Board("berlin")
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        board.plan(checks, ())
        for number, check in enumerate(checks):
            run = a_run(check)
            readings = {**run.result.readings, "certificate_days": 70 + number / 1_000, "server_address": "192.0.2.1"}
            board.saw(replace(run, result=replace(run.result, started_at=AT + timedelta(seconds=number), readings=readings)))
        gc.collect()
        each = (tracemalloc.get_traced_memory()[0] - before) / len(checks)
    finally:
        tracemalloc.stop()
    assert each < 1_000


async def test_planning_anew_lets_the_loop_go_on() -> None:
    checks = some_checks(500)
    made = Made()
    made.board.plan(checks[1:], [a_journey()])
    for check in checks[1:]:
        made.board.saw(a_run(check))
    passes = 0

    async def count() -> None:
        nonlocal passes
        while len(made.board.cells) == len(checks) - 1:
            assert made.board.cells[checks[1].name].is_fresh(made.clock())  # the old set is whole until the new one is
            passes += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await asyncio.sleep(0)
    await made.board.replan(checks, ())
    await counting
    assert passes >= len(checks) / 100
    assert fresh(made) == [check.name for check in checks[1:]]
    assert made.board.journeys == {}
    assert made.board.first_of == {check.server: check.name for check in checks[:4]}
