"""Each way in which the disk can refuse has its sentence; what was asked wrongly is not the disk's doing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.errors import SENTENCES, StoreError, is_damage, of_the_disk, tell

PATH = Path("/var/lib/mailsonde.db")
READ_ONLY = f"{PATH} cannot be written: it, its folder or its file system is read-only"
IN_USE = f"{PATH} is in use by another program: close it there"
TOLD = {
    sqlite3.SQLITE_FULL: f"there is no room on the disk for {PATH}: free some, and what waits in memory is written by itself",
    sqlite3.SQLITE_IOERR: f"the disk fails under {PATH} (SQLITE_SOMETHING): look at the disk and at the system's log",
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: f"{PATH} cannot be opened: look at the permissions of the file and of its folder",
    sqlite3.SQLITE_CORRUPT: f"{PATH} is damaged (it says so): stop the service and put a backup in its place with `probe restore`",
    sqlite3.SQLITE_NOTADB: f"{PATH} is not a store of Mailsonde: move it away, or name another file at store.path",
    sqlite3.SQLITE_BUSY: IN_USE,
    sqlite3.SQLITE_LOCKED: IN_USE,
    sqlite3.SQLITE_PROTOCOL: IN_USE,
    sqlite3.SQLITE_NOMEM: f"there is no memory left to work on {PATH}",
    sqlite3.SQLITE_NOLFS: f"the file system cannot hold a file as large as {PATH}",
    sqlite3.SQLITE_INTERRUPT: f"the work on {PATH} was interrupted",
}


def error_of(code: int) -> sqlite3.Error:
    """Return an error as SQLite raises it: with the extended code, whose low byte is the primary one."""
    error = sqlite3.OperationalError("it says so")
    error.sqlite_errorcode = code | 3 << 8
    error.sqlite_errorname = "SQLITE_SOMETHING"
    return error


@pytest.mark.parametrize("code", SENTENCES)
def test_every_refusal_of_the_disk_says_what_to_do(code: int) -> None:
    assert tell(error_of(code), PATH) == TOLD[code]
    assert of_the_disk(error_of(code))
    assert is_damage(error_of(code)) == (code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def test_errors_of_the_system_and_our_own_keep_their_words() -> None:
    assert tell(PermissionError(13, "Permission denied"), PATH) == f"{PATH} cannot be used: Permission denied"
    assert tell(StoreError("the store is closed"), PATH) == "the store is closed"


def test_what_was_asked_wrongly_is_not_the_disks_doing() -> None:
    with pytest.raises(sqlite3.OperationalError) as wrong, closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("SELECT nonsense")
    assert not of_the_disk(wrong.value)
    assert tell(wrong.value, PATH) == f"{PATH} refuses what was asked of it (no such column: nonsense)"
    assert not of_the_disk(KeyError("no"))
