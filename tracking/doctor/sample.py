"""Read the beginning and the end of a source's files: some thousand lines, however large they are. Reads, keeps nothing.

The newest files of a series say how it is written now; its oldest tells how far back it goes. Of a packed file only the beginning is read.
Raises Unreadable where a file cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tracking.collect.chunks import Batch, read
from tracking.collect.forms import form_of
from tracking.collect.identity import HEAD
from tracking.collect.opening import open_file
from tracking.collect.series import PACKED
from tracking.doctor.values import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.collect.values import Chunk, Found

LINES = 2000  # of a beginning, and of an end
END_BYTES = 1 << 19
NEWEST = 3  # files of a series, if the newest are short
_HEAD = Batch(limit_bytes=1 << 20, limit_lines=LINES, block=1 << 16)
JOURNAL = b"LPKSHHRH"  # systemd's own binary files


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read of one source."""

    windows: tuple[Window, ...]  # the oldest file's first
    oldest: Window | None  # the first lines of the series, where they are not among the windows


def opening(found: Found, most: int = HEAD) -> bytes:
    """Return the first bytes of a file, as they are on the disk. Raises: Unreadable."""
    with open_file(found.path) as file:
        return file.read(most)


def sample(files: Sequence[Found]) -> Sample:
    """Read of a series, oldest first, what is worth looking at. Raises: Unreadable."""
    taken: list[list[Window]] = []
    for found in list(reversed(files))[:NEWEST]:
        taken.append(_ends(found))
        if sum(window.text.count(b"\n") for each in taken for window in each) >= LINES:
            break
    windows = tuple(window for each in reversed(taken) for window in each)
    begun = _beginning(files[0]) if len(files) > len(taken) else None
    return Sample(windows, None if begun is None else _window(files[0], begun))


def _beginning(found: Found) -> Chunk | None:
    return next((chunk for chunk in read(found, batch=_HEAD) if chunk.lines), None)


def _window(found: Found, chunk: Chunk) -> Window:
    return Window(found.name, chunk.first_line, chunk.text, _written(found), begins=True)


def _written(found: Found) -> datetime:
    return datetime.fromtimestamp(found.mtime_ns / 1e9, UTC)


def _ends(found: Found) -> list[Window]:
    chunk = _beginning(found)
    if chunk is None:
        return []
    windows = [_window(found, chunk)]
    if not found.path.lower().endswith(PACKED):
        text = _end(found, chunk.state.offset)
        windows += [Window(found.name, chunk.lines + 1, text, _written(found), begins=False)] if text else []
    return windows


def _end(found: Found, after: int) -> bytes:
    """Return the last whole lines behind an offset; nothing where no line begins there."""
    with open_file(found.path) as file:
        form = form_of(file.read(HEAD))
        size = file.seek(0, 2)
        start = max(after, size - END_BYTES)
        start += (start - after) % 2  # of UTF-16 no half letter
        file.seek(start)
        data = file.read(max(size - start, 0)) or b""
    if start > after:
        data = data[form.again(data) or len(data) :]
    lines = form.lines(data[: form.whole(data)]).text.splitlines(keepends=True) if data else []
    return b"".join(lines[-LINES:])
