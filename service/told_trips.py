"""Which word of a trip is news to the incidents: one message that is late is one trouble, however often it is looked at. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.cells import trip_cell
from thresholds.values import Level

if TYPE_CHECKING:
    from store.values import TripRun

KEPT = 100_000  # messages under way that were bad


@dataclass(slots=True)
class _Told:
    level: Level
    run: TripRun


class ToldTrips:
    """Those that were told while under way, by Message-ID."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._late: dict[str, str] = {}  # cell -> Message-ID of its last one that is late and under way

    def is_news(self, run: TripRun) -> bool:
        """Say whether a verdict adds anything: the first word of a message, or a worse one."""
        trip, level = run.trip, run.verdict.level
        known = self._told.get(trip.message_id)
        if trip.outcome is not None:
            self._told.pop(trip.message_id, None)
            if self._late.get(trip_cell(trip.name)) == trip.message_id:
                del self._late[trip_cell(trip.name)]
        elif level >= Level.WARNING:
            self._remember(run)
        return known is None or level > known.level or level is Level.OK

    def _remember(self, run: TripRun) -> None:
        if len(self._told) >= KEPT:
            self._told.pop(next(iter(self._told)))
        self._told[run.trip.message_id] = _Told(run.verdict.level, run)
        self._late[trip_cell(run.trip.name)] = run.trip.message_id

    def late(self, cell: str) -> TripRun | None:
        """Return the last trip of a cell that is late and still under way; None = there is none."""
        message_id = self._late.get(cell)
        told = self._told.get(message_id) if message_id is not None else None
        return told.run if told is not None else None
