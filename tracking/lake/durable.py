"""Makes files last: what is written is on the disk, under its name, before anything speaks of it. Raises OSError as it comes."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE = 0o600  # of a lake's files: they hold addresses
FOLDER = 0o700


def sync_file(path: Path) -> None:
    """Put a file's bytes on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    sync_file(folder)


def settle(temporary: Path, path: Path) -> None:
    """Give a finished temporary file its name, for good: bytes first, then the name."""
    temporary.chmod(PRIVATE)
    sync_file(temporary)
    temporary.rename(path)
    sync_folder(path.parent)


@contextmanager
def discarded_on_error(temporary: Path) -> Iterator[None]:
    """Leave no half file behind where writing it fails."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file at once: who reads it sees the old content or the new, whole."""
    temporary = path.with_name(f"{path.name}.tmp")
    with discarded_on_error(temporary):
        temporary.write_bytes(content)
        settle(temporary, path)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that they outlast a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(FOLDER, exist_ok=True)
    sync_folder(folder.parent)
