"""Which limit is in force for a sample: the most specific one that matches. Pure.

The order (DESIGN section 4): most exact domain, then server, aspect's name, calendar, site; then the later line.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thresholds.values import Limit, Match, Sample

WILD = frozenset("*?[")


def exactness(pattern: str) -> tuple[int, int]:
    """Return how exact a glob is: a plain name before any pattern, then the one with more letters of its own."""
    own = sum(char not in WILD for char in pattern)
    return (1 if own == len(pattern) else 0, own)


def fits(pattern: str, text: str) -> bool:
    """Say whether a glob matches, without case."""
    return pattern == "*" or fnmatchcase(text.lower(), pattern.lower())


def matches(match: Match, sample: Sample) -> bool:
    """Say whether this sample is one that the match speaks of."""
    pairs = ((match.domain, sample.domain), (match.server, sample.server), (match.name, sample.name), (match.site, sample.site))
    return match.aspect is sample.aspect and all(fits(pattern, text) for pattern, text in pairs)


def _applies(limit: Limit, sample: Sample) -> bool:
    in_season = limit.calendar is None or limit.calendar.covers(sample.at)
    return limit.baseline is None and in_season and matches(limit.match, sample)


def _rank(limit: Limit) -> tuple[object, ...]:
    match = limit.match
    return (exactness(match.domain), exactness(match.server), exactness(match.name), limit.calendar is not None, exactness(match.site))


def in_force(limits: Iterable[Limit], sample: Sample) -> Limit | None:
    """Return the most specific limit that speaks of this sample now; of two alike the later one; None when none does."""
    best: Limit | None = None
    for limit in limits:
        if _applies(limit, sample) and (best is None or _rank(limit) >= _rank(best)):
            best = limit
    return best
