"""Where a search stopped and goes on: by start and id, so that what is stored meanwhile neither repeats nor hides a row. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.rows import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A row, in the order of start and id; a search goes on before it."""

    at_us: int  # microseconds since 1970
    id: int

    @property
    def words(self) -> str:
        """Return it as a reader carries it to the next page."""
        return f"{self.at_us}.{self.id}"


END = Place(2**62, 0)  # behind every row


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found, and where the next one begins; None = everything has been looked at."""

    ids: list[int]
    next: Place | None


def place_of(cursor: str, until: datetime | None = None) -> Place:
    """Return where a search begins: at the cursor, and not behind `until`. Raises: ValueError, in one line, for a cursor that is none."""
    bound = END if until is None else Place(microseconds(until), 0)
    if not cursor:
        return bound
    at, _, row = cursor.partition(".")
    if not (at.isdecimal() and row.isdecimal() and len(cursor) < 40):
        raise ValueError(f"{cursor[:40]!r} is not a cursor: begin without one, then use the one that came with the page before")
    return min(bound, Place(int(at), int(row)))


def look(rows: Iterable[tuple[int, int, int]], limit: int, most: int) -> Found:
    """Go through rows (start, id, whether it fits), the newest first, until so many fit or so many have been looked at."""
    ids: list[int] = []
    for count, (at_us, row, fits) in enumerate(rows, 1):
        if fits:
            ids.append(row)
        if len(ids) == limit or count == most:
            return Found(ids, Place(at_us, row))
    return Found(ids, None)


def newest(rows: Iterable[tuple[int, int]], limit: int) -> Found:
    """Return the newest of rows (start, id) from several looks, each of which went as far as `limit`."""
    ordered = sorted(rows, reverse=True)
    ids = [row for _, row in ordered[:limit]]
    return Found(ids, Place(*ordered[limit - 1]) if len(ordered) >= limit else None)
