"""What is usual at each hour of the week, as baselines ask for it: read from the store now and then, answered from memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from store.usual import Asked, usual, usual_trips
from thresholds.baselines import hour_of_week
from thresholds.scope import EVERYTHING
from thresholds.values import Aspect, Usual

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, tzinfo

    from store.store import Store
    from thresholds.values import Sample

HOUR = timedelta(hours=1)
TRIP = "trip "  # before the name of a trip, where a check has its server: no server's name holds a space
HISTORY = timedelta(days=400)  # no further back: rollups by hour are kept no longer


class UsualHours:
    """The history of one store: of this hour and the next, for no other is asked of what is measured now.

    Args:
        zone: whose wall clock the hours are counted on.
    """

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self.zone = zone
        self._store = store
        self._known: dict[tuple[int, str, str], Usual] = {}  # by hour of the week, domain and server

    async def refresh(self, checks: Collection[str], now: datetime, trips: Collection[str] = ()) -> None:
        """Read the history of these checks and trips (by their names) anew. Raises: StoreError."""
        known: dict[tuple[int, str, str], Usual] = {}
        for hour in {hour_of_week(now, self.zone), hour_of_week(now + HOUR, self.zone)}:
            asked = Asked(now - HISTORY, self.zone, hour)
            found = await usual(self._store, EVERYTHING, list(checks), asked)
            known |= {(hour, one.domain, one.server): Usual(one.median_seconds, one.weeks, one.count) for one in found}
            ways = await usual_trips(self._store, EVERYTHING, list(trips), asked)
            known |= {(hour, one.domain, f"{TRIP}{one.name}"): Usual(one.median_seconds, one.weeks, one.count) for one in ways}
        self._known = known

    def usual(self, sample: Sample) -> Usual | None:
        """Return what is usual for the total of this check or trip at this hour; None = unknown, or a part, of which none is remembered."""
        hour = hour_of_week(sample.at, self.zone)
        if sample.aspect is Aspect.TOTAL:
            return self._known.get((hour, sample.domain, sample.server))
        if sample.aspect is Aspect.TRIP and sample.name == "total":
            return self._known.get((hour, sample.domain, f"{TRIP}{sample.server}"))
        return None
