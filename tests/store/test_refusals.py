"""A file that cannot be the store is refused in one line that says why and what to do, and is left as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from store.migrations import VERSION
from store.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
NOBODY = 65_534
HOLDER = """
import asyncio, sys
from pathlib import Path
from store.store import Store
async def hold():
    store = await Store.open(Path(sys.argv[1]))
    print("held", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()
asyncio.run(hold())
"""
PROMPT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


async def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as refused:
        await Store.open(path)
    return str(refused.value)


async def make(path: Path) -> Path:
    store = await Store.open(path)
    await store.close()
    return path


def spoil(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody may enter, seen by somebody who is not root."""
    folder = Path(tempfile.mkdtemp(prefix="ms-store-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def held(program: str, path: Path) -> subprocess.Popen[str]:
    """Start a program that opens the file; return when it says so."""
    line = [sys.executable, "-c", program, str(path)]
    process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


async def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = await make(tmp_path / "s.db")
    spoil(path, "PRAGMA user_version = 7")
    before = path.read_bytes()
    told = f"{path} was written by a newer Mailsonde (schema 7, this one knows {VERSION}): run that one, or restore an older backup"
    assert await refusal(path) == told
    assert path.read_bytes() == before


async def test_a_store_in_use_names_the_process(tmp_path: Path) -> None:
    path = await make(tmp_path / "s.db")
    with held(HOLDER, path) as process:
        assert await refusal(path) == f"{path} is in use by process {process.pid}: speak to that one, or end it first"
        with closing(sqlite3.connect(path, timeout=0)) as curious, pytest.raises(sqlite3.OperationalError, match="database is locked"):
            curious.execute("SELECT count(*) FROM runs")
    await make(path)


async def test_another_program_that_writes_in_the_file_is_told_of(tmp_path: Path) -> None:
    path = await make(tmp_path / "s.db")
    with held(PROMPT, path):
        assert await refusal(path) == f"{path} is in use by another program: close it there"
    await make(path)


async def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_text("a letter to the editor\n" * 100)
    assert await refusal(path) == f"{path} is not a store of Mailsonde: move it away, or name another file at store.path"
    assert path.read_text().startswith("a letter")


async def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    spoil(path, "CREATE TABLE songs (name TEXT)")
    before = path.read_bytes()
    assert await refusal(path) == f"{path} is the database of another program: move it away, or name another file at store.path"
    assert path.read_bytes() == before


async def test_a_damaged_schema_is_refused(tmp_path: Path) -> None:
    path = await make(tmp_path / "s.db")
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * 3_996
    path.write_bytes(data)
    told = f"{path} is damaged (database disk image is malformed): stop the service and put a backup in its place with `probe restore`"
    assert await refusal(path) == told


async def test_a_folder_that_is_not_there_and_one_in_the_place_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "no" / "s.db"
    assert await refusal(path) == f"there is no folder {path.parent}: make it, or name another file at store.path"
    assert await refusal(tmp_path) == f"{tmp_path} cannot be used: Is a directory"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave files to another user")
async def test_a_folder_and_a_file_that_cannot_be_written(open_folder: Path) -> None:
    path = await make(open_folder / "s.db")
    path.chmod(0o444)
    beside = open_folder / "s.db.lock"
    os.seteuid(NOBODY)
    try:
        told = await refusal(path)
        os.seteuid(0)
        beside.chmod(0o666)
        os.seteuid(NOBODY)
        second = await refusal(path)
    finally:
        os.seteuid(0)
    assert told == f"{beside} cannot be written: Permission denied; let the service write in that folder"
    assert second == f"{path} cannot be used: Permission denied"
