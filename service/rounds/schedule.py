"""When each check is due: pure arithmetic on a grid that its name fixes. Reads no clock and starts nothing.

The theory. A check that runs every T seconds is due at `phase + n * T`, counted from the Unix epoch, so a restart finds the same grid. The
phase is a hash of its name over the whole of T, so that no start and no reload makes a herd. The checks of one server share a grid of at
least SLOTS slots in T and at least two for each check: each takes the slot of its hash, or the next free one, so no two begin together.
Each server's grid is shifted by a hash of its own, so that many small servers do not meet either. A newcomer moves those that it meets
by a slot, a thousandth of T at the most, and nobody else.

The epoch is tied to the monotonic clock once, at start: a wall clock that is stepped later moves nothing. The n-th tick is computed from n,
never from the last end, so nothing drifts. What is still at work when it is due again has missed that run; runs never pile up.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

SLOTS = 1_024  # in one interval, at the least: one in 60 s is 59 ms
HASH_RANGE = 2**64


class Rhythm(NamedTuple):
    """What is to be repeated: a check or a journey."""

    name: str  # unique
    every_seconds: float
    server: Hashable  # those of one server are spaced


@dataclass(slots=True)
class Beat:
    """One rhythm's place on the grid, and how far it has come."""

    name: str
    every_seconds: float
    phase_seconds: float  # in the interval, from the epoch
    number: int = 0  # of the next tick
    busy: bool = False  # its last run has not ended
    gone: bool = False  # it is planned no more, or another one took its place

    def at(self, anchor: float) -> float:
        """Return the monotonic second of the next tick; `anchor` is the monotonic second of the epoch."""
        return anchor + self.phase_seconds + self.number * self.every_seconds


class Due(NamedTuple):
    """A tick that has come."""

    name: str
    at: float  # monotonic second at which it was due
    missed: int  # runs that were missed, this one included when `busy`
    busy: bool  # the run before has not ended: this one must not begin


def fraction(text: str) -> float:
    """Return a number from 0 up to 1 that depends on the text alone, in every process and on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / HASH_RANGE


def _slots(count: int) -> int:
    """Return how many slots the grid of so many checks has: a power of two, so that it seldom changes."""
    return max(SLOTS, 1 << (2 * count - 1).bit_length())


def _placed(names: list[str]) -> dict[str, float]:
    """Return the place of each name of one grid, from 0 up to 1, without the grid's own shift. Names of one hash go by the alphabet."""
    slots, taken = _slots(len(names)), set[int]()
    places = {}
    for wanted, name in sorted((fraction(name), name) for name in names):
        slot = int(wanted * slots)
        while slot in taken:
            slot = (slot + 1) % slots
        taken.add(slot)
        places[name] = slot / slots
    return places


def phases(rhythms: Iterable[Rhythm]) -> dict[str, float]:
    """Return the phase of each in seconds, below its interval. It depends on the names, the intervals and the servers alone."""
    grids: dict[tuple[Hashable, float], list[str]] = {}
    for name, every, server in rhythms:
        grids.setdefault((server, every), []).append(name)
    found: dict[str, float] = {}
    for (server, every), names in grids.items():
        shift = fraction(f"{server} {every}") / _slots(len(names))
        found |= {name: (place + shift) * every for name, place in _placed(names).items()}
    return found


class Change(NamedTuple):
    """What a new plan changes in a schedule."""

    moved: list[tuple[str, float, float]]  # name, interval and phase in seconds: those that are new, or whose place on the grid changes
    gone: list[str]


