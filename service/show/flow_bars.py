"""Bars of a waterfall in letters: where each lies on one axis of time, and how its parts share its cells. Pure; knows no screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from service.show.bar import shares
from service.show.flow_words import span_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from service.show.flow_rows import Row

HALF_FROM = 36  # cells; a shorter axis has no mark in its middle


@dataclass(frozen=True, slots=True)
class Axis:
    """A span of time laid over so many cells."""

    begin: datetime
    end: datetime
    cells: int

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return (self.end - self.begin).total_seconds()

    def cell(self, at: datetime) -> int:
        """Return in which cell a time lies."""
        if self.seconds <= 0:
            return 0
        share = (at - self.begin).total_seconds() / self.seconds
        return min(max(int(share * self.cells), 0), self.cells - 1)


def axis_of(rows: Iterable[Row], cells: int) -> Axis | None:
    """Return the axis on which all rows have room; None where none has a time."""
    times = [at for row in rows for at in ends(row)]
    return Axis(min(times), max(times), cells) if times else None


def ends(row: Row) -> tuple[datetime, ...]:
    """Return where a row's bar begins and ends, the earlier first; nothing where it has no time."""
    if row.begun_at is None:
        return ()
    end = row.begun_at + timedelta(seconds=row.seconds or 0.0)
    return min(row.begun_at, end), max(row.begun_at, end)


def bar(row: Row, axis: Axis) -> str:
    """Return a row's bar with the blanks before it; what took no time is one cell."""
    times = ends(row)
    if not times:
        return ""
    first, last = (axis.cell(at) for at in times)
    cells = max(last - first, 1) if times[1] < axis.end else last - first + 1
    drawn = "".join(letter * count for letter, count in shares(dict(row.letters), cells).items())
    return " " * first + drawn


def scale(axis: Axis) -> str:
    """Return the line above the bars: `0        2.10 s        4.20 s`."""
    last = span_text(axis.seconds)
    if axis.seconds <= 0:
        return "0"
    half = span_text(axis.seconds / 2)
    middle = axis.cells // 2
    line = "0" + (f"{'|':>{middle}} {half}" if axis.cells >= HALF_FROM else "")
    return line + f"{last:>{axis.cells - len(line)}}"
