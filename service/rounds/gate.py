"""The way into one server: who waits, whether the next may begin, and what the server has let us know. Arithmetic; reads no clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.rounds.backoff import Backoff, Reach, of_a_mailbox, pleads
from service.rounds.budget import Cost, Purse, cost_of

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Container

    from probe.values import Check, Fault, Result


@dataclass(slots=True)
class Seat:
    """One run: it waits for its turn, or is under way."""

    check: Check
    due_at: float  # monotonic second
    hand: Future[Result | None] | None = None  # who asked for it by hand waits for this
    began: float | None = None  # monotonic second; None = it waits
    watchers: list[Future[Result | None]] = field(default_factory=list)  # told when it is over
    owed_at: float | None = None  # monotonic second at which the schedule's run fell due while this one by hand had its place

    def over(self) -> None:
        """Wake all who still wait for it: it has ended, or will not begin."""
        for waiter in filter(None, (*self.watchers, self.hand)):
            if not waiter.done():
                waiter.set_result(None)


class Gate:
    """The way into one server.

    Args:
        place: its host or address, and its port.
        purse: what it may be asked for.
    """

    __slots__ = ("_blamed", "_mailboxes", "_waiting", "backoff", "place", "purse", "reach", "wake_at")

    def __init__(self, place: tuple[str, int], purse: Purse) -> None:
        self.place = place
        self.purse = purse
        self.backoff = Backoff()
        self.reach = Reach()
        self.wake_at = float("inf")  # monotonic second for which a look at it is planned
        self._mailboxes: dict[str, Backoff] = {}  # by the name of the check
        self._blamed = ""  # the check whose plea began the last pause of all
        self._waiting: dict[Cost, deque[Seat]] = {}  # apart by what they need: who lacks a message's turn does not hold up the others

    @property
    def where(self) -> str:
        """Return its place in words."""
        return f"{self.place[0]} port {self.place[1]}"

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return sum(map(len, self._waiting.values()))

    @property
    def pauses(self) -> list[Backoff]:
        """Return the pauses in force, the server's own first."""
        if not self._mailboxes and not self.backoff.pause_seconds:
            return []
        return [one for one in (self.backoff, *self._mailboxes.values()) if one.pause_seconds]

    def held(self, name: str, now: float) -> Backoff | None:
        """Return the pause because of which this check may not even wait; None = it may."""
        for pause in (self.backoff, self._mailboxes.get(name)):
            if pause is not None and pause.wait_seconds(now):
                return pause
        return None

    def enter(self, seat: Seat) -> None:
        """Let one wait behind those that came before."""
        self._waiting.setdefault(cost_of(seat.check), deque()).append(seat)

    def leave(self, seat: Seat) -> None:
        """One gives up waiting."""
        cost = cost_of(seat.check)
        self._waiting[cost].remove(seat)
        self._tidy(cost)

    def _tidy(self, cost: Cost) -> None:
        """Keep no empty queue: there may be tens of thousands of gates, and a deque has 600 bytes."""
        if not self._waiting[cost]:
            del self._waiting[cost]

    def empty(self) -> list[Seat]:
        """Send away all that wait, and return them in the order in which they were due."""
        seats = [seat for queue in self._waiting.values() for seat in queue]
        self._waiting.clear()
        return sorted(seats, key=lambda seat: seat.due_at)

    def wait_seconds(self, now: float) -> float:
        """Return how long until one of those that wait may begin; infinite = until another one has ended."""
        if self.purse.full:
            return float("inf")
        rates = (self.purse.wait_seconds(cost, now) for cost in self._waiting)
        return max(self.backoff.wait_seconds(now), min(rates, default=float("inf")))

    def begin(self, now: float) -> Seat:
        """Take the first that may begin; `wait_seconds` was 0."""
        able = [(queue[0].due_at, cost) for cost, queue in self._waiting.items() if not self.purse.wait_seconds(cost, now)]
        _, cost = min(able)
        seat = self._waiting[cost].popleft()
        self._tidy(cost)
        self.purse.take(cost, now)
        self.backoff.begin()
        mailbox = self._mailboxes.get(seat.check.name)
        if mailbox is not None:
            mailbox.begin()
        seat.began = now
        return seat

    def end(self) -> None:
        """One that had begun is over."""
        self.purse.open -= 1

    def forget(self, names: Container[str]) -> None:
        """These checks are planned no more."""
        if self._mailboxes:
            self._mailboxes = {name: pause for name, pause in self._mailboxes.items() if name not in names}

    def saw(self, seat: Seat, result: Result, now: float) -> Backoff | None:
        """Take what came of a conversation; return the pause that has begun or ended by it."""
        began, name, fault = seat.began or now, seat.check.name, result.fault
        personal = fault is not None and pleads(fault) and self._is_personal(name, fault)
        mailbox = self._mailboxes.setdefault(name, Backoff()) if personal else self._mailboxes.get(name)
        changed = mailbox if mailbox is not None and mailbox.saw(fault, began, now) else None
        if mailbox is not None and not mailbox.pause_seconds:
            del self._mailboxes[name]
        if not self.backoff.saw(None if personal else fault, began, now):
            return changed
        self._blamed = name if self.backoff.pause_seconds else self._blamed
        return self.backoff

    def _is_personal(self, name: str, fault: Fault) -> bool:
        """Return whether a plea is a matter of one check: it says so, or the others were welcome after the last one of this check."""
        return of_a_mailbox(fault) or (name == self._blamed and not self.backoff.pause_seconds)
