"""Notices that a file has changed: by its identity, size and time of change, looked at every two seconds, a symbolic link followed.

Looking works where inotify does not (network file systems, container volumes whose links are swapped), and costs one stat(2).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LOOK_SECONDS = 2.0
Mark = tuple[int, int, int, int]


def mark(path: Path) -> Mark | None:
    """Return what changes when the file's content does; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


async def changes(path: Path, look_seconds: float = LOOK_SECONDS) -> AsyncIterator[None]:
    """Yield each time the file has changed and then stayed the same for one look: an editor may still be writing.

    A file that vanishes is no change; what comes in its place is.
    """
    known = mark(path)
    before = known
    while True:
        await asyncio.sleep(look_seconds)
        now = mark(path)
        if now is not None and now != known and now == before:
            known = now
            yield
        before = now
