"""From any earlier schema to today's: numbered steps, each in a transaction of its own, so that a crash between two leaves a whole file.

`schema.sql` is what a new file gets. A file of a newer Mailsonde, and one that is not ours, are refused and left untouched.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from importlib.resources import files
from typing import TYPE_CHECKING

from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 2  # PRAGMA user_version of what schema.sql makes
APPLICATION = 0x4D736F6E  # PRAGMA application_id: "Mson"; how a file is known as ours


def _script(name: str) -> str:
    return files("store").joinpath(name).read_text("utf-8")


MIGRATIONS: dict[int, str] = {1: _script("to_2.sql")}  # version -> the script that leads from it to the next one


def schema() -> str:
    """Return the script that makes an empty file ours."""
    return _script("schema.sql")


def version_of(connection: sqlite3.Connection, path: Path, version: int = VERSION) -> int:
    """Return the version of the file, 0 = it is empty; nothing is written. Raises: StoreError when it is not ours, or newer."""
    if connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None:
        return 0
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION:
        raise StoreError(f"{path} is the database of another program: move it away, or name another file at store.path")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > version:
        raise StoreError(
            f"{path} was written by a newer Mailsonde (schema {found}, this one knows {version}): run that one, or restore an older backup"
        )
    return int(found)


def upgrade(connection: sqlite3.Connection, found: int, steps: Mapping[int, str] = MIGRATIONS, version: int = VERSION) -> None:
    """Lead a file of the version `found` to `version`. Raises: sqlite3.Error; the file then stands at the last step that went well."""
    if not found:
        _take(connection, f"PRAGMA application_id = {APPLICATION};\n{schema()}", version)
        return
    for number in range(found, version):
        _take(connection, steps[number], number + 1)


def _take(connection: sqlite3.Connection, script: str, version: int) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\n;PRAGMA user_version = {version};\nCOMMIT;")
    except sqlite3.Error:
        with suppress(sqlite3.Error):  # a full disk has rolled back by itself
            connection.execute("ROLLBACK")
        raise
