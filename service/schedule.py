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


class Schedule:
    """Who is due when. Every time is a monotonic second and a parameter.

    Args:
        anchor: the monotonic second at which the Unix epoch was (`monotonic() - time()`), taken once at start.
    """

    def __init__(self, anchor: float) -> None:
        self._anchor = anchor
        self._beats: dict[str, Beat] = {}
        self._ticks: list[tuple[float, int, Beat]] = []  # a heap; the number keeps equal times from comparing beats

    def __len__(self) -> int:
        return len(self._beats)

    def plan(self, rhythms: Iterable[Rhythm], now: float) -> None:
        """Replace the set. Who stays keeps its phase and goes on; who is new begins at its next tick."""
        wanted = {rhythm.name: rhythm for rhythm in rhythms}
        places = phases(wanted.values())
        self._beats = {name: self._beat(rhythm, places[name], now) for name, rhythm in wanted.items()}
        self._ticks = [(beat.at(self._anchor), number, beat) for number, beat in enumerate(self._beats.values())]
        heapq.heapify(self._ticks)

    def _beat(self, rhythm: Rhythm, phase: float, now: float) -> Beat:
        """Return the beat of a rhythm: as it was, moved, or new."""
        every = rhythm.every_seconds
        old = self._beats.get(rhythm.name)
        if old is None:
            return Beat(rhythm.name, every, phase, _number(now - self._anchor - phase, every))
        if (old.every_seconds, old.phase_seconds) != (every, phase):
            before = old.at(0.0) - old.every_seconds  # the last tick: moved by a slot, it must not come twice
            earliest = max(now - self._anchor, before + every / 2)
            old.every_seconds, old.phase_seconds, old.number = every, phase, _number(earliest - phase, every)
        return old

    def next_at(self) -> float | None:
        """Return the monotonic second of the next tick; None = nothing is planned."""
        return self._ticks[0][0] if self._ticks else None

    def due(self, now: float) -> list[Due]:
        """Return the ticks that have come, in their order, and go on to the next ones.

        Of ticks that passed unseen (the process was stopped, or held) only the last is returned; the others are counted in it.
        """
        come = []
        while self._ticks and self._ticks[0][0] <= now:
            _, number, beat = self._ticks[0]
            passed = max(0, _number(now - self._anchor - beat.phase_seconds, beat.every_seconds) - beat.number - 1)
            beat.number += passed
            come.append(Due(beat.name, beat.at(self._anchor), passed + beat.busy, beat.busy))
            beat.number += 1
            beat.busy = True
            heapq.heapreplace(self._ticks, (beat.at(self._anchor), number, beat))
        return come

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
