"""Backup of a store that is written meanwhile, and restore. A backup is one moment of the store: the one at which it began.

The theory. In WAL mode the database file itself changes only when the log is moved into it. So the log is emptied once and then only
grows until the file is packed, in a process of its own; the writing goes on, the probes are not slowed, and the store has one connection.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from store.archive import unpack
from store.errors import StoreError
from store.files import sync_folder
from store.lock import Lock
from store.opening import CHECKPOINT_PAGES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Callable, Sequence

    from store.store import Store


async def backup(store: Store, target: Path, keys: Sequence[Path] = (), heard: Callable[[int], None] = lambda _: None) -> None:
    """Pack the store and the key files into `target`, a new tar that only its owner can read. `heard` is told the bytes as they are packed.

    Raises: StoreError, in one line; then there is no such file.
    """
    async with _still(store):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "store.archive"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            failed = await _converse(process, _request(store.path, keys, target), heard)
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            raise
        finally:
            await process.wait()
            target.with_name(f"{target.name}.partial").unlink(missing_ok=True)
    if failed or process.returncode:
        raise StoreError(failed or f"{target} was not packed: the packing process ended with {process.returncode}")


def _request(store: Path, keys: Sequence[Path], target: Path) -> bytes:
    asked = {"store": str(store.absolute()), "keys": [str(key.absolute()) for key in keys], "target": str(target.absolute())}
    return json.dumps(asked).encode() + b"\n"


async def _converse(process: asyncio.subprocess.Process, request: bytes, heard: Callable[[int], None]) -> str:
    """Ask the process to pack and hear it out. Returns: why it failed, "" = it went well."""
    if process.stdin is None or process.stdout is None:
        return "the packing process has no pipes"
    process.stdin.write(request)
    await process.stdin.drain()
    failed = ""
    async for line in process.stdout:
        sign, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
        if sign == "+":
            heard(int(rest))
        else:
            failed = rest
    return failed


@asynccontextmanager
async def _still(store: Store) -> AsyncIterator[None]:
    """Leave the database file as it is, every committed row in it, while the log takes what comes."""
    hold = _Hold()
    try:
        await store.read(hold.take)
        yield
    finally:
        with suppress(StoreError):  # closed meanwhile: closing has moved the log
            await store.read(hold.leave)


class _Hold:
    """The right to keep the log from being moved. Broken off at any moment, it is left if it was taken: both run on the store's thread."""

    def __init__(self) -> None:
        self._held = False

    def take(self, connection: sqlite3.Connection) -> None:
        """Move the log into the file a last time. Raises: StoreError when another has the hold."""
        if connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,):
            raise StoreError("another backup is under way: wait until it has ended")
        connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        self._held = True
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError("the store's log cannot be emptied now: try again")

    def leave(self, connection: sqlite3.Connection) -> None:
        """Let the log be moved again."""
        if self._held:
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}").fetchall()


def restore(archive: Path, folder: Path, *, force: bool = False, heard: Callable[[int], None] = lambda _: None) -> list[Path]:
    """Put a backup into `folder`: the store, and its keys under keys/. Returns: the files, the store first. Blocks; call it in a thread.

    Unless `force`, the folder must be empty or not there; with it, files of the same names are replaced, once the backup has proved good.

    Raises: StoreError, in one line; then the folder is as it was.
    """
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise StoreError(f"{folder} is not empty: name an empty folder, or use --force to replace what is there")
    made = not folder.exists()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as beside:
            names = unpack(archive, Path(beside), heard)
            return _place(Path(beside), [Path(name) for name in names], folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from None
    finally:
        if made:
            with suppress(OSError):  # not empty: it went well
                folder.rmdir()


def _place(beside: Path, names: Sequence[Path], folder: Path) -> list[Path]:
    """Move the files into place while nobody uses the store. An old log must go before its store: it would spoil the new one."""
    store = folder / names[0].name
    lock = Lock(store)
    try:
        for ending in ("-wal", "-shm", "-journal"):
            store.with_name(f"{store.name}{ending}").unlink(missing_ok=True)
        placed = [store if index == 0 else folder / name for index, name in enumerate(names)]
        for name, path in zip(names, placed, strict=True):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            (beside / name).rename(path)
        sync_folder(folder)
    finally:
        lock.release()
    return placed
