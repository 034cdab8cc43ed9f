"""Trips under way are judged again by their age, and told once for each level that they reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from probe.values import Outcome, Trip
from service.rounds.awaited import AT_ONCE, AwaitedTrips
from thresholds.values import Level, Verdict

TRIP = Trip("abc.example", "abc.example", "<1@abc.example>", datetime(2026, 11, 21, tzinfo=UTC), waiting_for="the message")


class Clock:
    """Judges by an age that the test sets, and keeps what is told."""

    def __init__(self) -> None:
        self.level = Level.OK
        self.told: list[tuple[str, Level]] = []

    def judge(self, _: Trip) -> Verdict:
        return Verdict(self.level)

    def tell(self, trip: Trip, verdict: Verdict) -> None:
        self.told.append((trip.message_id, verdict.level))


async def test_a_trip_of_which_nothing_is_heard_is_told_as_it_ages() -> None:
    clock = Clock()
    awaited = AwaitedTrips(clock.judge, clock.tell)
    awaited.heard(TRIP, Level.OK)
    for level in (Level.OK, Level.WARNING, Level.WARNING, Level.CRITICAL):
        clock.level = level
        await awaited.judge_again()
    assert clock.told == [(TRIP.message_id, Level.WARNING), (TRIP.message_id, Level.CRITICAL)]
    awaited.heard(replace(TRIP, outcome=Outcome.LATE), Level.WARNING)
    await awaited.judge_again()
    assert (len(awaited), len(clock.told)) == (0, 2)


async def test_many_trips_are_judged_in_slices_and_news_meanwhile_counts() -> None:
    clock = Clock()
    awaited = AwaitedTrips(clock.judge, clock.tell)
    trips = [replace(TRIP, message_id=f"<{number}@abc.example>") for number in range(2 * AT_ONCE)]
    for trip in trips:
        awaited.heard(trip, Level.OK)
    judging = awaited.judge_again()
    judging.send(None)  # the first slice is done
    awaited.heard(replace(trips[-1], outcome=Outcome.DELIVERED), Level.OK)
    clock.level = Level.WARNING
    await awaited.judge_again()
    judging.close()
    assert len(clock.told) == 2 * AT_ONCE - 1
