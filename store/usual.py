"""What is usual for a check, or a trip, at each hour of the week: the history behind baselines (DESIGN section 4, decision 0086).

An hour of the week's median is the median of that hour's medians over the weeks, each counted by its answers: one week of outage or load
moves it little, and a year of it is read in milliseconds. Hours are those of UTC, put where their middle lies on the zone's wall clock.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from store.histogram import Histogram, bucket_of, value_of
from store.rollups import read_marks
from store.rows import EPOCH
from store.scoping import allowed, within
from thresholds.baselines import hour_of_week

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from store.store import Store
    from thresholds.scope import Scope

CHECKS_AT_ONCE, CHECKS_AT_ONCE_OF_AN_HOUR = 10, 500
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Asked:
    """From when on, by whose wall clock, and which hour of the week (0 to 167); None = each of them, which reads 168 times as much."""

    since: datetime  # aware
    zone: tzinfo
    hour: int | None = None

    @property
    def condition(self) -> str:
        """Return which rollups are read; `_of_all` has the values."""
        return "start_s >= :since" if self.hour is None else "start_s IN (SELECT value FROM json_each(:starts))"

    @property
    def at_once(self) -> int:
        """Return how many checks are read in one query."""
        return CHECKS_AT_ONCE if self.hour is None else CHECKS_AT_ONCE_OF_AN_HOUR

    def starts(self, until_s: int) -> list[int]:
        """Return the starts of all hours at this hour of the week; none where every hour is asked for."""
        since_s = int(self.since.timestamp()) // HOUR_S * HOUR_S
        return [start for start in range(since_s, until_s, HOUR_S) if self.hour is not None and _place(start, self.zone)[0] == self.hour]


@dataclass(frozen=True, slots=True)
class UsualHour:
    """What one hour of the week is like."""

    name: str  # of the check or the trip
    domain: str
    server: str  # "" = a trip
    hour_of_week: int  # 0 = Monday 00:00 to 01:00 on the wall clock, to 167
    median_seconds: float  # within 2 %
    weeks: int  # different weeks in which this hour was measured
    count: int  # answers behind the median
    first_at: datetime  # start of the oldest such hour: aware, UTC


async def usual(store: Store, scope: Scope, checks: Sequence[str], asked: Asked) -> list[UsualHour]:
    """Return what is usual for each of these checks (by name) in each hour of the week in which it answered; in no order."""
    sql = f"""
        SELECT name, domain, server, start_s, median, ok + unknown + warning + critical - faults
        FROM checks CROSS JOIN rollups ON check_id = checks.id
        WHERE name IN (SELECT value FROM json_each(:names)) AND {within(scope)} AND period_s = {HOUR_S} AND {asked.condition}
            AND median IS NOT NULL
    """  # noqa: S608 - our own conditions; values are parameters
    return await _of_all(store, sql, checks, asked, allowed(scope))


async def usual_trips(store: Store, scope: Scope, names: Sequence[str], asked: Asked) -> list[UsualHour]:
    """Return what is usual for the total time of each of these trips (by name), as `usual` does for checks."""
    sql = f"""
        SELECT name, domain, '', start_s, histogram, NULL FROM trip_rollups
        WHERE period_s = {HOUR_S} AND name IN (SELECT value FROM json_each(:names)) AND {within(scope, "domain")} AND {asked.condition}
            AND min_us IS NOT NULL ORDER BY name, domain
    """  # noqa: S608 - as above
    return await _of_all(store, sql, names, asked, allowed(scope))


async def _of_all(store: Store, sql: str, names: Sequence[str], asked: Asked, scoped: Mapping[str, str | None]) -> list[UsualHour]:
    """Ask for some at a time."""
    rolled_s = (await store.read(read_marks)).hours_s
    values = {"since": int(asked.since.timestamp()), "starts": json.dumps(asked.starts(rolled_s)), **scoped}
    found: list[UsualHour] = []
    for first in range(0, len(names), asked.at_once):
        some = values | {"names": json.dumps(names[first : first + asked.at_once])}
        found += await store.read(lambda connection: list(_hours_of(connection.execute(sql, some), asked.zone)))  # noqa: B023 - awaited at once
    return found


def _hours_of(rows: Iterable[tuple[Any, ...]], zone: tzinfo) -> Iterable[UsualHour]:
    for (name, domain, server), hours in groupby(rows, key=lambda row: row[:3]):
        by_hour: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)  # median, answers, week, start
        for _, _, _, start_s, median, count in hours:
            hour, week = _place(start_s, zone)
            by_hour[hour].append((*_counted(median, count), week, start_s))
        for hour, known in by_hour.items():
            median_seconds = value_of(_weighted_median([(median, count) for median, count, _, _ in known]))
            weeks = len({week for _, _, week, _ in known})
            count = sum(count for _, count, _, _ in known)
            first_at = EPOCH + timedelta(seconds=min(start for _, _, _, start in known))
            yield UsualHour(name, domain, server, hour, median_seconds, weeks, count, first_at)


def _counted(median: int | bytes, count: int | None) -> tuple[int, int]:
    """Return the bucket of the median and the answers behind it, of a check's rollup or of a trip's histogram."""
    if isinstance(median, int):
        return median, count or 0
    histogram = Histogram.from_bytes(median)
    return bucket_of(histogram.quantile(0.5) or 0.0), histogram.count


@lru_cache(20_000)
def _place(start_s: int, zone: tzinfo) -> tuple[int, int]:
    """Return the hour of the week in which the middle of this hour lies, and a number of its week."""
    middle = EPOCH + timedelta(seconds=start_s + HOUR_S // 2)
    local = middle.astimezone(zone)
    return hour_of_week(middle, zone), (local.toordinal() - local.weekday()) // 7


def _weighted_median(counted: Sequence[tuple[int, int]]) -> int:
    """Return the bucket that half of all answers do not exceed."""
    half = sum(count for _, count in counted) / 2
    for bucket, count in sorted(counted):
        half -= count
        if half <= 0:
            return bucket
    raise ValueError("no answer has no median")
