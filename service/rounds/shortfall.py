"""Whether the budgets of the servers can be kept by the intervals of their checks, said in words. Pure arithmetic.

Said at start, at each reload and by `probe check-config`: a budget that cannot be met only shows later as checks that run too seldom.
"""

from __future__ import annotations

from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

from config.errors import listed
from config.scalars import duration_text
from service.rounds.budget import MINUTE_SECONDS, RATES, cost_of, shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from probe.values import Check
    from service.rounds.budget import Budget

ROUNDING = 1.000_001  # what is asked for may exceed what is allowed by the error of a sum of floats
BRISK_SECONDS = 0.05  # a budget that only conversations shorter than this can keep will hardly be kept
WHAT = {"connections_per_minute": "connections", "logins_per_minute": "logins", "messages_per_minute": "messages"}
STEPS = ((120.0, 1.0), (7_200.0, 60.0), (float("inf"), 3_600.0))  # up to so many seconds -> rounded up to so many


def shortfalls(checks: Iterable[Check], budgets: Mapping[str, Budget]) -> list[str]:
    """Return a sentence for each budget that the intervals cannot keep, with what to change."""
    places: dict[tuple[str, int], list[Check]] = {}
    for check in checks:
        places.setdefault(check.endpoint.place, []).append(check)
    return [says for sharing in places.values() for says in _short(sharing, budgets)]


def _short(sharing: list[Check], budgets: Mapping[str, Budget]) -> Iterator[str]:
    """Yield what is short for the checks of one place."""
    names = list(dict.fromkeys(check.server for check in sharing))
    budget, costs = shared(names, budgets), [(True, *cost_of(check)) for check in sharing]
    for number, rate in enumerate(RATES):
        every = [check.every_seconds for check, cost in zip(sharing, costs, strict=True) if cost[number]]
        yield from _too_many(listed(names, "and"), rate, getattr(budget, rate), every)
    yield from _too_brisk(listed(names, "and"), budget, [check.every_seconds for check in sharing])


def _too_many(name: str, rate: str, limit: int | None, every: list[float]) -> Iterator[str]:
    need = sum(MINUTE_SECONDS / seconds for seconds in every)
    if limit is not None and need > limit * ROUNDING:
        possible = _possible(every, need / limit)
        yield (
            f"{name}: {_checks(every)} need {need:,.0f} {WHAT[rate]} a minute, and its budget is {limit:,}: "
            f"so each can run every {possible} only; raise budget.{rate} or every"
        )


def _too_brisk(name: str, budget: Budget, every: list[float]) -> Iterator[str]:
    a_second = sum(1 / seconds for seconds in every)
    longest = budget.connections / a_second
    if longest < BRISK_SECONDS:
        possible = _possible(every, BRISK_SECONDS / longest)
        yield (
            f"{name}: {_checks(every)} need {a_second:,.0f} connections a second, and its budget is {budget.connections:,} at once: "
            f"that works only while each takes under {_milliseconds(longest)}; raise budget.connections, or every (to {possible} for "
            f"{_milliseconds(BRISK_SECONDS)} each)"
        )


def _milliseconds(seconds: float) -> str:
    return f"{1_000 * seconds:.2g} ms"


def _checks(every: list[float]) -> str:
    """Return `10,000 checks every 60s`, or how many of each interval."""
    groups = [(seconds, len(list(group))) for seconds, group in groupby(sorted(every))]
    return listed([f"{count:,} check{'s' if count > 1 else ''} every {duration_text(seconds)}" for seconds, count in groups], "and")


def _possible(every: list[float], factor: float) -> str:
    """Return the intervals that would do, in the same proportion, rounded up."""
    return listed([_rounded_up(seconds * factor) for seconds in sorted(set(every))], "and")


def _rounded_up(seconds: float) -> str:
    step = next(step for below, step in STEPS if seconds <= below)
    return duration_text(ceil(seconds / step - 1e-9) * step)
