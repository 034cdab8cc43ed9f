"""A trip under way, as this process follows it: what the ledger knows of it, and what only a living process can know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from asyncio import Future, TimerHandle
    from datetime import datetime

    from probe.passage import Passage
    from probe.values import Check, Journey

K = TypeVar("K")
ENDED_KEPT = 10_000  # trips of the latest past: a copy of theirs that comes still is known as ours


@dataclass(slots=True)
class Way:
    """A trip under way."""

    passage: Passage
    journey: Journey
    tried: float | None = None  # monotonic second at which the latest try of submission began; None = this process has not tried
    tried_at: datetime | None = None  # the same moment on the wall clock
    waiting_for: str = ""  # as it was told
    look: TimerHandle | None = None  # when to look again although nothing has happened
    retry: TimerHandle | None = None  # when to hand it in once more
    copies: dict[tuple[str, str, str], Future[bool]] = field(default_factory=dict)  # seen by this process: whether the ledger has them
    ending: Future[bool] | None = None  # whether the ledger has its outcome

    @property
    def token(self) -> str:
        """Return what names it."""
        return self.passage.letter.token

    def at(self, second: float, otherwise: datetime) -> datetime:
        """Return the time at a monotonic second, as it went on since the latest try: whoever sets the wall clock makes no message late."""
        if self.tried is None or self.tried_at is None:
            return otherwise
        return self.tried_at + timedelta(seconds=second - self.tried)

    def stop(self) -> None:
        """Forget its timers."""
        for timer in (self.look, self.retry):
            if timer is not None:
                timer.cancel()
        self.look = self.retry = None


class Ways:
    """All trips under way, by token and by mailbox, and the tokens of those that ended last."""

    def __init__(self) -> None:
        self._ways: dict[str, Way] = {}
        self._awaited: dict[Check, dict[str, Way]] = {}
        self._named: dict[str, dict[str, Way]] = {}  # by the name of their journey
        self._ended: dict[str, None] = {}  # in their order

    def __len__(self) -> int:
        return len(self._ways)

    def __contains__(self, token: str) -> bool:
        return token in self._ways

    def all(self) -> list[Way]:
        """Return them in the order in which they began."""
        return list(self._ways.values())

    def get(self, token: str) -> Way | None:
        """Return the trip of a token, None when it is not under way."""
        return self._ways.get(token)

    def at(self, check: Check) -> list[Way]:
        """Return those of which something is awaited in a mailbox."""
        return list(self._awaited.get(check, {}).values())

    def named(self, name: str) -> list[Way]:
        """Return those of a journey."""
        return list(self._named.get(name, {}).values())

    def settling_seconds(self) -> float:
        """Return how long it may take until all have ended whose message has come: a second copy is looked for; 0 when there is none."""
        return max((way.passage.limits.settle_seconds for way in self.all() if way.passage.facts.copies), default=0.0)

    def has_ended(self, token: str) -> bool:
        """Return whether this process has seen that trip's end, not too long ago."""
        return token in self._ended

    def add(self, way: Way) -> None:
        """A trip begins."""
        self._ways[way.token] = way
        self._enter(way)

    def move(self, way: Way, journey: Journey) -> None:
        """A trip's journey says something else now."""
        self._leave(way)
        way.journey = journey
        self._enter(way)

    def strike(self, way: Way) -> None:
        """A trip has ended."""
        del self._ways[way.token]
        self._leave(way)
        self.note_end(way.token)

    def note_end(self, token: str) -> None:
        """A trip has ended, maybe in a former run: a copy of its message that is found is ours, and nobody awaits it."""
        self._ended[token] = None
        if len(self._ended) > ENDED_KEPT:
            del self._ended[next(iter(self._ended))]

    def _enter(self, way: Way) -> None:
        self._named.setdefault(way.passage.name, {})[way.token] = way
        for check in way.journey.mailboxes:
            self._awaited.setdefault(check, {})[way.token] = way

    def _leave(self, way: Way) -> None:
        _drop(self._named, way.passage.name, way.token)
        for check in way.journey.mailboxes:
            _drop(self._awaited, check, way.token)


def _drop(index: dict[K, dict[str, Way]], key: K, token: str) -> None:
    del index[key][token]
    if not index[key]:
        del index[key]
