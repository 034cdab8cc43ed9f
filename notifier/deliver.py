"""Brings what the outbox holds over its channels, until each delivery is proven, refused or given up. It decides nothing itself.

One task plans, takes over and begins; each channel sends beside it, one notice at a time. A try is written down before it is made and its
proof after it, so whatever ends us in between is told again rather than never. What the outbox refuses is asked of it again; nothing that
is to be remembered is kept here alone. Planning and settling exclude each other: what follows a change hangs on what was told before.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import random
from typing import TYPE_CHECKING, Protocol

from notifier.backoff import JITTER, LONGEST_SECONDS, begun, dropped
from notifier.doubts import Doubting
from notifier.grouping import gathering_seconds, group_of, key_of, together
from notifier.lane import Lane, Tally
from notifier.past import first_key, is_escalation
from notifier.plain import plain, trial
from notifier.planning import Planner
from notifier.settling import Settler
from notifier.sight import narrowed
from notifier.values import NotDeliveredError
from notifier.words_matter import TEST
from probe.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from notifier.kinds import Channel
    from notifier.outbox import Outbox
    from notifier.values import Delivery, Notice, NotifyPlan, Stored
    from thresholds.incident_values import Incident

    Due = tuple[Delivery, Stored]

log = logging.getLogger("mailsonde.notifier")

LONGEST_SLEEP_SECONDS = 60.0  # the wall clock may be set
POLL_SECONDS = 1.0  # while something is due that cannot be begun
AGAIN_SECONDS = 2.0  # after which the outbox is asked again
ENDING_SECONDS = 1.0  # that tries under way may go on when all ends
FULL = 200  # deliveries in one answer of the outbox


class Words(Protocol):
    """What writes notices; what links, zone, site and templates they need, it knows."""

    def __call__(self, stored: Stored, *, channel: str, key: str, first_key: str, more: Sequence[Stored], mark: str) -> Notice:
        """Return what is told of a change, and of more of them, over one channel; `mark` is TEST or ""."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is handed in besides: clocks, chance, and what is known elsewhere."""

    now: Callable[[], datetime] = utc_now
    jitter: Callable[[], float] = random  # 0 to 1
    standing: Callable[[str], Incident | None] | None = None  # an open incident as it is now; nothing escalates that is taken on or muted
    troubles: tuple[type[Exception], ...] = (OSError,)  # of the outbox, that are not our bugs: their text is one line
    opened: Callable[[], Iterable[Incident]] = tuple  # all open incidents: what depends on what they report is asked last


