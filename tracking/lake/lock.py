"""One writer at a time: a lock on `<lake>/lock` that names its holder. It outlives no process. Readers take none.

The file is never removed, for whoever removes it can remove another's.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from tracking.errors import TrackError
from tracking.lake.durable import PRIVATE, make_folder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

NAME = "lock"


class Lock:
    """The right to write a lake, held from here until `release` or the end of the process.

    Args:
        lake: its folder; made if there is none.
        command: what the holder does, for whom it keeps waiting: `probe serve`.
        now: since when.

    Raises: TrackError.
    """

    __slots__ = ("_descriptor",)

    def __init__(self, lake: Path, command: str, now: datetime) -> None:
        self._descriptor = _open(lake)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            who = os.pread(self._descriptor, 200, 0).decode("utf-8", "replace").strip()
            os.close(self._descriptor)
            raise TrackError(_refusal(lake, who, error)) from None
        with suppress(OSError):  # a full disk takes no name; the lock holds all the same
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()} ({command}, since {now:%Y-%m-%d %H:%M:%S} UTC)\n".encode(), 0)

    def release(self) -> None:
        """Let others write."""
        os.close(self._descriptor)


def _open(lake: Path) -> int:
    try:
        make_folder(lake)
        return os.open(lake / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    except (FileExistsError, NotADirectoryError):
        raise TrackError(f"{lake} is not a folder: a lake is one; name another place with --lake") from None
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise TrackError(f"the lake {lake} cannot be written: {why}; name another place with --lake") from None


def _refusal(lake: Path, who: str, error: OSError) -> str:
    if not isinstance(error, BlockingIOError):
        return f"the lake {lake} cannot be locked: {(error.strerror or '').lower()}; put it on a local disk"
    holder = f"process {who}" if who else "another process"
    return f"the lake {lake} is being written by {holder}: wait for it, or end it first"
