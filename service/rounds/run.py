"""What `probe run` does: every selected check once, and the trips, all at the same time but never many at one server; then judge.

A probe's bug is caught here, per check: it becomes a fault of kind OURS, which never pages as their outage, and its traceback goes to the
log. Cancellation is never caught: whoever cancels gets his connections closed by their farewell (see `probe.wire`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from probe.clock import utc_now
from probe.values import Fault, FaultKind, Outcome, Result, Trip
from service.report import Bounds, JudgedCheck, JudgedTrip, Report
from thresholds.judge import judge_result, judge_trip
from thresholds.values import Aspect, Sample

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from probe import Check, Journey
    from service.rounds.work import Work
    from thresholds import Limit
    from thresholds.ways import Way

    Prober = Callable[[Check], Awaitable[Result]]
    Traveller = Callable[[Sequence[Journey], Callable[[Trip], None]], Awaitable[list[Trip]]]

PER_SERVER = 8  # conversations with one server at a time: more would measure our own load, and servers limit them (see decision 0062)
AT_ONCE = 200  # conversations at a time over all servers: what one core carries without falsifying its own times
START_GAP_SECONDS = 0.005  # between two starts: a herd would wait for our own core, and the wait would stand in its times

LATE_AFTER_SECONDS = 120.0  # the configuration's own default

log = logging.getLogger("mailsonde.run")


def ours(check: Check, started_at: datetime, bug: Exception) -> Result:
    """Return the result of a check that our own bug ended."""
    return Result(check, started_at, fault=Fault(FaultKind.OURS, "run", type(bug).__name__))


def _unsure(journey: Journey, bug: Exception) -> Trip:
    said = f"our own error, which says nothing of the mail system: {type(bug).__name__}"
    return Trip(journey.name, journey.domain, "", utc_now(), Outcome.UNSURE, said=said)


async def run_one(check: Check, prober: Prober) -> Result:
    """Run a check; a bug of ours becomes its fault."""
    started_at = utc_now()
    try:
        return await prober(check)
    except Exception as bug:
        log.exception("our own error in %s", check.name)
        return ours(check, started_at, bug)


class Runner:
    """Runs many checks with a bound per server and over all. `done` counts what has ended, for a progress bar."""

    def __init__(self, prober: Prober, traveller: Traveller) -> None:
        self.done = 0
        self._prober = prober
        self._traveller = traveller
        self._room = asyncio.Semaphore(AT_ONCE)
        self._next_start = 0.0  # monotonic second

    async def checks(self, checks: Sequence[Check]) -> list[Result]:
        """Run these checks; results come in their order."""
        queues: dict[tuple[str, int], deque[tuple[int, Check]]] = {}
        for place, check in enumerate(checks):
            queues.setdefault(check.endpoint.place, deque()).append((place, check))
        results: dict[int, Result] = {}
        async with asyncio.TaskGroup() as group:
            for queue in queues.values():
                for _ in range(min(PER_SERVER, len(queue))):
                    group.create_task(self._work_off(queue, results))
        return [results[place] for place in range(len(checks))]

    async def _work_off(self, queue: deque[tuple[int, Check]], results: dict[int, Result]) -> None:
        while queue:
            place, check = queue.popleft()
            async with self._room:
                await self._turn()
                results[place] = await run_one(check, self._prober)
            self.done += 1

    async def _turn(self) -> None:
        """Wait for one's turn to start."""
        now = monotonic()
        self._next_start = max(now, self._next_start + START_GAP_SECONDS)
        await asyncio.sleep(self._next_start - now)

    async def trips(self, journeys: Sequence[Journey]) -> list[Trip]:
        """Make these trips, all at once. Returns one for each in their order, then those that earlier runs had left under way."""
        if not journeys:
            return []
        try:
            return await self._traveller(journeys, self._count)
        except Exception as bug:
            log.exception("our own error in the trips")
            return [_unsure(journey, bug) for journey in journeys]

    def _count(self, trip: Trip) -> None:
        self.done += trip.outcome is not None


def _bounds(limit: Limit | None) -> Bounds:
    return Bounds() if limit is None else Bounds(limit.warning, limit.critical)


def judge_check(result: Result, work: Work) -> JudgedCheck:
    """Return a result with its verdict and the limit of its total."""
    check = result.check
    total = Sample(check.domain, check.server, Aspect.TOTAL, "", result.seconds, result.started_at, work.site)
    return JudgedCheck(result, judge_result(result, work.limits, work.site), _bounds(work.limits.in_force(total)))


def judge_one_trip(trip: Trip, late_after_seconds: float, work: Work, now: datetime, way: Way | None = None) -> JudgedTrip:
    """Return a trip with its verdict and the limit of its total; `way`: what the servers' logs tell of it."""
    total = Sample(trip.domain, trip.name, Aspect.TRIP, "total", 0.0, trip.started_at, work.site)
    verdict = judge_trip(trip, work.limits, now, late_after_seconds, work.site, way)
    return JudgedTrip(trip, verdict, _bounds(work.limits.in_force(total)))


def judge_trips(trips: Sequence[Trip], work: Work, now: datetime) -> tuple[JudgedTrip, ...]:
    """Return the trips with their verdicts; those that come after one for each journey are of earlier runs.

    One whose journey is configured no more is judged by the default.
    """
    late = {journey.name: journey.late_after_seconds for journey in work.journeys}
    judged = [judge_one_trip(trip, late.get(trip.name, LATE_AFTER_SECONDS), work, now) for trip in trips]
    return tuple(replace(one, earlier=place >= len(work.journeys)) for place, one in enumerate(judged))


async def run_once(work: Work, runner: Runner) -> Report:
    """Run all of the work and judge it.

    Args:
        work: what was selected.
        runner: how; its `done` may be read meanwhile.
    """
    started_at = utc_now()
    async with asyncio.TaskGroup() as group:
        checking = group.create_task(runner.checks(work.checks))
        travelling = group.create_task(runner.trips(work.journeys))
    checks = tuple(judge_check(result, work) for result in checking.result())
    trips = judge_trips(travelling.result(), work, utc_now())
    return Report(work.site, started_at, checks, trips)
