"""One process at a time: a lock on a file beside the store, which names the process that holds it. It outlives no process.

The lock is `flock` on `<store>.lock`, not on the store itself: closing any descriptor of a database drops SQLite's own locks on it.
The file is never removed, for whoever removes it can remove another's.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from store.errors import StoreError
from store.files import open_or_make

if TYPE_CHECKING:
    from pathlib import Path


class Lock:
    """The right to open a store, held from here until `release` or the end of the process.

    Raises: StoreError, naming the process that holds it, or saying why the folder cannot be written.
    """

    __slots__ = ("_descriptor",)

    def __init__(self, store: Path) -> None:
        beside = store.with_name(f"{store.name}.lock")
        try:
            self._descriptor = open_or_make(beside)
        except OSError as error:
            raise StoreError(_no_file(beside, error)) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(self._descriptor)
            os.close(self._descriptor)
            raise StoreError(_refusal(store, holder, error)) from None
        with suppress(OSError):  # a full disk takes no name; the lock holds all the same
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let others open the store."""
        os.close(self._descriptor)


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()


def _no_file(beside: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no folder {beside.parent}: make it, or name another file at store.path"
    return f"{beside} cannot be written: {error.strerror}; let the service write in that folder"


def _refusal(store: Path, holder: str, error: OSError) -> str:
    if not isinstance(error, BlockingIOError):
        return f"{store} cannot be locked: {error.strerror}; put the store on a local disk"
    who = f"process {holder}" if holder.isdecimal() else "another process"
    return f"{store} is in use by {who}: speak to that one, or end it first"
