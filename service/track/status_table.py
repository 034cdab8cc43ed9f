"""Tables of `probe track status`: one row each where the screen has room, else two lines; into a pipe whatever the width, all of it.

Of a path that is too long the head is cut: files of one folder differ in their ends.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from service.words import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

NO_WIDTH = 100_000  # columns of a pipe
GAP = "  "
LEAST_NAME = 24  # cells


@dataclass(frozen=True, slots=True)
class Head:
    """One column."""

    name: str
    words: str = ""  # what stands there on a narrow screen: `{} lines`; "" = in the first of its two lines
    path: bool = False  # this one is cut where room is short


def screen() -> Console:
    """Return this terminal; a pipe as wide as it takes, unless COLUMNS says otherwise."""
    wide = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else NO_WIDTH
    return Console(highlight=False, emoji=False, markup=False, soft_wrap=False, width=wide)


def print_rows(heads: Sequence[Head], rows: Iterable[Sequence[str]], console: Console) -> None:
    """Print a table, whole or cut at the heads of its paths down to `LEAST_NAME` cells, else two lines a row."""
    told = [[harmless(cell) for cell in row] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip([head.name for head in heads], *told, strict=True)]
    at = next(number for number, head in enumerate(heads) if head.path)
    room = console.width - sum(widths) + widths[at] - len(GAP) * (len(widths) - 1)
    if room < min(widths[at], LEAST_NAME):
        _print_narrow(heads, told, console)
        return
    widths[at] = min(widths[at], room)
    names = [head.name for head in heads]
    _print(_line(heads, names, widths), console, "bold")
    for row in told:
        _print(_line(heads, row, widths), console)


def _line(heads: Sequence[Head], row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (_padded(tail(cell, width), width, right=bool(head.words)) for head, cell, width in zip(heads, row, widths, strict=True))
    return GAP.join(cells).rstrip()


def _padded(text: str, cells: int, *, right: bool) -> str:
    blanks = " " * (cells - cell_len(text))
    return blanks + text if right else text + blanks


def _print_narrow(heads: Sequence[Head], rows: Sequence[Sequence[str]], console: Console) -> None:
    for row in rows:
        others = sum(cell_len(cell) + len(GAP) for head, cell in zip(heads, row, strict=True) if not head.words and not head.path)
        room = max(console.width - others, LEAST_NAME)
        named = [tail(cell, room) if head.path else cell for head, cell in zip(heads, row, strict=True) if not head.words]
        _print(GAP.join(named), console)
        counts = [head.words.format(cell) for head, cell in zip(heads, row, strict=True) if head.words and cell != "-"]
        for line in _packed(counts, console.width - len(GAP)):
            _print(f"{GAP}{line}", console)


def _packed(parts: Iterable[str], cells: int) -> list[str]:
    """Return the parts in as few lines as they need, none of them broken."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and cell_len(longer) <= cells:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _print(line: str, console: Console, style: str = "") -> None:
    console.print(Text(line, style), soft_wrap=True)


def tail(text: str, cells: int) -> str:
    """Return the end of a text in at most so many cells; what is cut off are its first letters."""
    if cell_len(text) <= cells:
        return text
    while text and cell_len(text) > cells - len(".."):
        text = text[1:]
    return f"..{text}"


def ago(lag: timedelta) -> str:
    """Return how long ago that is: `3 s`, `5 min`, `7 h`, `12 d`."""
    seconds = max(lag.total_seconds(), 0.0)
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"
