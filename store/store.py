"""What is remembered: one file, one process, one connection, one writer. Refuses to stop the probing, and to promise what may be lost.

`put` is for results: they wait in a bounded queue for the next group commit, and the oldest are lost, and counted, when the disk takes
nothing for long. `transact` is for what must not be lost: it returns when it stands on the disk. `read` asks, between commits.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Self, TypeVar

from store.conversations import KEPT, Keeper
from store.disk import Connection, Disk
from store.errors import StoreError, is_damage, of_the_disk
from store.lock import Lock
from store.opening import open_connection
from store.rows import RunRow, run_row
from store.trip_rows import trip_row
from store.values import TripRun
from store.waiting import Waiting
from store.writer import Writer
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.inserter import Row
    from store.values import Run

__all__ = ["Store", "StoreError", "StoreHealth"]

T = TypeVar("T")
log = logging.getLogger("mailsonde.store")

QUEUE_LIMIT = 50_000  # results that wait for the disk: 50 s of the heaviest load, about 75 MB
CONVERSATIONS_LIMIT = 2_000  # no conversation is added to a longer queue
CLOSE_SECONDS, LEAST_CLOSE_SECONDS = 3.0, 0.5  # for all of it; for the file itself, whatever came before


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How the store is, in plain values for metrics and pages."""

    queued: int  # results that wait for the disk
    committed: int  # results written since the store was opened
    lost: int  # results lost since then
    broken: str  # why nothing is written now, or what was found damaged, in one line; "" = all is well
    file_bytes: int  # the database and its write-ahead log
    last_commit_seconds: float  # how long the last group commit took


class Store:
    """One per file and process. Make it with `open`."""

    def __init__(self, disk: Disk, lock: Lock, queue_limit: int) -> None:
        self._disk = disk
        self._lock = lock
        self._keeper = Keeper()
        self._waiting: Waiting[Row] = Waiting(queue_limit, self._forget)
        self._writer = Writer(disk, self._waiting)
        self._told = 0  # losses that a flush has told of
        self._damaged = ""
        self._closed = False

    @classmethod
    async def open(cls, path: Path, queue_limit: int = QUEUE_LIMIT) -> Self:
        """Return the store in this file, which is made when it is not there; its folder must be.

        Raises: StoreError, in one line: newer version, held by another process (its pid), not writable, damaged, not ours.
        """
        lock = Lock(path)
        try:
            connection = await Connection(lambda: open_connection(path), iter_chunk_size=64).opened()
        except BaseException:
            lock.release()
            raise
        store = cls(Disk(path, connection), lock, queue_limit)
        try:
            store._keeper.resume(await store.read(lambda connection: connection.execute(KEPT).fetchall()))
        except BaseException:
            await store.close()
            raise
        store._writer.start()
        return store

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self._disk.path

    @property
    def health(self) -> StoreHealth:
        """Return how the store is now."""
        writer, waiting = self._writer, self._waiting
        broken = writer.broken or self._damaged
        return StoreHealth(len(waiting), writer.committed, waiting.lost, broken, self._disk.bytes, writer.last_commit_seconds)

    def put(self, *items: Run | TripRun) -> None:
        """Queue results for the next group commit; a trip under way is not stored. Never blocks, never raises."""
        for item in items:
            try:
                row = trip_row(item) if isinstance(item, TripRun) else self._run_row(item)
            except Exception:
                log.exception("a result cannot be put into words: it is lost")
                self._waiting.lost += 1
                continue
            if self._closed:
                self._waiting.lost += 1
            elif row is not None:
                self._waiting.put(row)
        self._writer.wake()

    async def flush(self) -> bool:
        """Write at once. Returns whether everything put so far stands on the disk.

        False: some was lost since the last flush (it is counted), or the disk takes nothing now (it waits; `health.broken` says why).
        """
        whole = await self._writer.settle()
        told, self._told = self._told, self._waiting.lost
        return whole and self._told == told

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do a work within the next group commit; return what it returned once that stands on the disk.

        The work runs on the store's thread, must be quick and must not commit; it is undone alone when it raises.

        Raises: StoreError when it could not be made durable, and what the work raises.
        """
        value: T = await self._writer.do(work)
        return value

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Ask on the store's thread, between commits; must be quick (under 100 ms). Raises: StoreError, what the query raises."""
        if self._closed:
            raise StoreError("the store is closed")
        try:
            return await self._disk.run(query)
        except sqlite3.Error as error:
            if not of_the_disk(error):
                raise
            said = self._disk.tell(error)
            if is_damage(error):
                self._damaged = said
            raise StoreError(said) from None

    async def close(self) -> None:
        """Commit what waits, within a few seconds, and let others have the file. One that hangs is left to the end of the process."""
        if self._closed:
            return
        began = monotonic()
        await self._writer.end(CLOSE_SECONDS)
        self._closed = True
        if len(self._waiting):
            log.error("results could not be written before the end", extra={"facts": {"lost": len(self._waiting)}})
        self._waiting.lose_all()
        closing = asyncio.get_running_loop().create_task(self._disk.close())
        await asyncio.wait([closing], timeout=max(LEAST_CLOSE_SECONDS, began + CLOSE_SECONDS - monotonic()))
        if not closing.done():
            closing.cancel()
            log.error("the store did not close: the disk of %s does not answer", self.path)
            return
        try:
            closing.result()
        except sqlite3.Error as error:
            log.error("the store did not close well: %s", self._disk.tell(error))  # noqa: TRY400 - the line says all
        self._lock.release()

    def _run_row(self, run: Run) -> RunRow:
        kept = None
        if len(self._waiting) < CONVERSATIONS_LIMIT:
            result = run.result
            kept = self._keeper.keep_as(result.check.name, result.started_at.timestamp(), good=run.verdict.level is Level.OK)
        return run_row(run, kept)

    def _forget(self, row: Row) -> None:
        if isinstance(row, RunRow) and row.conversation is not None:
            self._keeper.forget(row.identity[0])
