"""Brings together each test message's trip and its way by the servers' logs, whichever is known first. No I/O.

The logs may tell the way after the trip has ended: then the trip is told once more, to be judged with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from thresholds.ways import Stay, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from probe.values import Trip

Value = TypeVar("Value")
MOST = 5_000  # messages that are remembered; a trip is joined within seconds, or not at all


class Ways:
    """The ways and trips of late.

    Args:
        again: is told a trip of which the way has become known, or known better.
    """

    def __init__(self, again: Callable[[Trip], None]) -> None:
        self._again = again
        self._ways: dict[str, Way] = {}  # by Message-ID
        self._trips: dict[str, Trip] = {}

    def heard(self, told: Mapping[str, Any]) -> None:
        """Take what the logs tell of one of our messages."""
        message_id = told["message_id"]
        if not message_id:
            return
        _put(self._ways, message_id, way_of(told))
        trip = self._trips.get(message_id)
        if trip is not None:
            self._again(trip)

    def saw(self, trip: Trip) -> None:
        """Take news of a trip."""
        _put(self._trips, trip.message_id, trip)

    def of(self, trip: Trip) -> Way | None:
        """Return its way, as far as it is known."""
        return self._ways.get(trip.message_id)


def _put(known: dict[str, Value], name: str, value: Value) -> None:
    known.pop(name, None)
    known[name] = value
    if len(known) > MOST:
        del known[next(iter(known))]


def way_of(told: Mapping[str, Any]) -> Way:
    """Return a way as the process that follows tells it (service.tracking.news.own_flow)."""
    return Way(told["message_id"], tuple(map(_stay, told["hops"])), told["uncertainty_seconds"], told["said"])


def _stay(told: Mapping[str, Any]) -> Stay:
    lines = tuple(f"{file}:{line}" for file, line in told["lines"])
    return Stay(told["server"], told["id"], _time(told["arrived_at"]), _time(told["left_at"]), told["link_seconds"], lines)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
