"""What the store says when it cannot do its work: one line that names the file, what is wrong with it, and what to do.

`tell` is the one border at which SQLite's and the system's errors become ours; what is not of the disk's making stays as it is.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StoreError(Exception):
    """The store cannot do what was asked of it; str() is one line that says what is wrong and what to do."""


SENTENCES = {  # primary result code of SQLite -> what it means here, and what to do; these are the disk's doing, never a statement's
    sqlite3.SQLITE_FULL: "there is no room on the disk for {path}: free some, and what waits in memory is written by itself",
    sqlite3.SQLITE_IOERR: "the disk fails under {path} ({name}): look at the disk and at the system's log",
    sqlite3.SQLITE_READONLY: "{path} cannot be written: it, its folder or its file system is read-only",
    sqlite3.SQLITE_PERM: "{path} cannot be written: it, its folder or its file system is read-only",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened: look at the permissions of the file and of its folder",
    sqlite3.SQLITE_CORRUPT: "{path} is damaged ({error}): stop the service and put a backup in its place with `probe restore`",
    sqlite3.SQLITE_NOTADB: "{path} is not a store of Mailsonde: move it away, or name another file at store.path",
    sqlite3.SQLITE_BUSY: "{path} is in use by another program: close it there",
    sqlite3.SQLITE_LOCKED: "{path} is in use by another program: close it there",
    sqlite3.SQLITE_PROTOCOL: "{path} is in use by another program: close it there",
    sqlite3.SQLITE_NOMEM: "there is no memory left to work on {path}",
    sqlite3.SQLITE_NOLFS: "the file system cannot hold a file as large as {path}",
    sqlite3.SQLITE_INTERRUPT: "the work on {path} was interrupted",
}


def _code(error: sqlite3.Error) -> int:
    """Return the primary result code; 0 when the module itself complains."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def of_the_disk(error: BaseException) -> bool:
    """Say whether the world stands in the way (it may go well later), not what was asked."""
    return isinstance(error, StoreError | OSError) or (isinstance(error, sqlite3.Error) and _code(error) in SENTENCES)


def is_damage(error: BaseException) -> bool:
    """Say whether what is stored is spoiled: that does not go away by itself."""
    return isinstance(error, sqlite3.Error) and _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def tell(error: BaseException, path: Path) -> str:
    """Return the line for a screen and for the log."""
    if isinstance(error, StoreError):
        return str(error)
    if isinstance(error, OSError):
        return f"{path} cannot be used: {error.strerror}"
    if isinstance(error, sqlite3.Error) and _code(error) in SENTENCES:
        return SENTENCES[_code(error)].format(path=path, error=error, name=error.sqlite_errorname)
    return f"{path} refuses what was asked of it ({error})"
