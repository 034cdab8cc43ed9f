"""The one task that writes: gathers what waits and commits it as a group, whatever the disk does.

The theory. A commit costs one wait for the disk however much it holds, so results linger a moment to come together; who waits for an
answer (`do`, `settle`) is not made to linger. While the disk refuses, rows go back to the front of the bounded queue and the commit is
tried again, less and less often; works are refused at once, for their callers can do better than wait.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from store.errors import StoreError, of_the_disk
from store.inserter import Failure

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from store.inserter import Row, Work
    from store.waiting import Waiting

log = logging.getLogger("mailsonde.store")

LINGER_SECONDS = 0.25
BATCH_ROWS = 2_000
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 15.0


class Disk(Protocol):
    """Where commits go."""

    async def commit(self, rows: Sequence[Row], works: Sequence[Work]) -> tuple[list[Row], list[Any]]:
        """Make all of it durable. Returns: the rows that can never be written, and what each work returned or its Failure."""

    def tell(self, error: BaseException) -> str:
        """Return what an error of the disk means, in one line."""


@dataclass(slots=True)
class Order:
    """A work and who waits for what it returns."""

    work: Work
    answer: asyncio.Future[Any]


class Writer:
    """Commits in groups until `end`. `broken` says why nothing is written now; "" = all is well."""

    def __init__(self, disk: Disk, waiting: Waiting[Row]) -> None:
        self._disk = disk
        self._waiting = waiting
        self._orders: list[Order] = []
        self._urgent = asyncio.Event()
        self._something = asyncio.Event()
        self._ending = False
        self._retry_seconds = 0.0
        self._task: asyncio.Task[None] | None = None
        self.broken = ""
        self.committed = 0
        self.last_commit_seconds = 0.0

    def start(self) -> None:
        """Begin to write, on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="store writer")

    def wake(self) -> None:
        """Say that something waits."""
        self._something.set()

    async def do(self, work: Work) -> Any:
        """Do a work in the next commit; return what it returned once that stands on the disk. Raises: StoreError, what the work raises."""
        if self._ending:
            raise StoreError("the store is closed")
        return await self._do(work)

    async def _do(self, work: Work) -> Any:
        order = Order(work, asyncio.get_running_loop().create_future())
        self._orders.append(order)
        self._something.set()
        self._urgent.set()
        return await order.answer

    async def settle(self) -> bool:
        """Wait until all that was put so far is on the disk or lost. Returns False when the disk takes nothing now."""
        target = self._waiting.put_total
        while self._waiting.settled < target:
            try:
                await self._do(lambda _: None)
            except StoreError:
                return False
        return True

    async def end(self, seconds: float) -> None:
        """Write what waits, for so long at the most, and stop."""
        self._ending = True
        with suppress(TimeoutError, StoreError):
            async with asyncio.timeout(seconds):
                await self.settle()
                await self._do(lambda _: None)  # after the works that are under way
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._refuse("the store is closed")

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            await self._linger()
            if self._waiting or self._orders or self.broken:
                await self._commit()
            else:
                self._something.clear()

    async def _linger(self) -> None:
        """Let results come together, unless there are enough of them, or somebody waits; and let a bad disk be."""
        seconds = self._retry_seconds or (LINGER_SECONDS if len(self._waiting) < BATCH_ROWS else 0.0)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._urgent.wait(), seconds)
        self._urgent.clear()

    async def _commit(self) -> None:
        orders, self._orders = self._orders, []
        rows = self._waiting.take(BATCH_ROWS)
        works = [order.work for order in orders] or ([] if rows else [_try])
        began = monotonic()
        try:
            refused, done = await self._disk.commit(rows, works)
        except Exception as error:  # noqa: BLE001 - this task must outlive every error, or nothing is ever written again
            self._failed(error, orders)
            return
        except asyncio.CancelledError:
            self._waiting.give_back()
            self._orders = orders + self._orders
            raise
        self.last_commit_seconds = monotonic() - began
        self._went_well(rows, refused)
        for order, value in zip(orders, done, strict=False):  # nobody waits for a try
            _answer(order, value)

    def _went_well(self, rows: Sequence[Row], refused: Sequence[Row]) -> None:
        self._waiting.kept(refused)
        self.committed += len(rows) - len(refused)
        self._retry_seconds = 0.0
        if refused:
            log.error("results could not be written", extra={"facts": {"lost": len(refused)}})
        if self.broken:
            log.info("the store is written again", extra={"facts": {"waiting": len(self._waiting), "lost": self._waiting.lost}})
        self.broken = ""

    def _failed(self, error: Exception, orders: Sequence[Order]) -> None:
        self._waiting.give_back()
        self._retry_seconds = min(max(2 * self._retry_seconds, FIRST_RETRY_SECONDS), LAST_RETRY_SECONDS)
        said = self._disk.tell(error)
        if said != self.broken:
            log.error(said, exc_info=None if of_the_disk(error) else error, extra={"facts": {"waiting": len(self._waiting)}})
        self.broken = said
        self._orders = [*orders, *self._orders]
        self._refuse(said)

    def _refuse(self, said: str) -> None:
        orders, self._orders = self._orders, []
        for order in orders:
            _answer(order, Failure(StoreError(said)))


def _try(connection: sqlite3.Connection) -> None:
    """Write something, to learn whether the disk takes it again."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('tried', hex(randomblob(8)))")


def _answer(order: Order, value: Any) -> None:
    if order.answer.done():  # whoever asked has gone
        return
    if isinstance(value, Failure):
        order.answer.set_exception(value.error)
    else:
        order.answer.set_result(value)
