"""The way of a test message as the servers' own logs tell it: its stays and links, to be judged, and to show where its time went.

Pure. Whoever has the logs makes a Way; times are corrected by the servers' clocks. A way may be known in part: what a server has not told
yet is missing, and then nothing is said of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.values import Outcome
from thresholds.values import Aspect, Sample
from thresholds.wording import span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from probe.values import Trip

MOST_PART = 0.5  # of the whole time: who took more is where it went
LEAST_SECONDS = 1.0  # below, stamps of whole seconds decide nothing
TO = " -> "
SAID = 160  # characters of a peer's words
TIMELY = frozenset({None, Outcome.DELIVERED, Outcome.LATE})  # outcomes of which time is the trouble, where there is one


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of the message in one server, and the link to the next one."""

    server: str
    id: str  # the server's own id of it: queue id, session
    arrived_at: datetime | None  # aware
    left_at: datetime | None  # None = it is still there, as far as the log tells
    link_seconds: float | None  # to the next stay; None = there is none, or it is not known
    lines: tuple[str, ...] = ()  # `mail.log:123`, the last ones


@dataclass(frozen=True, slots=True)
class Way:
    """All of it, in order."""

    message_id: str
    stays: tuple[Stay, ...]
    uncertainty_seconds: float = 0.0
    said: str = ""  # why it is where it is, in the words of who said it last

    def parts(self, now: datetime) -> Iterator[tuple[Aspect, str, float, Stay]]:
        """Yield each hop and each link with its seconds; where the message still is, the seconds so far."""
        for place, stay in enumerate(self.stays):
            last = place == len(self.stays) - 1
            left = stay.left_at or (now if last else None)
            if stay.arrived_at is not None and left is not None:
                yield Aspect.HOP, stay.server, max(0.0, (left - stay.arrived_at).total_seconds()), stay
            if stay.link_seconds is not None and not last:
                yield Aspect.LINK, f"{stay.server}{TO}{self.stays[place + 1].server}", max(0.0, stay.link_seconds), stay


def samples_of_way(trip: Trip, way: Way, now: datetime) -> list[Sample]:
    """Return what is to be judged of it: `hop hub1`, `link mx1 -> hub1`."""
    return [
        Sample(trip.domain, trip.name, aspect, name, seconds, trip.started_at, uncertainty=way.uncertainty_seconds)
        for aspect, name, seconds, _ in way.parts(now)
    ]


def slowest(way: Way, seconds: float, now: datetime) -> str:
    """Return where more than half of a trip's time went: `hop hub1`, `link mx1 -> hub1`; "" = nowhere in particular."""
    most = max(way.parts(now), key=lambda part: part[2], default=None)
    if most is None or most[2] <= max(seconds * MOST_PART, LEAST_SECONDS):
        return ""
    return f"{most[0]} {most[1]}"


def places(slow: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of what broke a limit, or took most of the time, are places on a way: `hop hub1`, `link mx1 -> hub1`."""
    return tuple(name for name in slow if name.startswith((f"{Aspect.HOP} ", f"{Aspect.LINK} ")))


def proofs(way: Way, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return of each hop and link a sentence with its lines: (`hop hub1`, `hub1 has had 4FA1 for 12 s by its log: mail.log:123`)."""
    return tuple(
        (f"{aspect} {name}", _proof(aspect, name, seconds, stay) + _why(way, stay)) for aspect, name, seconds, stay in way.parts(now)
    )


def _why(way: Way, stay: Stay) -> str:
    """Return why the message is still there, in the log's words."""
    return f" ({way.said[:SAID]})" if way.said and stay.left_at is None else ""


def _proof(aspect: Aspect, name: str, seconds: float, stay: Stay) -> str:
    lines = f": {', '.join(stay.lines)}" if stay.lines else ""
    if aspect is Aspect.LINK:
        return f"from {name.replace(TO, ' to ')} it took {span(seconds)} by their logs{lines}"
    held = "has had it for" if stay.left_at is None else "kept it for"
    return f"{name} {held} {span(seconds)} by its log, as {stay.id or 'nothing'}{lines}"