class Schedule:
    """Who is due when. Every time is a monotonic second and a parameter.

    Args:
        anchor: the monotonic second at which the Unix epoch was (`monotonic() - time()`), taken once at start.
    """

    def __init__(self, anchor: float) -> None:
        self._anchor = anchor
        self._beats: dict[str, Beat] = {}
        self._ticks: list[tuple[float, int, Beat]] = []  # a heap; the number keeps equal times from comparing beats
        self._ticks_ever = 0

    def __len__(self) -> int:
        return len(self._beats)

    def plan(self, rhythms: Iterable[Rhythm], now: float) -> None:
        """Replace the set. Who stays keeps its phase and goes on; who is new begins at its next tick."""
        self.adopt(self.compare(rhythms), now)

    def compare(self, rhythms: Iterable[Rhythm]) -> Change:
        """Return what a plan would change. It changes nothing yet, so a thread may do this for many while the ticks go on."""
        wanted = {rhythm.name: rhythm for rhythm in rhythms}
        places = phases(wanted.values())
        moved = [(name, one.every_seconds, places[name]) for name, one in wanted.items() if not self._stays(name, one, places[name])]
        return Change(moved, [name for name in self._beats if name not in wanted])

    def _stays(self, name: str, rhythm: Rhythm, phase: float) -> bool:
        beat = self._beats.get(name)
        return beat is not None and beat.phase_seconds == phase and beat.every_seconds == rhythm.every_seconds

    def adopt(self, change: Change, now: float) -> None:
        """Put a plan in force; this takes time for what changes alone."""
        for name in change.gone:
            self._beats.pop(name).gone = True
        ticks = [self._tick(self._moved(*moved, now)) for moved in change.moved]
        if len(ticks) > len(self._ticks) / 16:
            self._ticks = [*(tick for tick in self._ticks if not tick[2].gone), *ticks]
            heapq.heapify(self._ticks)
        else:
            for tick in ticks:
                heapq.heappush(self._ticks, tick)

    def _tick(self, beat: Beat) -> tuple[float, int, Beat]:
        self._ticks_ever += 1
        return beat.at(self._anchor), self._ticks_ever, beat

    def _moved(self, name: str, every: float, phase: float, now: float) -> Beat:
        """Return the beat of a rhythm that is new, or moved."""
        old, earliest = self._beats.get(name), now - self._anchor
        beat = self._beats[name] = Beat(name, every, phase)
        if old is not None:
            old.gone, beat.busy = True, old.busy
            before = old.at(0.0) - old.every_seconds  # its last tick: moved by a slot, it must not come twice
            earliest = max(earliest, before + every / 2)
        beat.number = _number(earliest - phase, every)
        return beat

    def next_at(self) -> float:
        """Return the monotonic second of the next tick; infinite = nothing is planned."""
        while self._ticks and self._ticks[0][2].gone:
            heapq.heappop(self._ticks)
        return self._ticks[0][0] if self._ticks else float("inf")

    def due(self, now: float) -> list[Due]:
        """Return the ticks that have come, in their order, and go on to the next ones.

        Of ticks that passed unseen (the process was stopped, or held) only the last is returned; the others are counted in it.
        """
        come = []
        while self.next_at() <= now:
            beat = self._ticks[0][2]
            come.append(self._pass(beat, now))
            heapq.heapreplace(self._ticks, (beat.at(self._anchor), self._ticks[0][1], beat))
        return come

    def _pass(self, beat: Beat, now: float) -> Due:
        """Go on to the first tick after now, and return the last one before."""
        passed = max(0, _number(now - self._anchor - beat.phase_seconds, beat.every_seconds) - beat.number - 1)
        beat.number += passed
        due = Due(beat.name, beat.at(self._anchor), passed + beat.busy, beat.busy)
        beat.number, beat.busy = beat.number + 1, True
        return due

    def hold(self, name: str) -> None:
        """A run of this name begins by itself: until it has ended, a tick of its own is missed."""
        beat = self._beats.get(name)
        if beat is not None:
            beat.busy = True

    def ended(self, name: str) -> None:
        """The run of this name has ended, or was given up."""
        beat = self._beats.get(name)
        if beat is not None:
            beat.busy = False


def _number(seconds: float, every: float) -> int:
    """Return the number of the first tick that lies after so many seconds."""
    return int(seconds // every) + 1
