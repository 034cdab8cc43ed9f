"""What `probe backup` and `probe restore` do, with a progress bar where it takes long. Errors are one line each."""

from __future__ import annotations

import asyncio
import tarfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import click

from service.commands.reach import control_of, places_of
from service.control_client import ControlError, NotRunning
from service.rounds.aside import aside
from service.show.progress import Progress
from service.show.status_show import megabytes
from store.backup import backup, restore
from store.errors import StoreError
from store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from service.commands.reach import Places, Where
    from service.control_client import Control

MEGABYTE = 1_000_000
PATIENCE_SECONDS = 6 * 3_600.0  # a store of many gigabytes on a slow disk


@contextmanager
def _one_line() -> Iterator[None]:
    """Turn what the service or the store says into what the user reads."""
    try:
        yield
    except (ControlError, StoreError) as error:
        raise click.ClickException(str(error)) from error


async def save(where: Where, target: Path) -> str:
    """Make a backup; return what was saved, in words. Raises: click.ClickException."""
    _refuse(target)
    with _one_line():
        control = control_of(where)
        try:
            await _by_service(control, target)
        except NotRunning:
            await _by_hand(places_of(where.file), target)
    return _saved(target)


# -- by the service


async def _by_service(control: Control, target: Path) -> None:
    """Have the service write the file. Raises: ControlError, NotRunning where there is none."""
    store = control.get("/status")["store"]
    total = store["file_bytes"] if store else 0
    growing = target.with_name(f"{target.name}.partial")
    patient = replace(control, patience_seconds=PATIENCE_SECONDS)
    async with Progress(total // MEGABYTE, "MB", lambda: min(total, size_of(growing)) // MEGABYTE):
        await aside(lambda: patient.post("/backup", path=str(target)))
    _require_here(target)


def _refuse(target: Path) -> None:
    if not target.parent.is_dir():
        raise click.ClickException(f"there is no folder {target.parent}: make it, or name another file")
    if target.exists() or target.is_symlink():
        raise click.ClickException(f"{target} is already there: name another file")


def _require_here(target: Path) -> None:
    """Raise click.ClickException where the service has put the file into a folder that we do not see."""
    if not target.exists():
        why = "it sees other folders than this command (a container, or PrivateTmp): name a file beside its store"
        raise click.ClickException(f"the service has written {target}, but not here: {why}")


def size_of(path: Path) -> int:
    """Return a file's bytes; 0 where there is none."""
    with suppress(OSError):
        return path.stat().st_size
    return 0


# -- by ourselves


async def _by_hand(places: Places, target: Path) -> None:
    """Open the store and pack it. Raises: StoreError."""
    if not places.store.is_file():
        raise StoreError(f"there is no store {places.store} to save: `probe serve` makes it, and fills it")
    keys = [path for path in (places.file, places.key) if path is not None and path.is_file()]
    heard = Heard()
    store = await Store.open(places.store)
    try:
        total = sum(size_of(path) for path in (places.store, *keys))
        async with Progress(total // MEGABYTE, "MB", lambda: heard.bytes // MEGABYTE):
            await backup(store, target, keys, heard)
    finally:
        await store.close()


class Heard:
    """Counts the bytes that are packed or unpacked; once stopped, it breaks the work off."""

    def __init__(self) -> None:
        self.bytes = 0
        self.stop = threading.Event()

    def __call__(self, count: int) -> None:
        """Count some more. Raises: StoreError once stopped."""
        self.bytes += count
        if self.stop.is_set():
            raise StoreError("the work was broken off")


def _saved(target: Path) -> str:
    """Return what is in a backup."""
    try:
        with tarfile.open(target, "r:") as tar:
            names = [PurePosixPath(name).name for name in tar.getnames()]
    except (OSError, tarfile.TarError) as error:
        raise click.ClickException(f"{target} was written, but cannot be read again ({type(error).__name__})") from None
    return f"saved {', '.join(names[:-1])} in {target} ({megabytes(size_of(target))}; it holds a key: keep it where nobody else reads)"


# -- back again


async def bring_back(archive: Path, folder: Path, *, force: bool) -> list[Path]:
    """Put a backup into a folder; return the files, the store first. Raises: click.ClickException; then the folder is as it was."""
    heard = Heard()
    total = size_of(archive)
    with _one_line():
        async with Progress(total // MEGABYTE, "MB", lambda: heard.bytes // MEGABYTE):
            return await _or_stopped(partial(restore, archive, folder, force=force, heard=heard), heard)


async def _or_stopped(work: Callable[[], list[Path]], heard: Heard) -> list[Path]:
    """Do it in a thread, and see it end also after Ctrl-C: it cleans up after itself."""
    doing = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        heard.stop.set()
        await asyncio.wait([doing])
        raise
