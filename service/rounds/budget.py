"""What a server may be asked for: connections at once, and connections, logins and messages a minute. Arithmetic; reads no clock.

The theory. A rate holds for every 60 seconds, wherever they begin, because servers count so too (Postfix's anvil, Dovecot's penalties): the
times of the last minute are kept and no more than the limit are let through. As long as half of it is free, whoever comes goes at once;
above that they go evenly, or an overloaded minute would begin with a burst each time. Checks of one address and port share one budget,
whatever the configuration calls the server.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from config.roles import ROLES, Need

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from probe.values import Check

MINUTE_SECONDS = 60.0
RATES = ("connections_per_minute", "logins_per_minute", "messages_per_minute")


@dataclass(frozen=True, slots=True)
class Budget:
    """What one server may be asked for. None = as much as the schedule wants."""

    connections: int = 8  # at once (see decision 0062)
    connections_per_minute: int | None = None
    logins_per_minute: int | None = None
    messages_per_minute: int | None = None


NO_BUDGET = Budget()


class Cost(NamedTuple):
    """What one conversation takes out of a budget, besides its connection."""

    logins: bool
    messages: bool


def cost_of(check: Check) -> Cost:
    """Return what a check's conversation takes."""
    bound = check.directory is not None and check.directory.bind_dn != ""
    return Cost(ROLES[check.kind].needs is Need.LOGIN or bound, check.send == "message" and ROLES[check.kind].submits)


def shared(names: Iterable[str], budgets: Mapping[str, Budget]) -> Budget:
    """Return the budget that servers of these names keep together: the strictest in everything."""
    known = [budgets[name] for name in set(names) if name in budgets] or [Budget()]
    rates = [[limit for limit in (getattr(one, rate) for one in known) if limit is not None] for rate in RATES]
    return Budget(min(one.connections for one in known), *(min(limits, default=None) for limits in rates))


def by_place(checks: Iterable[Check], budgets: Mapping[str, Budget]) -> dict[tuple[str, int], Budget]:
    """Return the budget of each place that these checks ask for."""
    names: dict[tuple[str, int], set[str]] = {}
    for check in checks:
        names.setdefault(check.endpoint.place, set()).add(check.server)
    known = {servers: shared(servers, budgets) for servers in set(map(frozenset, names.values()))}
    return {place: known[frozenset(servers)] for place, servers in names.items()}


class Window:
    """Lets at most `limit` through in any 60 seconds."""

    __slots__ = ("_limit", "_times")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[float] = deque()  # monotonic seconds, oldest first

    def wait_seconds(self, now: float) -> float:
        """Return how long the next one must wait; 0 = it may go."""
        while self._times and self._times[0] + MINUTE_SECONDS <= now:
            self._times.popleft()
        if len(self._times) < self._limit / 2:
            return 0.0
        full = self._times[0] + MINUTE_SECONDS if len(self._times) >= self._limit else now
        return max(0.0, full - now, self._times[-1] + MINUTE_SECONDS / self._limit - now)

    def take(self, now: float) -> None:
        """Count one that goes."""
        self._times.append(now)

    def inherit(self, other: Window) -> None:
        """Count what another one let through."""
        self._times = other._times


class Purse:
    """What is left of one server's budget."""

    __slots__ = ("_windows", "budget", "open")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.open = 0  # conversations under way
        limits = [getattr(budget, name) for name in RATES]
        self._windows = [Window(limit) if limit is not None else None for limit in limits]

    def change(self, budget: Budget) -> None:
        """Put another budget in force; what was taken under the old one counts in it."""
        if budget is self.budget or budget == self.budget:
            return
        fresh = Purse(budget)
        for new, old in zip(fresh._windows, self._windows, strict=True):
            if new is not None and old is not None:
                new.inherit(old)
        self.budget, self._windows = budget, fresh._windows

    @property
    def full(self) -> bool:
        """Return whether as many conversations are under way as may be."""
        return self.open >= self.budget.connections

    def wait_seconds(self, cost: Cost, now: float) -> float:
        """Return how long a conversation must wait for its rates; 0 = it may begin, as far as they go."""
        return max((window.wait_seconds(now) for window in self._touched(cost)), default=0.0)

    def take(self, cost: Cost, now: float) -> None:
        """A conversation begins."""
        self.open += 1
        for window in self._touched(cost):
            window.take(now)

    def _touched(self, cost: Cost) -> list[Window]:
        return [window for window, wanted in zip(self._windows, (True, *cost), strict=True) if window is not None and wanted]


class Purses:
    """One purse for each place, whoever spends out of it: the checks and the trips of a server share its budget."""

    def __init__(self) -> None:
        self._purses: dict[tuple[str, int], Purse] = {}

    def of(self, place: tuple[str, int]) -> Purse:
        """Return the purse of a place."""
        purse = self._purses.get(place)
        if purse is None:
            purse = self._purses[place] = Purse(NO_BUDGET)
        return purse

    def change(self, budgets: Mapping[tuple[str, int], Budget]) -> None:
        """Put other budgets in force."""
        for place, budget in budgets.items():
            self.of(place).change(budget)
