"""Tells what fails for one from what fails for all: failures of the same sort without one success between them. Pure; time is a parameter.

The theory. One success anywhere ends the streak: the fault lay elsewhere. The streak is common to all once at least two different ones
failed in it and none is left that worked lately and has not been tried since. Who asks those that are left needs no patience. Both
successes and failures are forgotten when their time is over, or what is configured no more would speak for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

Witness = TypeVar("Witness")  # what is needed to try again
WITNESSES = 8  # of those that worked lately; more would only slow the finding down
REMEMBERED = 64  # failed ones
NAMED = 3  # of the failed ones that a sentence names
AT_LEAST = 2  # different ones, before a streak can be common to all


@dataclass(slots=True)
class Streak(Generic[Witness]):
    """Who worked lately, and who has failed since any worked. `until` is the monotonic second up to which that counts."""

    good: dict[str, tuple[float, Witness]] = field(default_factory=dict)
    bad: dict[str, tuple[float, str]] = field(default_factory=dict)  # in what words each failed
    since: datetime | None = None  # the first failure of the streak

    def worked(self, name: str, until: float, witness: Witness) -> None:
        """Take a success: the streak is over."""
        self.bad.clear()
        self.good.pop(name, None)  # it becomes the last
        self.good[name] = (until, witness)
        if len(self.good) > WITNESSES:
            del self.good[next(iter(self.good))]

    def failed(self, name: str, words: str, at: datetime, until: float) -> None:
        """Take a failure."""
        self.good.pop(name, None)
        if not self.bad:
            self.since = at
        if name in self.bad or len(self.bad) < REMEMBERED:
            self.bad[name] = (until, words)

    def left(self, now: float) -> dict[str, tuple[float, Witness]]:
        """Return those that worked lately and have not been tried since, with the end of their time."""
        return {name: kept for name, kept in self.good.items() if kept[0] > now}

    def failing(self, now: float) -> list[str]:
        """Return in what words they fail, one for each."""
        return [words for until, words in self.bad.values() if until > now]

    def common(self, now: float) -> bool:
        """Return whether it fails for all."""
        return len(self.failing(now)) >= AT_LEAST and not self.left(now)

    @property
    def doubtful(self) -> bool:
        """Return whether it is worth asking those that are left."""
        return len(self.bad) >= AT_LEAST

    @property
    def told(self) -> str:
        """Return who failed in which words: `since 07:20:11 UTC (mx.example: Network is unreachable; and 3 more)`."""
        named = "; ".join(f"{name}: {words}" for name, (_, words) in list(self.bad.items())[:NAMED])
        more = f"; and {len(self.bad) - NAMED} more" if len(self.bad) > NAMED else ""
        return f"since {self.since:%H:%M:%S} UTC ({named}{more})"
