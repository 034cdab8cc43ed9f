"""Stored runs and trips, in the order of time, as what can be judged again. Reads the store page by page; runs by hand are left out.

What was stored of a run is all that is known of it: neither its endpoint nor whether its domain was permitted the service. The last is read
off the verdict of then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from probe.values import Check, Endpoint, Result
from store.rows import REMEMBERED, microseconds, remembered
from store.trip_rows import TRIPS, trip_of
from thresholds.backtest import Replayed
from thresholds.judge import REFUSALS, doubtful_deadline, nearly_late, samples_of_result, samples_of_trip
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from store.store import Store
    from store.values import Remembered, TripRun

PAGE = 2_000  # rows of one read: tens of milliseconds
RUNS = f"{REMEMBERED} WHERE (r.started_us, r.id) > (?1, ?2) AND r.started_us < ?3 AND NOT r.by_hand ORDER BY r.started_us, r.id LIMIT ?4"
TRIPS_BY_TIME = f"{TRIPS} WHERE started_us >= ?1 AND started_us < ?2 ORDER BY started_us, id LIMIT ?4 OFFSET ?3"


class Source:
    """What a store holds of a span of time.

    Args:
        store: open.
        site: where the prober stands, for limits that name sites.
        timeouts: of each server, in seconds; what is not in it had 10 s.
        late_after_seconds: from which a trip is late.
    """

    def __init__(self, store: Store, site: str, timeouts: Mapping[str, float], late_after_seconds: float) -> None:
        self._store, self._site, self._timeouts, self._late_after = store, site, timeouts, late_after_seconds
        self._checks: dict[tuple[str, bool], Check] = {}
        self.done = 0  # runs and trips so far, for a progress bar

    async def count(self, since: datetime, until: datetime) -> int:
        """Return how many runs there are."""
        span = (microseconds(since), microseconds(until))
        query = "SELECT count(*) FROM runs WHERE started_us >= ? AND started_us < ?"
        return int(await self._store.read(lambda connection: connection.execute(query, span).fetchone()[0]))

    async def runs(self, since: datetime, until: datetime) -> AsyncIterator[Replayed]:
        """Yield the runs by when they started."""
        after, end = (microseconds(since), -1), microseconds(until)
        while True:
            page = await self._page(RUNS, (*after, end, PAGE))
            for row in page:
                self.done += 1
                yield self._run(remembered(row))
            if len(page) < PAGE:
                return
            after = (page[-1][5], page[-1][0])

    async def trips(self, since: datetime, until: datetime) -> AsyncIterator[Replayed]:
        """Yield the trips that have ended, by when they started."""
        place = 0
        while True:
            page = await self._page(TRIPS_BY_TIME, (microseconds(since), microseconds(until), place, PAGE))
            for row in page:
                self.done += 1
                yield self._trip(trip_of(row))
            if len(page) < PAGE:
                return
            place += PAGE

    async def _page(self, query: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
        def read(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            return connection.execute(query, values).fetchall()

        return await self._store.read(read)

    def _run(self, run: Remembered) -> Replayed:
        result = Result(
            self._check(run),
            run.started_at,
            run.steps,
            run.readings,
            run.fault,
            uncertainty_seconds=run.uncertainty_seconds,
        )
        verdict = Verdict(run.level, run.reasons, run.limit, run.suspect)
        return Replayed(run.check, run.started_at, samples_of_result(result, self._site), verdict, doubtful_deadline(result))

    def _check(self, run: Remembered) -> Check:
        """Return a check that stands for the one that ran: the same object for all its runs."""
        key = (run.check, was_forbidden(run))
        found = self._checks.get(key)
        if found is None:
            made = Check(run.check, run.domain, run.server, run.kind, Endpoint(run.server, 0), forbidden=key[1])
            found = self._checks[key] = replace(made, timeout_seconds=self._timeouts.get(run.server, made.timeout_seconds))
        return found

    def _trip(self, run: TripRun) -> Replayed:
        trip = run.trip
        samples = [replace(one, site=self._site) for one in samples_of_trip(trip, trip.outcome)] if trip.outcome else []
        return Replayed(f"trip {trip.name}", trip.started_at, samples, run.verdict, nearly_late(trip, trip.total_seconds, self._late_after))


def was_forbidden(run: Remembered) -> bool:
    """Say whether the domain was not permitted this service: an answer was told as such, a refusal was all right."""
    first = run.reasons[0] if run.reasons else ""
    told = first.endswith(f"answers, but {run.domain} is not permitted it") or first.startswith("cannot tell whether ")
    return told or (run.fault is not None and run.fault.kind in REFUSALS and run.level is Level.OK and not run.limit)
