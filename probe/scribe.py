"""Writes what is known of trips into their ledger, in groups, one after the other, and says when it stands there. Nobody waits for a disk.

While the disk is busy the next group gathers; of each trip only its newest word is written, for that holds the whole of it. What the disk
refuses is kept and tried again. It refuses to stop the probing: a ledger that cannot be written makes trips mortal, no more.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from probe.passage import Passage

log = logging.getLogger("mailsonde.trips")

RETRY_SECONDS = 5.0  # until what the disk has refused is tried again
SETTLE_SECONDS = 1.0  # at the end, for a disk that may hang
OWED_LIMIT = 10_000  # trips that wait for a disk which refuses; the newest are kept


class Ledger(Protocol):
    """Where passages are kept, durable, across restarts. What the disk does to a `write` raises nothing."""

    async def claim(self, names: Collection[str], now: datetime) -> list[Passage]:
        """Return the trips that former runs left: those of the named journeys, and those that nobody has claimed for far too long.

        A trip that had ended, but whose run was killed before it could tell, comes with its outcome.
        """

    async def write(self, passages: Sequence[Passage]) -> bool:
        """Put the passages on the disk. Returns whether all of them stand there. An outcome that stands is never changed."""


class Scribe:
    """The one who writes in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._new: dict[str, Passage] = {}  # by token
        self._writing: dict[str, Passage] = {}  # the group on its way
        self._owed: dict[str, Passage] = {}  # refused by the disk
        self._coming: asyncio.Future[bool] = asyncio.get_running_loop().create_future()  # of the group that gathers
        self._task: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None

    @property
    def owed(self) -> int:
        """Return how many trips the disk has refused to take."""
        return len(self._owed)

    def owes(self, token: str) -> bool:
        """Return whether the latest word on a trip does not stand on the disk yet."""
        return any(token in words for words in (self._new, self._writing, self._owed))

    def put(self, passage: Passage) -> asyncio.Future[bool]:
        """Have this written. Returns what will say whether it stands on the disk: only then may its message be deleted."""
        self._new[passage.letter.token] = passage
        self._wake()
        return self._coming

    async def settle(self) -> None:
        """Try once more what was refused, and wait until all that was put is written or refused; for a disk that hangs not for long."""
        self._again()
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while self._task is not None:
                    await asyncio.shield(self._task)
        if self._task is not None:
            self._task.cancel()
        if self._retry is not None:
            self._retry.cancel()

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write(), name="ledger of trips")

    async def _write(self) -> None:
        try:
            while self._new:
                await self._write_group()
        finally:
            self._task = None
        if self._owed:
            self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self._again)

    def _again(self) -> None:
        self._new, self._owed = self._owed | self._new, {}
        if self._new:
            self._wake()

    async def _write_group(self) -> None:
        group = self._writing = self._owed | self._new
        self._new, self._owed = {}, {}
        told, self._coming = self._coming, asyncio.get_running_loop().create_future()
        stands = False
        try:
            stands = await self._ledger.write(list(group.values()))
        except Exception:
            log.exception("our own error in the ledger of trips")
        finally:
            if not stands:
                left = {token: passage for token, passage in group.items() if token not in self._new}
                self._owed = dict(islice(left.items(), max(0, len(left) - OWED_LIMIT), None))
            self._writing = {}
            told.set_result(stands)
