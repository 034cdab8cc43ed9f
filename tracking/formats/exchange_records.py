"""Lines into records, where a quoted field may hold line breaks (exports): pure, by the parity of quotes.

A record stands at its last line; the lines before it are its beginning. A batch may cut a record: what is open is carried, and goes on
with the next batch's first line. A quote that nobody closes must not swallow the file: a record of more than MOST lines is none, its first
line is damaged, and reading goes on behind it. Only lines with an odd number of quotes can open or close anything, so clean files cost
nothing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 200  # lines of a record
LONGEST = 1 << 20  # characters of what is carried


@dataclass(slots=True)
class Records:
    """What was found: records of several lines, the lines that only begin them, and what is still open at the end."""

    whole: dict[int, str] = field(default_factory=dict)  # number of the last line -> the record
    beginnings: list[int] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def _width(text: str, delimiter: str) -> int:
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return 0
    return len(rows[0]) if len(rows) == 1 else 0


def gather(lines: Iterable[tuple[int, str]], carried: Sequence[str], shape: tuple[int, str]) -> Records:
    """Put records of several lines together. `lines` in order, numbered; `shape`: fields of a record, and what is between."""
    found = Records()
    numbers: list[int] = []
    parts = list(carried)
    for number, line in lines:
        odd = line.count('"') % 2 == 1
        if not parts:
            if odd:
                parts, numbers = [line], [number]
            continue
        parts, numbers = [*parts, line] if not odd else parts, [*numbers, number] if not odd else numbers
        if odd:
            _close(found, (parts, numbers), (number, line), shape)
            parts, numbers = (found.open, [number]) if found.open else ([], [])
            found.open = []
        elif len(parts) > MOST:
            parts, numbers = [], []  # nobody closes it: its lines stand for themselves
    if sum(map(len, parts)) <= LONGEST:
        found.open = parts
        found.beginnings += numbers
    return found


def _close(found: Records, opened: tuple[list[str], list[int]], last: tuple[int, str], shape: tuple[int, str]) -> None:
    """End a record at a line that closes its quote, if it has the right number of fields; else that line opens one of its own."""
    parts, numbers = opened
    number, line = last
    text = "\n".join([*parts, line])
    width, delimiter = shape
    if _width(text, delimiter) == width:
        found.whole[number] = text
        found.beginnings += numbers
    else:
        found.open = [line]
