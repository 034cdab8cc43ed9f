"""Keeps the process that follows logs: starts it, starts it again ever more slowly when it ends, and ends it with itself.

It only reads lines and hands them on; the lake, DuckDB and the logs are the process's. A process that is left alone by a kill of the
service sees its input end, and ends too.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from service.logs import facts
from service.tracking.orders import LONGEST, first_order, line, message

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from config.tracking import Tracking
    from service.tracking.orders import JSON

log = logging.getLogger("mailsonde.tracking")

COMMAND = (sys.executable, "-m", "service.tracking.child")
FIRST_SECONDS, MOST_SECONDS = 1.0, 60.0  # between an end and the next start
STEADY_SECONDS = 120.0  # one that ran so long begins again at FIRST_SECONDS
LEAVE_SECONDS = 1.0  # for its end


class Supervisor:
    """Holds at most one process.

    Args:
        heard: hears all that it says.
    """

    def __init__(self, heard: Callable[[JSON], None]) -> None:
        self._heard = heard
        self._order: JSON | None = None
        self._changed = asyncio.Event()
        self._process: Process | None = None
        self.starts = 0
        self.problem = ""  # why it does not follow; "" = it does, or nothing is to be followed

    @property
    def wanted(self) -> bool:
        """Say whether anything is to be followed."""
        return self._order is not None

    @property
    def lake(self) -> str:
        """Return the folder that is written; "" where nothing is followed."""
        return "" if self._order is None else str(self._order["lake"])

    @property
    def running(self) -> bool:
        """Say whether the process runs."""
        return self._process is not None and self._process.returncode is None

    def adopt(self, tracking: Tracking | None, zone: ZoneInfo) -> None:
        """Follow what this says from now on; nothing where it names no source."""
        order = first_order(tracking, zone) if tracking is not None and tracking.sources else None
        if order != self._order:
            self._order = order
            self._changed.set()

    def say(self, order: JSON) -> None:
        """Give the process an order. Raises: ValueError where there is none to take it."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            raise ValueError(self.problem or "the service follows no logs: its configuration has no tracking.sources")
        process.stdin.write(line(order))

    async def run(self) -> None:
        """Keep it until cancelled."""
        pause = FIRST_SECONDS
        while True:
            self._changed.clear()
            if self._order is None:
                self.problem = ""
                await self._changed.wait()
                continue
            began = asyncio.get_running_loop().time()
            await self._once(self._order)
            if self._changed.is_set():
                continue
            ran = asyncio.get_running_loop().time() - began
            pause = FIRST_SECONDS if ran >= STEADY_SECONDS else pause
            log.warning("following logs has ended, it begins again: %s", self.problem, extra=facts(in_seconds=pause))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), pause)
            pause = min(2 * pause, MOST_SECONDS)

    async def _once(self, order: JSON) -> None:
        """Run one process to its end, or until something else is wanted."""
        pipe = asyncio.subprocess.PIPE
        try:
            self._process = process = await asyncio.create_subprocess_exec(*COMMAND, stdin=pipe, stdout=pipe, limit=LONGEST)
        except OSError as error:
            self.problem = f"its process cannot be started: {(error.strerror or 'unknown reason').lower()}"
            return
        self.starts += 1
        self.problem = ""
        hearing = asyncio.create_task(self._hear(process))
        changed = asyncio.create_task(self._changed.wait())
        try:
            self.say(order)
            await asyncio.wait({hearing, changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            await self._leave(process)
            hearing.cancel()
            self._process = None
            self.problem = self.problem or "its process ended without a word"

    async def _hear(self, process: Process) -> None:
        """Hand on all that it says, to its end."""
        if process.stdout is None:
            return
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:  # a line without an end: it is not one of ours any more
                self.problem = "its process says what cannot be read"
                return
            if not raw:
                return
            news = message(raw)
            if news is not None:
                self._take(news)

    def _take(self, news: JSON) -> None:
        if "failed" in news and "import" not in news:
            self.problem = str(news["failed"])
        self._heard(news)

    async def _leave(self, process: Process) -> None:
        """Let it end; end it where it does not."""
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), LEAVE_SECONDS)
        except (TimeoutError, asyncio.CancelledError) as why:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            if isinstance(why, asyncio.CancelledError):
                raise
