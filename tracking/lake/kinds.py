"""What a lake keeps: each kind's columns, which of them says its day, and what is added to them on the disk."""

from __future__ import annotations

from hashlib import md5

from tracking.lake.kinds_prober import NEWEST, PROBER, TIME_OF_PROBER, TRIPS
from tracking.schema import KINDS, Column

__all__ = ["NEWEST", "REPLACED", "SEQUENCE", "SHOWN", "STORED", "TIME_OF", "TOMBSTONES", "TRIPS", "WHOLE", "names", "nothing", "shape"]

SEQUENCE = Column("sequence", "BIGINT", "the commit that wrote this row; a tombstone of a later one takes it away")
TOMBSTONES = (Column("part_of", "VARCHAR", "a component whose older rows are no more"), SEQUENCE)
REPLACED = frozenset({"hops", "legs", "flows"})  # by component, through tombstones
WHOLE = frozenset({"offsets"})  # replaced as a whole by each correlation

SHOWN = {**KINDS, **PROBER}  # what readers see
STORED = {
    **{kind: (*of, SEQUENCE) if kind in REPLACED or kind in NEWEST else of for kind, of in SHOWN.items()},
    "tombstones": TOMBSTONES,
}  # what the files hold
TIME_OF = {
    "lines": "time",
    "events": "time",
    "hops": "coalesce(arrived_at, left_at)",
    "legs": "time",
    "flows": "coalesce(entered_at, left_at)",
    "offsets": "cast(null as timestamp)",
    **TIME_OF_PROBER,
    "tombstones": "cast(null as timestamp)",
}  # the expression that says a row's day


def shape(of: tuple[Column, ...]) -> str:
    """Return a short name of these columns: files of one shape are read together."""
    text = ",".join(f"{column.name} {column.type}" for column in of)
    return md5(text.encode(), usedforsecurity=False).hexdigest()[:8]


def names(of: tuple[Column, ...]) -> str:
    """Return the columns' names for a SELECT."""
    return ", ".join(f'"{column.name}"' for column in of)


def nothing(of: tuple[Column, ...]) -> str:
    """Return a SELECT of no rows with these columns."""
    return "select " + ", ".join(f'cast(null as {column.type}) as "{column.name}"' for column in of) + " where false"
