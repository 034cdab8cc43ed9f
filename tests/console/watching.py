"""Who keeps incidents in the console's tests: a real watch and a real store; only the channels are a table of what they would say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from console.ports import ChannelNumbers, Routed
from notifier.route import decide
from notifier.supposing import suppose
from notifier.values import ChannelPlan, NotifyPlan, Route
from probe.clock import utc_now
from store import mutes as kept
from store.incidents import save
from tests.console.made_board import AT
from tests.store.made_incidents import opened
from thresholds.incident_values import EVERYWHERE, Maintenance, Mutes, Rules
from thresholds.incidents import Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store.store import Store
    from thresholds.incident_values import Acknowledgement, Change, Incident, Silence
    from thresholds.values import Level

PLAN = NotifyPlan(
    timezone=ZoneInfo("Europe/Berlin"),
    channels=(ChannelPlan("pager", "webhook", None, servers=("imap",)), ChannelPlan("ops-mail", "mail", None)),
    routes=(Route((("pager", "ops-mail"),), origin="notify.routes[0]"),),
)
WRITTEN = Maintenance("maintenance[0]", EVERYWHERE, "each Sunday", begins_at=AT, ends_at=AT)
PROOF = "250 2.0.0 Ok: queued as 4jW76S0sf8zRhS4"


class Watching:
    """Incidents of one service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.watch = Watch(Rules(), lambda: "i00000000")
        self._mutes = Mutes(maintenances=(WRITTEN,))

    async def have(self, *changes: Change) -> None:
        """Have these have happened."""
        await save(self._store, changes)
        incidents = {change.incident.id: change.incident for change in changes}
        self.watch.restore(incident for incident in incidents.values() if incident.closed_at is None)

    async def have_open(self, number: int = 1, *domains: str) -> Incident:
        """Have one that is open."""
        change = opened(number, domains=domains or ("abc.example", "xyz.example"))
        await self.have(change)
        return change.incident

    def open(self) -> tuple[Incident, ...]:
        return self.watch.open

    async def acknowledge(self, incident: str, ack: Acknowledgement) -> Incident:
        now = utc_now()
        return await self._done(incident, lambda watch: watch.acknowledge(incident, ack, now))

    async def close(self, incident: str, by: str, why: str) -> Incident:
        now = utc_now()
        return await self._done(incident, lambda watch: watch.close(incident, by, why, now))

    async def _done(self, incident: str, act: Callable[[Watch], Change]) -> Incident:
        trial = Watch(Rules(), str)
        trial.restore(one for one in self.watch.open if one.id == incident)
        await save(self._store, [act(trial)])
        return act(self.watch).incident

    def mutes(self) -> Mutes:
        return self._mutes

    async def add_silence(self, silence: Silence) -> Silence:
        await kept.add_silence(self._store, silence)
        return silence

    async def expire_silence(self, silence: str, by: str) -> Silence:
        return await kept.expire_silence(self._store, silence, by, utc_now())

    async def add_maintenance(self, maintenance: Maintenance) -> Maintenance:
        await kept.add_maintenance(self._store, maintenance, utc_now())
        return maintenance

    async def cancel_maintenance(self, maintenance: str, by: str) -> Maintenance:
        return await kept.cancel_maintenance(self._store, maintenance, by, utc_now())

    def route(self, domain: str, server: str, level: Level, at: datetime) -> Routed:
        decision = decide(suppose(domain, server, level, at), PLAN, at)
        return Routed(decision.chains, decision.refused, decision.words)

    async def test(self, channel: str) -> str:
        if channel == "ops-mail":
            return PROOF
        if channel == "pager":
            raise ValueError("pager: 127.0.0.1:9 refuses the connection")
        raise LookupError(f"there is no channel {channel}")

    def channels(self) -> tuple[ChannelNumbers, ...]:
        failing = ChannelNumbers("pager", "webhook", failed=3, last_error="refuses the connection")
        mail = ChannelNumbers("ops-mail", "mail", sent=2, last_proof_at=AT, last_proof=PROOF, last_test_at=AT, last_test="250 tested")
        return (failing, mail)
