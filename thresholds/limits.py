"""Which limit is in force for a sample: the most specific one that matches. Pure.

The order (DESIGN section 4): most exact domain, then server, aspect's name, calendar, site; then the later line. It hangs on the limits
alone and is worked out once, and so is what a name matches; per sample only calendars and history are asked (decision 0100).
"""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from thresholds.baselines import NO_HISTORY, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from thresholds.baselines import History
    from thresholds.calendars import Calendar
    from thresholds.values import Aspect, Limit, Match, Sample

WILD = frozenset("*?[")
MOST_NAMES = 65_536  # remembered per dimension; names of hops come from strangers' headers, so their number must have an end


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


def rank(limit: Limit) -> tuple[object, ...]:
    """Return how specific a limit is, to be compared; of two alike the later one wins."""
    match = limit.match
    return (exactness(match.domain), exactness(match.server), exactness(match.name), limit.calendar is not None, exactness(match.site))


class _Fitting(dict[str, int]):
    """For each name, the limits whose pattern it fits, as the bits of a number: bit 0 is the strongest limit."""

    def __init__(self, patterns: Iterable[tuple[int, str]] = ()) -> None:
        self._exact: dict[str, int] = defaultdict(int)  # 10,000 domains with a limit each are looked up, not tried one by one
        self._globs: dict[str, int] = defaultdict(int)
        for place, pattern in patterns:
            (self._globs if WILD & set(pattern) else self._exact)[pattern.lower()] |= 1 << place

    def __missing__(self, name: str) -> int:
        if len(self) >= MOST_NAMES:
            self.clear()
        found = self._exact.get(name.lower(), 0)
        for pattern, places in self._globs.items():
            if fits(pattern, name):
                found |= places
        self[name] = found
        return found


class Limits:
    """Limits made ready for judging: 60,000 checks and their samples share the few combinations of limits that there are."""

    def __init__(self, limits: Iterable[Limit] = (), history: History = NO_HISTORY) -> None:
        given = tuple(limits)
        order = sorted(range(len(given)), key=lambda place: (rank(given[place]), place), reverse=True)
        self.ranked = tuple(given[place] for place in order)  # the strongest first
        self._history = history
        self._domains = _Fitting((place, limit.match.domain) for place, limit in enumerate(self.ranked))
        self._servers = _Fitting((place, limit.match.server) for place, limit in enumerate(self.ranked))
        self._sites = _Fitting((place, limit.match.site) for place, limit in enumerate(self.ranked))
        self._names = {aspect: self._of_aspect(aspect) for aspect in {limit.match.aspect for limit in given}}
        self._chosen: dict[int, tuple[Limit, ...]] = {0: ()}
        self._seasons: dict[int, tuple[datetime, bool]] = {}  # by id of the calendar: the last moment asked of, and its answer

    def _of_aspect(self, aspect: Aspect) -> _Fitting:
        return _Fitting((place, limit.match.name) for place, limit in enumerate(self.ranked) if limit.match.aspect is aspect)

    def __bool__(self) -> bool:
        return bool(self.ranked)

    def speaking(self, sample: Sample) -> tuple[Limit, ...]:
        """Return the limits that match a sample at some time, the strongest first; at most one of them cannot give way to the next."""
        names = self._names.get(sample.aspect)
        if names is None:
            return ()
        bits = names[sample.name] & self._domains[sample.domain] & self._servers[sample.server] & self._sites[sample.site]
        chosen = self._chosen.get(bits)
        return chosen if chosen is not None else self._choose(bits)

    def _choose(self, bits: int) -> tuple[Limit, ...]:
        if len(self._chosen) >= MOST_NAMES:
            self._chosen = {0: ()}
        chosen = tuple(_until_certain(self.ranked[place] for place in _places(bits)))
        self._chosen[bits] = chosen
        return chosen

    def in_force(self, sample: Sample) -> Limit | None:
        """Return the limit in force for a sample at its time, None when none speaks of it.

        A baseline comes with the values of its hour. One that the history does not cover gives way to the next limit; when there is no
        next, it comes back without values (`Limit.wanting`).
        """
        wanting: Limit | None = None
        for limit in self.speaking(sample):
            if limit.calendar is not None and not self._in_season(limit.calendar, sample.at):
                continue
            if limit.baseline is None:
                return limit
            found = resolved(limit, self._history.usual(sample))
            if not found.wanting:
                return found
            wanting = wanting or found
        return wanting

    def _in_season(self, calendar: Calendar, at: datetime) -> bool:
        """Ask a calendar once per moment: the samples of one result share theirs."""
        known = self._seasons.get(id(calendar))
        if known is None or known[0] != at:
            known = self._seasons[id(calendar)] = (at, calendar.covers(at))
        return known[1]


def _places(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, the strongest limit's first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _until_certain(limits: Iterator[Limit]) -> Iterator[Limit]:
    """Yield the limits up to the first that holds at all times: nothing after it can ever be in force."""
    for limit in limits:
        yield limit
        if limit.calendar is None and limit.baseline is None:
            return
