"""The trips under way, judged again as they age: one of which nothing is heard becomes late, and breaks its limits, without any news."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.values import Trip
    from thresholds.values import Level, Verdict

AT_ONCE = 50  # judged in one slice: some two milliseconds


class _Awaited(NamedTuple):
    trip: Trip
    level: Level  # as it was told last


class AwaitedTrips:
    """Those of one service.

    Args:
        judge: judges a trip as it stands now.
        tell: is told a trip whose level has changed by its age alone, with its verdict.
    """

    def __init__(self, judge: Callable[[Trip], Verdict], tell: Callable[[Trip, Verdict], None]) -> None:
        self._judge, self._tell = judge, tell
        self._awaited: dict[str, _Awaited] = {}  # by Message-ID

    def __len__(self) -> int:
        return len(self._awaited)

    def heard(self, trip: Trip, level: Level) -> None:
        """Take news of a trip: it waits for something else, or has ended."""
        if trip.outcome is None:
            self._awaited[trip.message_id] = _Awaited(trip, level)
        else:
            self._awaited.pop(trip.message_id, None)

    async def judge_again(self) -> None:
        """Judge all of them anew and tell those whose level has changed, in slices."""
        for place, (message_id, awaited) in enumerate(list(self._awaited.items())):
            if place % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            if self._awaited.get(message_id) is not awaited:
                continue  # there was news meanwhile
            verdict = self._judge(awaited.trip)
            if verdict.level is not awaited.level:
                self._awaited[message_id] = _Awaited(awaited.trip, verdict.level)
                self._tell(awaited.trip, verdict)
