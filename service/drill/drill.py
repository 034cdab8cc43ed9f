"""The drill on the lab: breaks it, follows each alarm to the far end of every channel, mends it, and follows the alarm's end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from probe.clock import utc_now
from service.control_client import ControlError, at_socket, socket_of
from service.drill.ends import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from service.control_client import Control
    from service.drill.ends import Arrival, Ends
    from service.drill.lab import DrillLab, DrillService

FAULTS = ("imap-stopped", "submission-refusing", "pop3-silent", "directory-away")
OPEN_SECONDS, CLOSE_SECONDS = 60.0, 120.0
STEADY_SECONDS = 3.0  # after all is well, before the next is broken
LOOK_SECONDS = 0.5
QUIET = "the lab is well"


@dataclass(slots=True)
class Act:
    """One fault of a drill, and what came of it."""

    fault: str
    cause: str = ""  # as the service named it; "" = it opened nothing
    incident: str = ""
    opened: dict[str, float] = field(default_factory=dict)  # channel -> seconds after the fault
    closed: dict[str, float] = field(default_factory=dict)  # channel -> seconds after the mending
    refused: dict[str, str] = field(default_factory=dict)  # channel -> why it was not asked

    @property
    def missing(self) -> list[str]:
        """Return where something did not arrive, in words; empty = all did."""
        if not self.incident:
            return ["no incident was opened"]
        asked = [channel for channel in CHANNELS if channel not in self.refused]
        late = [f"the opening over {channel}" for channel in asked if channel not in self.opened]
        return late + [f"the closing over {channel}" for channel in asked if channel in self.opened and channel not in self.closed]


@dataclass(slots=True)
class Drill:
    """One drill.

    Args:
        lab: that is broken.
        service: that watches it.
        ends: of the channels.
        say: is told what happens, a line each.
    """

    lab: DrillLab
    service: DrillService
    ends: Ends
    say: Callable[[str], None]

    @property
    def control(self) -> Control:
        """Return the way to the service."""
        return at_socket(socket_of(self.ends.folder / "drill.db"))

    async def play(self, faults: Iterable[str]) -> list[Act]:
        """Play these faults one after the other. Raises: click.ClickException: the lab does not do as it is told."""
        return [await self._act(fault) for fault in faults]

    async def _act(self, fault: str) -> Act:
        act = Act(fault)
        await self.lab.run("fault", fault)
        broken_at = utc_now()
        self.say(f"{broken_at:%H:%M:%S} UTC  broken: {fault}")
        await self._until(lambda: self._opened(act, broken_at), OPEN_SECONDS)
        await self.lab.run("clear")
        mended_at = utc_now()
        self.say(f"{mended_at:%H:%M:%S} UTC  mended: {fault}")
        await self._until(lambda: self._closed(act, mended_at), CLOSE_SECONDS)
        await self._until(self._quiet, CLOSE_SECONDS)
        await asyncio.sleep(STEADY_SECONDS)
        return act

    async def _until(self, so: Callable[[], bool], seconds: float) -> None:
        """Wait until something is so, at each arrival and twice a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await asyncio.to_thread(so):
                    self.ends.bell.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_SECONDS):
                            await self.ends.bell.wait()

    def _opened(self, act: Act, since: datetime) -> bool:
        """Take what has arrived of the opening; return whether it arrived wherever it should."""
        news = [one for one in self.ends.arrived if one.kind == "opened" and one.at >= since]
        if not act.incident and news:
            self._name(act, news[0])
        self._take(act.opened, [one for one in news if one.incident == act.incident], since)
        return bool(act.incident) and all(channel in act.opened or channel in act.refused for channel in CHANNELS)

    def _name(self, act: Act, first: Arrival) -> None:
        """Ask the service what it makes of the first incident, and over which channels it does not tell it."""
        with suppress(ControlError):
            story: dict[str, Any] = self.control.get(f"/incidents/{first.incident}")
            act.incident, act.cause = first.incident, f"{story['cause']['kind']}:{story['cause']['name']}"
            act.refused = {one["channel"]: one["said"] for one in story["deliveries"] if one["state"] == "refused"}

    def _closed(self, act: Act, since: datetime) -> bool:
        """Take what has arrived of the closing; return whether it arrived wherever the opening did."""
        self._take(act.closed, [one for one in self.ends.arrived if one.kind == "closed" and one.incident == act.incident], since)
        return all(channel in act.closed for channel in act.opened)

    def _take(self, into: dict[str, float], news: list[Arrival], since: datetime) -> None:
        for one in news:
            if one.channel not in into:
                into[one.channel] = (one.at - since).total_seconds()
                self.say(f"{one.at:%H:%M:%S} UTC    {one.channel}: {one.subject}")

    def _quiet(self) -> bool:
        with suppress(ControlError):
            return not self.control.get("/incidents", open="true")["items"]
        return False
