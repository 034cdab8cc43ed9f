"""What the service does besides probing, each at its own pace: roll up, forget, ask the directory, read the history, watch the file.

A part that fails says so and comes again; none of them ends the service.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from probe.clock import utc_now
from service import notify_systemd
from service.identity import NoKey
from service.logs import facts
from service.watch_file import changes, mark
from store.errors import StoreError
from store.retention import Keep, forget
from store.rollups import roll

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service.daemon import Daemon

log = logging.getLogger("mailsonde.upkeep")

ROLL_SECONDS = 300.0
FORGET_SECONDS = 3_600.0
USUAL_SECONDS = 1_800.0  # each hour is read before it begins
AGE_SECONDS = 1.0  # how long a trip may be late before it is told
ASK_AGAIN_SECONDS = 60.0  # a directory that did not answer


class Upkeep:
    """The upkeep of one service."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    async def run(self) -> None:
        """Keep all of it up until cancelled."""
        async with asyncio.TaskGroup() as group:
            for part in (self._roll, self._forget, self._read_usual, self._judge_trips):
                group.create_task(part())
            group.create_task(self._ask_directory())
            group.create_task(self._watch_configuration())
            group.create_task(self._feed_watchdog())

    async def _roll(self) -> None:
        await self._each(ROLL_SECONDS, "rolling up", lambda: roll(self._daemon.store, utc_now()))

    async def _forget(self) -> None:
        await self._each(FORGET_SECONDS, "forgetting what is old", self._forget_once)

    async def _forget_once(self) -> None:
        keep = self._daemon.settings.store.keep
        await forget(self._daemon.store, Keep(keep.results_seconds, keep.rollups_seconds), utc_now())

    async def _read_usual(self) -> None:
        await self._each(USUAL_SECONDS, "reading what is usual", self._read_usual_once)

    async def _read_usual_once(self) -> None:
        """Read the history of the checks, where any threshold wants it."""
        daemon = self._daemon
        if any(limit.baseline is not None for limit in daemon.settings.limits):
            trips = [journey.name for journey in daemon.work.journeys]
            await daemon.usual.refresh([check.name for check in daemon.work.checks], utc_now(), trips)

    async def _judge_trips(self) -> None:
        await self._each(AGE_SECONDS, "judging trips under way", self._daemon.awaited.judge_again)

    async def _each(self, seconds: float, what: str, act: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await act()
            except StoreError as error:
                log.warning("%s failed, and is tried again", what, extra=facts(why=str(error)))
            except Exception:
                log.exception("our own error in %s", what)
            await asyncio.sleep(seconds)

    async def _ask_directory(self) -> None:
        """Refresh the discovery at its interval, soon where it failed, and at once where its settings have changed."""
        daemon, answered = self._daemon, True
        while True:
            discovery = daemon.settings.discovery
            every = discovery.every_seconds if discovery else None
            with suppress(TimeoutError):
                async with asyncio.timeout(every if answered or every is None else min(every, ASK_AGAIN_SECONDS)):
                    await daemon.ask_directory.wait()
            daemon.ask_directory.clear()
            try:
                answered = await daemon.refresh()
            except NoKey as error:
                log.error("%s", error)  # noqa: TRY400 - the line says all
            except Exception:
                log.exception("our own error in asking the directory")

    async def _watch_configuration(self) -> None:
        async for _ in changes(self._daemon.file):
            if mark(self._daemon.file) != self._daemon.read:  # else whoever changed it has asked for the reload too
                log.info("the configuration file has changed")
                await reload(self._daemon)

    async def _feed_watchdog(self) -> None:
        """Tell systemd that the loop turns, while every part of the service stands."""
        seconds = notify_systemd.watchdog_seconds()
        while seconds is not None:
            if not self._daemon.unhealthy():
                notify_systemd.tell(notify_systemd.ALIVE)
            await asyncio.sleep(seconds)


async def reload(daemon: Daemon) -> None:
    """Reload, and let systemd know; our own bug in it leaves the old configuration in force."""
    notify_systemd.tell(notify_systemd.reloading())
    try:
        await daemon.reload()
    except Exception:
        log.exception("our own error in reloading")
    notify_systemd.tell(notify_systemd.READY, notify_systemd.status(f"{len(daemon.work.checks)} checks, {len(daemon.work.journeys)} trips"))
