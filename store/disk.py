"""The file as it lies on the disk: one thread's connection to it, whether it still lies where it was opened, and how large it is.

A file that is deleted or replaced while it is open takes every write and keeps none: so it is looked at before each commit, and nothing
is acknowledged while it is gone. A deleted write-ahead log is made anew from what the connection still holds.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import aiosqlite

from store.errors import StoreError, tell
from store.inserter import Inserter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from store.inserter import Row, Work

T = TypeVar("T")
Mark = tuple[int, int]  # device and inode: which file it is, whatever its name


class Connection(aiosqlite.Connection):
    """aiosqlite's connection and thread, with a whole function as the unit of work: a group commit is one hop to the thread, not five."""

    async def opened(self) -> Connection:
        """Open it; return itself. What the connector raises comes when the thread has ended: aiosqlite alone would leave it running."""
        self._thread.daemon = True  # a process that fails without closing must end: what was acknowledged stands
        try:
            await self
        except BaseException:
            await asyncio.to_thread(self._thread.join)
            raise
        return self

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do a work on the connection's thread, after all that was asked for before."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call] # aiosqlite has no type for its own worker
        return done


class Disk:
    """Commits to one open file, and knows how it is."""

    def __init__(self, path: Path, connection: Connection) -> None:
        self.path = path
        self.bytes = 0  # of the database and its write-ahead log, after the last commit
        self._log = path.with_name(f"{path.name}-wal")
        self._connection = connection
        self._inserter = Inserter()
        self._mark = _mark(path)
        self._log_mark = _mark(self._log)
        self._measure()

    async def commit(self, rows: Sequence[Row], works: Sequence[Work]) -> tuple[list[Row], list[Any]]:
        """Make all of it durable. Returns: the rows that can never be written, and what each work returned, or its Failure."""
        return await self.run(lambda connection: self._commit(connection, rows, works))

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do a work on the connection's thread."""
        return await self._connection.run(work)

    async def close(self) -> None:
        """Close the connection; SQLite moves what is in the log into the database."""
        await self._connection.close()

    def tell(self, error: BaseException) -> str:
        """Return what an error means, in one line."""
        return tell(error, self.path)

    def _commit(self, connection: sqlite3.Connection, rows: Sequence[Row], works: Sequence[Work]) -> tuple[list[Row], list[Any]]:
        self._look(connection)
        done = self._inserter.commit(connection, rows, works)
        self._measure()
        return done

    def _look(self, connection: sqlite3.Connection) -> None:
        if _mark(self.path) != self._mark:
            raise StoreError(f"{self.path} was deleted or replaced while in use: put it back, or restart the service to begin anew")
        if self._log_mark is not None and _mark(self._log) != self._log_mark:
            self._make_log(connection)

    def _make_log(self, connection: sqlite3.Connection) -> None:
        """Move what the lost log held into the database, and begin a new log."""
        self._log_mark = None
        for mode in ("DELETE", "WAL"):
            connection.execute(f"PRAGMA journal_mode = {mode}").fetchall()

    def _measure(self) -> None:
        self._log_mark = self._log_mark or _mark(self._log)
        self.bytes = sum(_size(path) for path in (self.path, self._log))


def _mark(path: Path) -> Mark | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
