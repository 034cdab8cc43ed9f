"""The bytes of a file, unpacked as a stream: gzip, bzip2, xz and zstd, known by their first bytes and not by a name; several members too.

What is cut short or damaged gives what there is, and a note. A bomb gives what a log could have held, and a note: at most 1000 times its
own size (real logs: up to 200) once that is over 256 MiB, and 1 TiB in all.
"""

from __future__ import annotations

import bz2
import lzma
import os
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 1 << 18  # bytes of a packed file read at once
_MAGIC = ((b"\x1f\x8b\x08", "gzip"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")  # a block begins, or the end of an empty one; "BZh" alone may be text
_LONGEST_MAGIC = 10
_SKIPPABLE = tuple(bytes([0x50 + number]) + b"\x2a\x4d\x18" for number in range(16))  # RFC 8878 3.1.2: a zstd frame without content


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a packed file may unpack to."""

    ratio: int = 1000
    free_bytes: int = 1 << 28  # below it the ratio is not looked at
    total_bytes: int = 1 << 40


class Decoder(Protocol):
    """One packed member, as the standard library's decompressors are."""

    @property
    def eof(self) -> bool:
        """The member's end was reached."""

    @property
    def needs_input(self) -> bool:
        """Nothing more comes out before something goes in."""

    @property
    def unused_data(self) -> bytes:
        """What went in and lies behind the member's end."""

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Take packed bytes, return at most so many unpacked ones; the rest comes with the next call."""


class _Gzip:
    """One gzip member: zlib's object with the face of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._problem: zlib.error | None = None
        self.eof, self.needs_input, self.unused_data = False, True, b""

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        if self._problem:
            raise self._problem
        before, data = self._inner.copy(), self._inner.unconsumed_tail + data
        try:
            out = self._inner.decompress(data, max(max_length, 0))
        except zlib.error as problem:
            self._problem, self.needs_input = problem, False
            return _salvage(before, data)
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data
        self.needs_input = not self._inner.unconsumed_tail and len(out) < max_length
        return out


def _salvage(inner: zlib._Decompress, data: bytes) -> bytes:
    """Return what comes out before the damaged byte: zlib itself would keep it."""
    out = bytearray()
    with suppress(zlib.error):
        for place in range(len(data)):
            out += inner.decompress(data[place : place + 1])
    return bytes(out)


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": _Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=1 << 28),
    "zstd": zstd.ZstdDecompressor,
}
_BROKEN = (zlib.error, OSError, lzma.LZMAError, zstd.ZstdError, EOFError, ValueError)


def packing(head: bytes) -> str:
    """Name the packing that a file with these first bytes has; "" = none."""
    if head.startswith(_SKIPPABLE):
        return "zstd"
    if _BZIP2.match(head):
        return "bzip2"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")


class Unpacked:
    """One file's content. Not for two threads."""

    def __init__(self, file: IO[bytes], limits: Limits | None = None) -> None:
        self._file, self._limits = file, limits or Limits()
        self.about = os.fstat(file.fileno())
        self.packing = packing(file.read(_LONGEST_MAGIC))
        self.rewind()

    def rewind(self) -> None:
        """Begin again at the first byte."""
        self._file.seek(0)
        self._decoder: Decoder | None = None
        self._input = b""
        self.position = 0  # of the content
        self.done_bytes = 0  # of the file
        self.whole = not self.packing  # its end was reached, and is an end
        self._over = False
        self.notes: list[str] = []

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, and none only at the end. Raises OSError when the disk does."""
        if self.packing:
            data = b"" if self._over else self._unpack(size)
        else:
            data = self._file.read(size) or b""
            self.done_bytes += len(data)
        self.position += len(data)
        return data

    def skip_to(self, offset: int) -> bool:
        """Go on to an offset that is not behind us; False when the content ends before it."""
        if not self.packing:
            self.position = self.done_bytes = self._file.seek(min(offset, self._file.seek(0, os.SEEK_END)))
            return self.position == offset
        while self.position < offset and self.read(min(1 << 20, offset - self.position)):
            pass
        return self.position == offset

    def still(self, opening: bytes) -> bool:
        """Say whether a plain file still begins so; the place in it stays."""
        self._file.seek(0)
        same = self._file.read(len(opening)) == opening
        self._file.seek(self.position)
        return same

    def read_fully(self, size: int) -> bytes:
        """Return `size` bytes, fewer only when the content ends."""
        parts = []
        while size > 0 and (part := self.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _unpack(self, size: int) -> bytes:
        while not self._over:
            try:
                data = self._step(size)
            except _BROKEN as problem:
                self._stop(f"damaged at byte {self.done_bytes} of the {self.packing} file ({problem}): what follows is lost")
                break
            if data:
                return self._measured(data)
        return b""

    def _step(self, size: int) -> bytes:
        """Feed the decoder once; the end of a member begins the next."""
        decoder = self._decoder
        if decoder is None:
            return self._begin()
        if decoder.eof:
            self._input, self._decoder = decoder.unused_data + self._input, None
        elif not decoder.needs_input:
            return decoder.decompress(b"", size)
        elif self._input or self._fill():
            fed, self._input = self._input, b""
            return decoder.decompress(fed, size)
        else:
            self._stop("cut short: its end is missing")
        return b""

    def _begin(self) -> bytes:
        """Begin a member, or see that none follows: padding is nothing, anything else is junk."""
        while len(self._input) < _LONGEST_MAGIC and self._fill():
            pass
        if packing(self._input) == self.packing:
            self._decoder = DECODERS[self.packing]()
        else:
            junk = self._input.strip(b"\0") or self._rest()
            self._stop(
                f"something that is not {self.packing} follows after byte {self.done_bytes - len(self._input)}: left out" if junk else ""
            )
            self.whole = True
        return b""

    def _rest(self) -> bytes:
        """Look for what is not zero behind padding, block by block."""
        while self._input and self._fill():
            self._input = self._input.strip(b"\0") or b"\0"
            if self._input != b"\0":
                return self._input
        return b""

    def _fill(self) -> bool:
        data = self._file.read(BLOCK) or b""
        self.done_bytes += len(data)
        self._input += data
        return bool(data)

    def _measured(self, data: bytes) -> bytes:
        total = self.position + len(data)
        allowed = max(self._limits.free_bytes, self._limits.ratio * self.done_bytes)
        if total > min(allowed, self._limits.total_bytes):
            self._stop(f"unpacks to more than {self._limits.ratio} times its size, as no log does: stopped after {self.position} bytes")
            return b""
        return data

    def _stop(self, note: str) -> None:
        self._over = True
        if note:
            self.notes.append(note)
