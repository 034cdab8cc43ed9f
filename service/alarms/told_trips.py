"""Which word of a trip is news to the incidents: one message that is late is one trouble, however often it is told. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.values import Level

if TYPE_CHECKING:
    from store.values import TripRun

KEPT = 100_000  # messages under way that were bad


class ToldTrips:
    """Those that were told while under way."""

    def __init__(self) -> None:
        self._told: dict[str, Level] = {}  # Message-ID -> how bad it was

    def is_news(self, run: TripRun) -> bool:
        """Say whether a verdict adds anything: the first word of a message, or a worse one, or that it is well."""
        trip, level = run.trip, run.verdict.level
        known = self._told.get(trip.message_id)
        if trip.outcome is not None:
            self._told.pop(trip.message_id, None)
        elif level >= Level.WARNING:
            self._remember(trip.message_id, level)
        return known is None or level > known or level is Level.OK

    def _remember(self, message_id: str, level: Level) -> None:
        if len(self._told) >= KEPT:
            self._told.pop(next(iter(self._told)))
        self._told[message_id] = level
