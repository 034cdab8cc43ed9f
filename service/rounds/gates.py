"""All the ways into servers: one for each place that is probed, and when those that must wait are to be looked at again. Reads no clock."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from typing import TYPE_CHECKING

from service.rounds.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from probe.values import Check
    from service.rounds.budget import Budget, Purses


class Gates:
    """The gates by their places. Times are monotonic seconds.

    Args:
        purses: the budgets, which others may spend out of too.
    """

    def __init__(self, purses: Purses) -> None:
        self._purses = purses
        self._gates: dict[tuple[str, int], Gate] = {}
        self._crowded: OrderedDict[Gate, None] = OrderedDict()  # those that wait for room over all servers, in their order
        self._wakes: list[tuple[float, int, Gate]] = []  # a heap: gates whose rate lets the next one through then
        self._wakes_ever = 0

    def __iter__(self) -> Iterator[Gate]:
        return iter(list(self._gates.values()))

    def lay(self, budgets: Mapping[tuple[str, int], Budget], gone: Container[str] = ()) -> None:
        """Have one gate for each place that is asked for, with its budget, and for each that is still busy. `gone`: names of checks."""
        self._gates = {place: gate for place, gate in self._gates.items() if place in budgets or gate.purse.open}
        for gate in self._gates.values():
            gate.forget(gone)
        self._purses.change(budgets)
        for place in budgets:
            if place not in self._gates:
                self._gates[place] = Gate(place, self._purses.of(place))

    def of(self, check: Check) -> Gate:
        """Return the gate of a planned check."""
        return self._gates[check.endpoint.place]

    def crowd(self, gate: Gate) -> None:
        """Remember that one waits for room."""
        self._crowded[gate] = None

    def next_crowded(self) -> Gate | None:
        """Return the one that waits for room the longest, and forget it; None = nobody does."""
        return self._crowded.popitem(last=False)[0] if self._crowded else None

    def wake(self, gate: Gate, at: float) -> None:
        """Remember to look at one at this time; infinite = when one of its own has ended, which is done anyway."""
        if at < gate.wake_at:
            gate.wake_at = at
            self._wakes_ever += 1
            heapq.heappush(self._wakes, (at, self._wakes_ever, gate))

    def next_at(self) -> float:
        """Return when the first of them is to be looked at; infinite = none is."""
        return self._wakes[0][0] if self._wakes else float("inf")

    def due(self, now: float) -> Iterator[Gate]:
        """Yield those that are to be looked at by now, and forget them."""
        while self._wakes and self._wakes[0][0] <= now:
            gate = heapq.heappop(self._wakes)[2]
            gate.wake_at = float("inf")
            yield gate
