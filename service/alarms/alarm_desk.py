"""What the console asks of incidents and of who is told (console.ports.Alarms): people's words reach watch, store and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.ports import Routed
from notifier.doubts import doubts
from notifier.route import decide
from notifier.supposing import escalated, suppose, unchecked
from probe.clock import utc_now
from store import mutes as kept

if TYPE_CHECKING:
    from datetime import datetime

    from console.ports import ChannelNumbers
    from service.alarms.alarms import Alarms
    from service.alarms.telling import Telling
    from store.store import Store
    from thresholds.incident_values import Acknowledgement, Incident, Maintenance, Mutes, Silence
    from thresholds.values import Level


class AlarmDesk:
    """One service's. What is said here holds at once, and stands on the disk; StoreError says that it was not done."""

    def __init__(self, alarms: Alarms, telling: Telling, store: Store) -> None:
        self._alarms, self._telling, self._store = alarms, telling, store

    # -- incidents

    def open(self) -> tuple[Incident, ...]:
        """Return the incidents that are open."""
        return self._alarms.watch.open

    async def acknowledge(self, incident: str, ack: Acknowledgement) -> Incident:
        """Let somebody take an incident on."""
        now = utc_now()
        return await self._alarms.deed(incident, lambda watch: watch.acknowledge(incident, ack, now))

    async def close(self, incident: str, by: str, why: str) -> Incident:
        """Close an incident by hand."""
        now = utc_now()
        return await self._alarms.deed(incident, lambda watch: watch.close(incident, by, why, now))

    # -- what mutes them

    def mutes(self) -> Mutes:
        """Return what is in force or to come, that of the configuration included."""
        return self._alarms.mutes

    async def add_silence(self, silence: Silence) -> Silence:
        """Put a silence in force."""
        await kept.add_silence(self._store, silence)
        await self._alarms.read_mutes()
        return silence

    async def expire_silence(self, silence: str, by: str) -> Silence:
        """End a silence now."""
        ended = await kept.expire_silence(self._store, silence, by, utc_now())
        await self._alarms.read_mutes()
        return ended

    async def add_maintenance(self, maintenance: Maintenance) -> Maintenance:
        """Plan a window of maintenance, or begin it."""
        await kept.add_maintenance(self._store, maintenance, utc_now())
        await self._alarms.read_mutes()
        return maintenance

    async def cancel_maintenance(self, maintenance: str, by: str) -> Maintenance:
        """Call a window off, or end it now."""
        if any(one.id == maintenance for one in self._alarms.configured.maintenances):
            raise ValueError(f"{maintenance} is written in the configuration: take it out there")
        ended = await kept.cancel_maintenance(self._store, maintenance, by, utc_now())
        await self._alarms.read_mutes()
        return ended

    # -- who is told

    def route(self, domain: str, server: str, level: Level, at: datetime) -> Routed:
        """Return who would be told, as long as what is open now stays so."""
        every, plan = self._alarms.watch.domains_on(server), self._telling.plan
        incident = suppose(domain, server, level, at, every)
        decision = decide(incident, plan, at, doubts(self.open(), plan).of(incident))
        return Routed(decision.chains, decision.refused, (*unchecked(domain, server, every), *decision.words, *escalated(decision, plan)))

    async def test(self, channel: str) -> str:
        """Send a notice that says that it is a test."""
        return await self._telling.test(channel)

    def channels(self) -> tuple[ChannelNumbers, ...]:
        """Return how the channels have done."""
        return self._telling.channels()
