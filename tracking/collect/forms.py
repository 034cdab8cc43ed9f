"""How bytes divide into whole lines: plain text, UTF-16 with a byte order mark, the journal's two forms. Known by the first bytes.

A form takes from a buffer what is whole, and gives it as clean lines; it keeps nothing between two calls, so that reading may begin at any
place where it once ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.collect import journal
from tracking.collect.clean import Cleaned, clean

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Form:
    """One way to divide bytes into lines."""

    whole: Callable[[bytes], int]  # how many bytes of the buffer are whole lines or entries
    lines: Callable[[bytes], Cleaned]  # those bytes as clean lines; a last one without its end is taken as it is
    again: Callable[[bytes], int]  # where, behind something too long, a new line begins; 0 = not in these bytes


def _whole(data: bytes) -> int:
    return data.rfind(b"\n") + 1


def _again(data: bytes) -> int:
    return data.find(b"\n") + 1


def _ended(data: bytes) -> bytes:
    return data if data.endswith(b"\n") or not data else data + b"\n"


def _plain(data: bytes) -> Cleaned:
    return clean(_ended(data))


def _wide(codec: str, newline: bytes) -> Form:
    """Make the form of a UTF-16: half a pair at the end waits for its other half."""

    def whole(data: bytes) -> int:
        end = data.rfind(newline)
        while end >= 0 and end % 2:
            end = data.rfind(newline, 0, end + 1)
        return end + 2 if end >= 0 else 0

    def again(data: bytes) -> int:
        end = data.find(newline)
        while end >= 0 and end % 2:
            end = data.find(newline, end + 1)
        return end + 2 if end >= 0 else 0

    def lines(data: bytes) -> Cleaned:
        text = data.decode(codec, "replace").removeprefix("\ufeff")
        cleaned = clean(_ended(text.encode("utf-8")))
        return Cleaned(cleaned.text, cleaned.lines, cleaned.repaired + text.count("\ufffd"), cleaned.cut)

    return Form(whole, lines, again)


def _entries(data: bytes) -> int:
    return max((end for end, _ in journal.entries(data)), default=0)


def _export(data: bytes) -> Cleaned:
    lines = [journal.line_of(fields) for _, fields in journal.entries(data + b"\n") if fields]
    return clean(_ended(b"\n".join(lines)))


def _next_entry(data: bytes) -> int:
    return data.find(b"\n\n__CURSOR=") + 2 if b"\n\n__CURSOR=" in data else 0


def _json(data: bytes) -> Cleaned:
    return clean(b"".join(journal.json_line(raw) + b"\n" for raw in _ended(data).split(b"\n")[:-1]))


PLAIN = Form(_whole, _plain, _again)
EXPORT = Form(_entries, _export, _next_entry)
JSON = Form(_whole, _json, _again)
WIDE_LITTLE, WIDE_BIG = _wide("utf-16-le", b"\n\0"), _wide("utf-16-be", b"\0\n")


def form_of(head: bytes) -> Form:
    """Say how a content with these first bytes (up to 4096) divides into lines."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return WIDE_LITTLE if head[0] == 0xFF else WIDE_BIG
    if journal.is_export(head):
        return EXPORT
    return JSON if journal.is_json(head) else PLAIN
