"""Read a file from where it was left to its last whole line, as chunks of clean lines, each with the state after it.

A state and its chunk are one thing: whoever stores both or neither, in one transaction, gets each line exactly once, whatever is killed.
A half-written last line waits, unless the file is finished. A file that is emptied or replaced under our hands gives what was read before
that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracking.collect.clean import LONGEST, Cleaned, shorten
from tracking.collect.forms import form_of
from tracking.collect.identity import HEAD, Trail, digest, has_head, windows
from tracking.collect.known import fresh, moved, unpacked
from tracking.collect.values import UNREAD, Chunk, FileState, Found, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracking.collect.unpack import Limits, Unpacked

BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True, slots=True)
class Batch:
    """How large a chunk becomes: it ends with the first block that reaches a limit, and with the file."""

    limit_bytes: int = 1 << 26
    limit_lines: int = 200_000
    block: int = BLOCK
    unpacking: Limits | None = None


def read(found: Found, state: FileState | None = None, *, batch: Batch | None = None, flush: bool | None = None) -> Iterator[Chunk]:
    """Give the lines behind the state (None: all), in chunks.

    `flush`: the last line is whole even without its end; by default when the file is finished or packed. Raises Unreadable, also when the
    file no longer holds what the state says.
    """
    batch = batch or Batch()
    with unpacked(found.path, batch.unpacking) as content:
        about = content.about
        found = replace(found, device=about.st_dev, inode=about.st_ino, size=about.st_size, mtime_ns=about.st_mtime_ns)
        ending = found.finished or bool(content.packing) if flush is None else flush
        start = state or fresh(found, content, (), flush=ending)
        if start is None:
            return
        yield from _Reader(content, found, start).chunks(batch, flush)


def _resumed(content: Unpacked, state: FileState, opening: bytes) -> Trail:
    """Go to the state's offset; prove head and tail on the way. Raises Unreadable."""
    before = windows(content, [state.offset]).get(state.offset)
    if not has_head(state, opening) or before is None or digest(before) != state.tail:
        raise Unreadable(f"{state.name}: no longer holds what was read of it: it was replaced just now, look at it again")
    return Trail(state.offset, before, state.marks, state.firsts, state.comments or not state.offset)


class _Reader:
    """One reading of one file, from a state on."""

    def __init__(self, content: Unpacked, found: Found, state: FileState) -> None:
        self._content, self._found, self._state = content, found, state
        content.rewind()
        self._opening = content.read_fully(HEAD)
        self._form, self._trail = form_of(self._opening), _resumed(content, state, self._opening)
        self._rest = b""  # read, not whole yet
        self._unended = state.unended  # a line end that comes now belongs to a line that was handed out without it
        self._long: tuple[bytes, int, Trail] | None = None  # a line too long: its beginning, its length so far, the trail behind it
        self._clear()

    def _clear(self) -> None:
        self._parts: list[bytes] = []
        self._bytes = self._lines = self._repaired = self._cut = 0

    def chunks(self, batch: Batch, flush: bool | None) -> Iterator[Chunk]:
        block = self._block(batch.block)
        while block:
            self._feed(block)
            block = self._block(batch.block)
            if self._bytes >= batch.limit_bytes or self._lines >= batch.limit_lines:
                yield self._chunk(done=not block)
        finished = self._found.finished or (bool(self._content.packing) and self._content.whole)
        if finished if flush is None else flush:
            self._flush()
        self._state = replace(self._state, finished=finished)
        if self._lines or self._content.notes:
            yield self._chunk(tuple(self._content.notes), done=True)

    def _block(self, size: int) -> bytes:
        """Read on; nothing when the end is reached, or when the file no longer begins as it did: then the block is not of our file."""
        block = self._content.read(size)
        if block and not self._content.packing and not self._content.still(self._opening):
            self._content.notes.append("was emptied or replaced while it was read: the rest is looked for under its other name")
            return b""
        return block

    def _feed(self, block: bytes) -> None:
        if self._unended:
            block = self._swallow(block)
        if self._long:
            block = self._shorten(block)
        data = self._rest + block if self._rest else block
        end = self._form.whole(data)
        self._take(data[:end], self._form.lines(data[:end]))
        self._rest = data[end:]
        if len(self._rest) > LONGEST:
            self._long = (self._rest[:LONGEST], len(self._rest), self._trail.after(self._rest))
            self._rest = b""

    def _swallow(self, block: bytes) -> bytes:
        end = next((mark for mark in (b"\r\n", b"\n") if block.startswith(mark)), b"")
        self._unended = False
        self._trail = self._trail.after(end)
        return block[len(end) :]

    def _shorten(self, block: bytes) -> bytes:
        """Leave out the rest of a line that is too long; return what follows it."""
        assert self._long is not None  # noqa: S101 its caller looked
        kept, length, trail = self._long
        end = self._form.again(block)
        if not end:
            self._long = (kept, length + len(block), trail.after(block))
            return b""
        self._long, self._trail = None, trail.after(block[:end])
        self._add(self._beginning(kept, length + len(block[:end].rstrip(b"\r\n\0"))))
        return block[end:]

    def _beginning(self, kept: bytes, length: int) -> Cleaned:
        """Return the line that stands for one that was too long."""
        safe = self._form.lines(kept).text.split(b"\n")[0]
        return Cleaned(shorten(safe, length) + b"\n", 1, cut=1)

    def _take(self, raw: bytes, cleaned: Cleaned) -> None:
        if raw:
            self._trail = self._trail.after(raw)
            self._add(cleaned)

    def _add(self, cleaned: Cleaned) -> None:
        self._parts.append(cleaned.text)
        self._bytes += len(cleaned.text)
        self._lines += cleaned.lines
        self._repaired += cleaned.repaired
        self._cut += cleaned.cut

    def _flush(self) -> None:
        """Take the last line as it is."""
        if self._long:
            kept, length, self._trail = self._long
            self._add(self._beginning(kept, length))
        elif self._rest:
            self._take(self._rest, self._form.lines(self._rest))
        else:
            return
        self._rest, self._long, self._unended = b"", None, True

    def _chunk(self, notes: tuple[str, ...] = (), *, done: bool) -> Chunk:
        trail, before = self._trail, self._state
        text = b"".join(self._parts)
        if not before.offset:
            text = text.removeprefix(b"\xef\xbb\xbf")
        self._state = replace(
            moved(before, self._found),
            offset=trail.offset,
            line=before.line + self._lines,
            tail=digest(trail.before),
            marks=trail.marks,
            firsts=trail.firsts,
            comments=trail.comments,
            unended=self._unended,
            size=self._found.size if done else UNREAD,
        )
        chunk = Chunk(
            *(before.file_id, self._found.name, self._found.path, before.line + 1, self._lines, text, self._state),
            *(self._repaired, self._cut, notes, self._content.done_bytes),
        )
        self._clear()
        return chunk