class Deliverer:
    """Make it on the running loop, and `run` it.

    Args:
        outbox: remembers.
        plan: what is configured.
        channels: by name, open; it closes them.
        words: writes notices.
        around: clocks and such.
    """

    def __init__(
        self, outbox: Outbox, plan: NotifyPlan, channels: Mapping[str, Channel], words: Words, around: Surroundings | None = None
    ) -> None:
        self._outbox, self._words, self._around = outbox, words, around or Surroundings()
        doubting = Doubting(self._around.opened)
        self._plan, self._planner = plan, Planner(outbox, lambda: doubting.doubts(self._plan))
        self._settler = Settler(outbox, self._planner)
        self._lanes: dict[str, Lane] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._bell = asyncio.Event()
        self._writing = asyncio.Lock()
        self._trouble = ""
        self.swap(plan, channels)

    @property
    def stats(self) -> Mapping[str, Tally]:
        """Return by channel how it has done, in the configuration's order."""
        return {name: lane.tally for name, lane in self._lanes.items()}

    def wake(self) -> None:
        """Say that something is to be told."""
        self._bell.set()

    def swap(self, plan: NotifyPlan, channels: Mapping[str, Channel]) -> None:
        """Take another configuration. What is under way goes on; channels that are not handed in again are closed after that."""
        old, self._plan = self._lanes, plan
        self._lanes = {one.name: Lane(one, channels[one.name]) for one in plan.channels if one.name in channels}
        for name, lane in self._lanes.items():
            if name in old:
                lane.tally, lane.minute, lane.task, lane.gate = old[name].tally, old[name].minute, old[name].task, old[name].gate
        for name, lane in old.items():
            if name not in self._lanes or self._lanes[name].channel is not lane.channel:
                self._leave(lane)
        self.wake()

    def _leave(self, lane: Lane) -> None:
        task = asyncio.get_running_loop().create_task(lane.close())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def test(self, channel: str, mark: str = TEST) -> str:
        """Send a notice that says that it is a test, or a drill (`mark`), to a machine its end as well; return the proof.

        Raises: LookupError when there is no such channel, NotDeliveredError.
        """
        lane = self._lanes.get(channel)
        if lane is None:
            raise LookupError(f"there is no channel {channel}; there is: {', '.join(self._lanes) or 'none'}")
        now, proof = self._around.now(), ""
        for stored in trial(channel, now)[: 2 if lane.machine else 1]:
            change = stored.change
            key = f"{change.incident.id}-{change.number}-{channel}"
            proof = await lane.send(self._notice(channel, (stored,), (key, key), mark), plain(stored, key))
        return proof

    # -- the loop

    async def run(self) -> None:
        """Deliver until cancelled; it ends within two seconds."""
        try:
            while True:
                self._bell.clear()
                seconds = await self._try_turn()
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._bell.wait()
        finally:
            await self._end()

    async def _end(self) -> None:
        for lane in self._lanes.values():
            self._leave(lane)
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=ENDING_SECONDS)
            for task in late:
                task.cancel()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=ENDING_SECONDS * 0.8)

    async def _try_turn(self) -> float:
        """Make one turn; return after how many seconds the next is due."""
        try:
            seconds = await self.turn()
        except Exception as error:  # noqa: BLE001 - a notifier that ends for a bug tells nobody of anything any more
            self._say(error)
            return AGAIN_SECONDS
        self._trouble = ""
        return seconds

    def _say(self, error: Exception) -> None:
        """Log a trouble of the outbox once, until it is over."""
        if str(error) != self._trouble:
            ours = not isinstance(error, self._around.troubles)
            log.error("what is to be told waits: %s", error, exc_info=error if ours else None)
        self._trouble = str(error)

    async def turn(self) -> float:
        """Plan, take over and begin whatever is due now; return after how many seconds there may be more."""
        async with self._writing:
            now = self._around.now()
            if await self._planner.plan(self._plan, now):
                self.wake()  # for the rest, once what is due has been begun
            for late in await self._planner.take_over(self._plan, now):
                self.stats.get(late, Tally()).taken_over += 1
            while await self._begin_all(now):
                pass
            after = await self._outbox.next_at()
        if after is None:
            return LONGEST_SLEEP_SECONDS
        seconds = (after - now).total_seconds()
        return min(seconds, LONGEST_SLEEP_SECONDS) if seconds > 0 else POLL_SECONDS

    # -- trying

    async def _begin_all(self, now: datetime) -> bool:
        """Begin one try on each channel for which something is due; return whether there may be more."""
        busy = {name for name, lane in self._lanes.items() if lane.busy or not lane.left(now)}
        due: dict[str, list[Due]] = {name: [] for name, lane in self._lanes.items() if lane.back and name not in busy}
        found = await self._outbox.due(now, busy)
        for delivery, stored in found:
            due.setdefault(delivery.channel, []).append((delivery, stored))
        for name, waiting in due.items():
            if name not in self._lanes:
                await self._settler.gone(await self._wanted(waiting, now), self._plan, now)
            elif name not in busy:
                await self._begin(self._lanes[name], waiting, now)
        return len(found) >= FULL

    async def _begin(self, lane: Lane, due: list[Due], now: datetime) -> None:
        """Begin the next try on a channel, if any of it is still wanted."""
        waiting = await self._wanted(await self._with_early(lane, due, now), now)
        if not waiting:
            return
        batch = waiting[:1] if lane.machine else together(waiting, self._plan, lane.left(now), now)
        past = await self._outbox.of(batch[0][0].incident)
        tried = [(begun(delivery, now, self._around.jitter()), stored) for delivery, stored in batch]
        for (before, _), (after, _) in zip(batch, tried, strict=True):
            await self._outbox.settle(before, after)
        lane.minute.told(now)
        lane.task = asyncio.get_running_loop().create_task(self._tell(lane, tried, first_key(past, batch[0][0])))

    async def _with_early(self, lane: Lane, due: list[Due], now: datetime) -> list[Due]:
        """Return what is due with what may be told before its time: the rest of its group, and what failed while the channel was down."""
        ahead = LONGEST_SECONDS * (1 + JITTER) if lane.back else gathering_seconds(due, self._plan)
        if not ahead or (lane.machine and not lane.back):
            return due
        others = {name for name in self._lanes if name != lane.plan.name}
        known = {delivery.id for delivery, _ in due}
        later = [one for one in await self._outbox.due(now + timedelta(seconds=ahead), others) if one[0].channel == lane.plan.name]
        groups = {group_of(one, self._plan) for one in due}
        early = [
            one for one in later if one[0].id not in known and (one[0].tries > 0 if lane.back else group_of(one, self._plan) in groups)
        ]
        lane.back = lane.back and bool(early)
        return [*due, *early]

    async def _wanted(self, due: list[Due], now: datetime) -> list[Due]:
        """Return what is still to be told: nothing escalates that somebody has taken on, or muted; what does, says how it stands now."""
        found: list[Due] = []
        for delivery, stored in due:
            if not is_escalation(delivery) or delivery.tries or self._around.standing is None:
                found.append((delivery, stored))
                continue
            incident = self._around.standing(delivery.incident)
            why = unwanted(incident, now)
            if why:
                await self._outbox.settle(delivery, dropped(delivery, why))
            elif incident is not None:
                found.append((delivery, replace(stored, change=replace(stored.change, incident=incident))))
        return found

    async def _tell(self, lane: Lane, batch: Sequence[Due], first: str) -> None:
        """Try a notice, and write down what came of it."""
        key = key_of(batch)
        changes = tuple(narrowed(stored, lane.plan, self._plan) for _, stored in batch)
        notice = self._notice(lane.plan.name, changes, (key, key if first == batch[0][0].key else first))
        try:
            proof = await lane.send(notice, plain(changes[0], key, len(batch) - 1))
        except NotDeliveredError as error:
            why = error
            await self._surely(lambda: self._settler.unproven(lane, batch, why, self._plan, self._around.now()))
        else:
            await self._surely(lambda: self._settler.proven(lane, batch, proof, self._around.now()))
        self.wake()

    def _notice(self, channel: str, changes: Sequence[Stored], keys: tuple[str, str], mark: str = "") -> Notice:
        """Return what is told, in plain words where the words proper fail."""
        try:
            return self._words(changes[0], channel=channel, key=keys[0], first_key=keys[1], more=changes[1:], mark=mark)
        except Exception:
            log.exception("our own error in the words for incident %s", changes[0].change.incident.id)
            return plain(changes[0], keys[0], len(changes) - 1)

    async def _surely(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what came of a try, however often the outbox has to be asked: what is proven is not told again."""
        while True:
            try:
                async with self._writing:
                    await write()
            except Exception as error:  # noqa: BLE001 - as in `_try_turn`
                self._say(error)
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return


def unwanted(incident: Incident | None, now: datetime) -> str:
    """Return why an incident does not escalate, as it stands; "" = it does."""
    if incident is None:
        return "over before it escalated"
    ack = incident.acknowledged
    if ack is not None and (ack.until is None or ack.until > now):
        return f"acknowledged by {ack.by} before it escalated"
    return f"muted: {incident.muted}" if incident.muted else ""
