"""What is usual for a check at each hour of the week: the history behind baselines (DESIGN section 4, decision 0086).

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

from store.histogram import value_of
from store.rows import EPOCH
from store.scoping import allowed, within
from thresholds.baselines import hour_of_week

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from store.store import Store
    from thresholds.scope import Scope

CHECKS_AT_ONCE = 20
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class UsualHour:
    """What one hour of the week is like."""

    check: str
    domain: str
    server: str
    aspect: str  # "total": steps are not rolled up
    hour_of_week: int  # 0 = Monday 00:00 to 01:00 on the wall clock, to 167
    median_seconds: float  # within 2 %
    weeks: int  # different weeks in which this hour was measured
    count: int  # answers behind the median
    first_at: datetime  # start of the oldest such hour: aware, UTC


async def usual(store: Store, scope: Scope, checks: Sequence[str], since: datetime, zone: tzinfo) -> list[UsualHour]:
    """Return what is usual for each of these checks (by name) in each hour of the week in which they answered since; in no order."""
    sql = f"""
        SELECT name, domain, server, start_s, median, ok + unknown + warning + critical - faults
        FROM checks CROSS JOIN rollups ON check_id = checks.id
        WHERE name IN (SELECT value FROM json_each(:checks)) AND {within(scope)}
            AND period_s = {HOUR_S} AND start_s >= :since AND median IS NOT NULL
    """  # noqa: S608 - our own conditions; values are parameters
    found: list[UsualHour] = []
    for first in range(0, len(checks), CHECKS_AT_ONCE):
        some = json.dumps(checks[first : first + CHECKS_AT_ONCE])
        values = {"checks": some, "since": int(since.timestamp()), **allowed(scope)}
        found += await store.read(lambda connection: list(_hours_of(connection.execute(sql, values), zone)))  # noqa: B023 - awaited at once
    return found


def _hours_of(rows: Iterable[tuple[Any, ...]], zone: tzinfo) -> Iterable[UsualHour]:
    for (name, domain, server), hours in groupby(rows, key=lambda row: row[:3]):
        by_hour: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)  # median, answers, week, start
        for _, _, _, start_s, median, count in hours:
            hour, week = _place(start_s, zone)
            by_hour[hour].append((median, count, week, start_s))
        for hour, known in by_hour.items():
            median_seconds = value_of(_weighted_median([(median, count) for median, count, _, _ in known]))
            weeks = len({week for _, _, week, _ in known})
            count = sum(count for _, count, _, _ in known)
            first_at = EPOCH + timedelta(seconds=min(start for _, _, _, start in known))
            yield UsualHour(name, domain, server, "total", hour, median_seconds, weeks, count, first_at)


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
