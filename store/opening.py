"""Opens the one connection: SQLite in WAL mode, each commit on the disk before it counts, and no other program beside us.

Exclusive locking keeps even a curious `sqlite3` prompt out: SQLite before 3.51.3 can lose a page when two connections reset the WAL at
once. What is not ours, damaged, newer or not writable is refused in one line.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from store.errors import StoreError, tell
from store.files import open_or_make
from store.migrations import upgrade, version_of

if TYPE_CHECKING:
    from pathlib import Path

BUSY_SECONDS = 1.0  # how long to wait for another program that holds the file
STATEMENTS = 256  # prepared statements kept
CACHE_KIB, CACHE_KIB_MOST = 1_024, 32_768  # pages of the file that are kept in memory: this, and a page per check, but never more
PAGE_KIB = 4
CHECKPOINT_PAGES = 4_096  # 16 MiB of log are moved into the database at once: the same pages change again and again
PRAGMAS = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # of a new file: so that retention can give room back in slices
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    "PRAGMA journal_size_limit = 67108864",  # bytes
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = FAST",  # blank what was deleted where that costs no extra write: Debian's default blanks it all
    "PRAGMA trusted_schema = OFF",
)


def open_connection(path: Path) -> sqlite3.Connection:
    """Return the connection, its schema today's; made on the thread that will use it. Raises: StoreError."""
    try:
        os.close(open_or_make(path))  # made by us: SQLite would let others read it, and conversations are private even without secrets
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=STATEMENTS)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(tell(error, path)) from None
    try:
        _prepare(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(tell(error, path)) from None
        raise
    return connection


def suit_cache(connection: sqlite3.Connection, checks: int) -> None:
    """Keep as many pages as so many checks write to: each has one of its own in the index by check.

    SQLite takes all that it may, with what was written hours ago: a small service would grow for hours, and have nothing of it.
    """
    connection.execute(f"PRAGMA cache_size = -{min(CACHE_KIB + PAGE_KIB * checks, CACHE_KIB_MOST)}")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    found = version_of(connection, path)  # before anything else: what is not ours is not touched
    for pragma in PRAGMAS:
        connection.execute(pragma).fetchall()
    upgrade(connection, found)
