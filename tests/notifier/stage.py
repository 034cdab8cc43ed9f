"""A stage for the notifier's tests: incidents and their changes, channels whose far side does as it is told, a clock, and a Deliverer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from notifier.deliver import Deliverer, Surroundings
from notifier.plain import plain
from notifier.values import ChannelPlan, NotDeliveredError, NotifyPlan, Route
from tests.notifier.memory_outbox import BrokenError, MemoryOutbox
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifier.values import Notice, Stored

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
SERVER = Cause(CauseKind.SERVER, "imap", ("abc.example/imap", "xyz.example/imap"))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def an_incident(id_: str = "i1", cause: Cause = SERVER, level: Level = Level.CRITICAL) -> Incident:
    domains = tuple(sorted({cell.partition("/")[0] for cell in cause.cells}))
    return Incident(id_, cause, level, NOON, NOON, domains, cause.cells, cause.cells, changes=1)


def opened(id_: str = "i1", cause: Cause = SERVER, level: Level = Level.CRITICAL) -> Change:
    return Change(an_incident(id_, cause, level), ChangeKind.OPENED, NOON, 1)


def after(change: Change, kind: ChangeKind, minutes: float) -> Change:
    """Return what happened next to the incident of a change."""
    number, incident, when = change.number + 1, change.incident, at(minutes)
    if kind is ChangeKind.CLOSED:
        incident = replace(incident, failing=(), closed_at=when, ended="all is well again")
    if kind is ChangeKind.ACKNOWLEDGED:
        incident = replace(incident, acknowledged=Acknowledgement("anna", when, "on it"))
    return Change(replace(incident, changes=number), kind, when, number)


def a_plan(*routes: Route, channels: Sequence[ChannelPlan | str] = ("a", "b", "c"), **more: Any) -> NotifyPlan:
    """Return a plan with these routes, all channels of a kind that people read."""
    made = tuple(ChannelPlan(one, "mail", None) if isinstance(one, str) else one for one in channels)
    numbered = tuple(replace(route, origin=f"notify.routes[{place}]") for place, route in enumerate(routes))
    return NotifyPlan(made, numbered, BERLIN, **more)


@dataclass
class Far:
    """The far side of a channel, which takes what it is sent unless it is told otherwise."""

    heard: list[Notice] = field(default_factory=list)  # all that it took, in the order in which it came
    broken: Exception | None = None  # what sending raises
    hangs: bool = False
    deaf: bool = False  # it takes the notice, and the proof is lost
    closed: bool = False
    calls: int = 0
    most: int = 0  # tries under way at once
    _now: int = 0

    async def send(self, notice: Notice) -> str:
        self.calls += 1
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            if self.hangs:
                await asyncio.Event().wait()
            if self.broken is not None:
                raise self.broken
            self.heard.append(notice)
            await asyncio.sleep(0)
            if self.deaf:
                raise NotDeliveredError("the connection was lost")
            return f"250 taken as {len(self.heard)}"
        finally:
            self._now -= 1

    async def close(self) -> None:
        self.closed = True

    @property
    def said(self) -> list[str]:
        """Return what it heard: "i1 opened", of a summary with its number of others."""
        return [f"{one.incident} {one.kind.value}{one.facts.get('more', '')}" for one in self.heard]


def words(stored: Stored, *, channel: str, key: str, first_key: str, more: Sequence[Stored], mark: str) -> Notice:
    """Return a notice that says how many are told with it."""
    found = plain(stored, key)
    others = [(one.change.incident.id, one.change.number, one.change.kind) for one in more]
    facts = {"channel": channel, "mark": mark} | ({"more": f" +{len(more)}", "others": others} if more else {})
    return replace(found, first_key=first_key, facts=facts)


class Stage:
    """A Deliverer on an outbox in memory, whose time passes when it is told to."""

    def __init__(self, plan: NotifyPlan, outbox: MemoryOutbox | None = None) -> None:
        self.plan, self.outbox, self.now = plan, outbox or MemoryOutbox(), NOON
        self.far = {channel.name: Far() for channel in plan.channels}
        self.standing: dict[str, Incident] | None = None
        self.opened: list[Incident] = []  # that put channels in doubt
        self.deliverer = self.make()

    def make(self) -> Deliverer:
        around = Surroundings(lambda: self.now, lambda: 0.0, self._stands, (BrokenError,), lambda: self.opened)
        return Deliverer(self.outbox, self.plan, dict(self.far), words, around)

    def _stands(self, incident: str) -> Incident | None:
        if self.standing is not None:
            return self.standing.get(incident)
        return next(stored.change.incident for stored in reversed(self.outbox.changes) if stored.change.incident.id == incident)

    def restart(self) -> None:
        """End the process, whatever is under way, and begin another on the same outbox."""
        for lane in self.deliverer._lanes.values():
            if lane.task is not None:
                lane.task.cancel()
        self.deliverer = self.make()

    async def tell(self, *changes: Change) -> None:
        """Save changes, and deliver what can be delivered now."""
        self.outbox.save(*changes)
        await self.settle()

    async def settle(self) -> None:
        """Take turns until nothing more comes of it at this time."""
        self.deliverer.wake()
        while self.deliverer._bell.is_set():
            self.deliverer._bell.clear()
            await self.deliverer._try_turn()
            for _ in range(12):
                await asyncio.sleep(0)

    async def pass_(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, and deliver what comes due."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now = min(end, self.now + timedelta(seconds=step))
            await self.settle()

    def states(self, channel: str) -> list[str]:
        return [one.state.value for one in self.outbox.deliveries if one.channel == channel]
