"""Makes the files of the store: for their owner alone to read, and with names that outlast a power cut. Raises OSError as it comes."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def open_or_make(path: Path) -> int:
    """Open a file for reading and writing, for nobody else to read; return its descriptor. What root makes is the folder's owner's.

    Raises: OSError.
    """
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)  # follows no link that the owner may have laid
    except FileExistsError:
        return os.open(path, flags)
    sync_folder(path.parent)
    if os.geteuid() == 0:
        with suppress(OSError):  # a file system without owners
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
