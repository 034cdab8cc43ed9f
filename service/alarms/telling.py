"""Who is told of incidents, and by what: opens the configured channels for the deliverer, beats the heart, and counts. Decides nothing."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from console.ports import AlarmNumbers, ChannelNumbers
from notifier.acklink import sign
from notifier.channels.alertmanager import Alertmanager
from notifier.channels.mqtt import Mqtt
from notifier.deliver import Deliverer, Surroundings
from notifier.heartbeat import Heartbeat, beat_of
from notifier.kinds import CHANNELS
from notifier.sight import narrowed
from notifier.values import DeliveryState, Links, NotDeliveredError, NotifyPlan
from notifier.wording import notice
from notifier.words_matter import DRILL
from probe.clock import utc_now
from service.logs import facts
from store.errors import StoreError
from store.incidents import open_incidents
from store.outbox import StoreOutbox
from thresholds.incident_values import Acknowledgement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from notifier.channels.mqtt_commands import Command
    from notifier.kinds import Channel
    from notifier.values import ChannelPlan, Notice, Stored
    from store.store import Store
    from thresholds.incident_values import Incident
    from thresholds.values import Level

log = logging.getLogger("mailsonde.notifier")

LINK_LASTS = timedelta(days=3)  # a link that acknowledges
COUNT_SECONDS = 5.0  # between two looks at what waits
DRILL_LOOK_SECONDS = 20.0  # between two looks at the drill's calendar


@dataclass(slots=True)
class Waiting:
    """What waits in the outbox, as it was seen last."""

    depth: int | None = None  # None = not seen yet
    oldest_at: datetime | None = None


class Telling:
    """One service's. Make it on the running loop.

    Args:
        store: has the outbox.
        key: signs links that acknowledge.
        zone: of times in words, until a plan says another one.
        opened: the incidents that are open now: what depends on what they report is asked last.
        healthy: whether the heart may beat.
    """

    def __init__(
        self, store: Store, key: bytes, zone: ZoneInfo, opened: Callable[[], Iterable[Incident]], healthy: Callable[[], bool]
    ) -> None:
        self._store, self._outbox, self._key, self._healthy = store, StoreOutbox(store), key, healthy
        self.acknowledge: Callable[[str, Acknowledgement], Awaitable[object]] | None = None  # takes an incident on
        self._planned = asyncio.Event()
        self._resuming: set[asyncio.Task[None]] = set()
        self.plan, self.mark = NotifyPlan((), (), zone), ""  # DRILL (notifier.words_matter): before each notice
        self._plans: dict[str, ChannelPlan] = {}
        self._channels: dict[str, Channel] = {}
        self._open_now = opened
        around = Surroundings(standing=self._standing, troubles=(StoreError,), opened=opened)
        self._deliverer = Deliverer(self._outbox, self.plan, {}, self._words, around)
        self._heart: Heartbeat | None = None
        self._beating: asyncio.Task[None] | None = None
        self._waiting = Waiting()
        self._tests: dict[str, tuple[datetime, str]] = {}  # by channel: when the last test of this process arrived, and its proof

    def _standing(self, incident: str) -> Incident | None:
        """Return an open incident as it is now; None = it is not open."""
        return next((one for one in self._open_now() if one.id == incident), None)

    # -- what is planned

    def adopt(self, plan: NotifyPlan) -> None:
        """Put a plan in force: a channel whose settings are the same stays open. Raises: ValueError: the heartbeat has no channel."""
        plans = {one.name: one for one in plan.channels}
        channels = {name: self._opened(one) for name, one in plans.items()}
        heartbeat = None if plan.heartbeat is None else (plan.heartbeat, beat_of(plan.heartbeat, channels))
        changed = plan.heartbeat != self.plan.heartbeat or (heartbeat is not None and channels != self._channels)
        self.plan, self._plans, self._channels = plan, plans, channels
        self._deliverer.swap(plan, channels)
        self._planned.set()
        if changed:
            self._heart = None if heartbeat is None else Heartbeat(heartbeat[0].every_seconds, heartbeat[1], self._healthy)
            self._beat()

    def _opened(self, plan: ChannelPlan) -> Channel:
        """Return the channel of a plan: the one that is open where it was opened by the same settings."""
        before = self._plans.get(plan.name)
        if before is not None and (before.kind, before.settings) == (plan.kind, plan.settings):
            return self._channels[plan.name]
        self._tests.pop(plan.name, None)
        channel = CHANNELS[plan.kind].open(plan.name, plan.settings)
        if isinstance(channel, Mqtt):
            channel.acknowledge = self._commanded
        if isinstance(channel, Alertmanager):
            task = asyncio.get_running_loop().create_task(self._resume(plan.name, channel))
            self._resuming.add(task)
            task.add_done_callback(self._resuming.discard)
        return channel

    async def _commanded(self, command: Command) -> None:
        """Let somebody take an incident on who says so over MQTT. Raises: LookupError, ValueError with a sentence."""
        if self.acknowledge is not None:
            await self.acknowledge(command.incident, Acknowledgement(command.by, utc_now(), command.why))

    async def _resume(self, name: str, channel: Alertmanager) -> None:
        """Have an Alertmanager keep what it was told by a former process, and what is open still: it forgets what nobody posts again."""
        try:
            told = [await self._outbox.of(incident.id) for incident in await open_incidents(self._store)]
        except StoreError as error:
            log.warning("what %s was told before this start cannot be read: %s", name, error)
            return
        sent = [[pair for pair in pairs if pair[0].channel == name and pair[0].state is DeliveryState.SENT] for pairs in told]
        each = [pair for pairs in sent for pair in (*pairs[:1], *pairs[1:][-1:])]  # the first has the alert's labels, the last its words
        seen = [(one, narrowed(stored, self._plans[name], self.plan)) for one, stored in each if name in self._plans]
        channel.resume(self._words(stored, channel=name, key=one.key, first_key="", more=(), mark="") for one, stored in seen)

    def _beat(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
        self._beating = None if self._heart is None else asyncio.get_running_loop().create_task(self._heart.run())

    # -- the loop

    def wake(self) -> None:
        """Say that something is to be told."""
        self._deliverer.wake()

    async def run(self) -> None:
        """Tell until cancelled."""
        counting = asyncio.get_running_loop().create_task(self._count())
        drilling = asyncio.get_running_loop().create_task(self._drill())
        try:
            await self._planned.wait()  # without a plan everybody would seem to be gone
            await asyncio.gather(*self._resuming, return_exceptions=True)  # an alert's labels are those under which it fires there
            await self._deliverer.run()
        finally:
            tasks = [task for task in (counting, drilling, self._beating, *self._resuming) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _count(self) -> None:
        """See again and again what waits; what the disk does not say is not known."""
        while True:
            try:
                self._waiting = Waiting(await self._outbox.depth(), await self._outbox.oldest())
            except StoreError:
                self._waiting = Waiting()
            await asyncio.sleep(COUNT_SECONDS)

    async def _drill(self) -> None:
        """Try the channels each time the drill's calendar begins to hold."""
        held: bool | None = None  # not looked yet: a start in the middle of it is no beginning
        while True:
            drill = self.plan.drill
            holds = None if drill is None else drill.calendar.covers(utc_now())
            if drill is not None and holds and held is False:
                await asyncio.gather(*(self._try(name) for name in drill.channels))
            held = holds
            await asyncio.sleep(DRILL_LOOK_SECONDS)

    async def _try(self, channel: str) -> None:
        """Send a channel a notice marked DRILL, and say what came of it."""
        try:
            proof = await self._deliverer.test(channel, DRILL)
        except (LookupError, NotDeliveredError) as error:
            log.error("the drill did not get through: %s", error, extra=facts(channel=channel))  # noqa: TRY400 - the line says all
        except Exception:
            log.exception("our own error in the drill of %s", channel)
        else:
            log.info("the drill got through", extra=facts(channel=channel, proof=proof))

    # -- words

    def _words(self, stored: Stored, *, channel: str, key: str, first_key: str, more: Sequence[Stored], mark: str) -> Notice:
        plan, known = self.plan, self._plans.get(channel)
        return notice(
            stored,
            channel=channel,
            key=key,
            zone=plan.timezone,
            first_key=first_key,
            links=self._links(stored, channel),
            site=plan.site,
            templates=known.templates if known is not None else {},
            more=more,
            mark=mark or self.mark,
            partial=self._partial(channel),
        )

    def _partial(self, channel: str) -> bool:
        """Say whether a channel sees some domains only: who does takes nothing on for all."""
        return channel in self._plans and bool(self._plans[channel].sees)

    def _links(self, stored: Stored, channel: str) -> Links:
        incident, plan = stored.change.incident, self.plan
        runbook = next((url for glob, url in plan.runbooks.items() if fnmatchcase(incident.cause.key, glob)), "")
        if not plan.console_url or self._partial(channel) or incident.closed_at is not None or incident.acknowledged is not None:
            return Links(runbook=runbook)
        token = sign(self._key, incident.id, stored.change.number, utc_now() + LINK_LASTS, channel)
        return Links(runbook=runbook, acknowledge=f"{plan.console_url}/ack/{token}")

    # -- what the console asks

    async def test(self, channel: str) -> str:
        """Send a notice that says that it is a test; return the proof. Raises: LookupError: no such channel; ValueError: why not."""
        try:
            proof = await self._deliverer.test(channel)
        except NotDeliveredError as error:
            raise ValueError(f"{channel} did not deliver: {error}") from None
        self._tests[channel] = (utc_now(), proof)
        return proof

    def channels(self) -> tuple[ChannelNumbers, ...]:
        """Return how each channel has done, in the configuration's order."""
        stats = self._deliverer.stats
        return tuple(
            ChannelNumbers(
                name,
                self._plans[name].kind,
                tally.sent,
                tally.failed,
                tally.refused,
                tally.taken_over,
                tally.last_proof_at,
                tally.last_proof,
                tally.last_error,
                *self._tests.get(name, ()),
            )
            for name, tally in stats.items()
            if name in self._plans
        )

    def numbers(self, opened: Mapping[Level, int], ever: Mapping[str, int]) -> AlarmNumbers:
        """Return the numbers of telling beside those of incidents: open by level, opened since the start by kind of cause."""
        heart, waiting = self._heart, self._waiting
        return AlarmNumbers(
            opened,
            ever,
            waiting.depth,
            waiting.oldest_at,
            self.channels(),
            None if heart is None else heart.sent,
            0 if heart is None else heart.failed,
            None if heart is None else heart.last_proof_at,
        )
