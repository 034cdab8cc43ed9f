"""What a lake keeps: each kind's columns, which of them says its day, and what is added to them on the disk."""

from __future__ import annotations

from hashlib import md5

from tracking.schema import KINDS, Column, columns

TRIPS = columns("""
trip                | VARCHAR   | its name: the domain, or the entry under `trips:`
site                | VARCHAR   | where the prober stands
domain              | VARCHAR   | the receiving domain
message_id          | VARCHAR   | with its brackets: ties it to its flow
started_at          | TIMESTAMP | by the prober's clock
outcome             | VARCHAR   | probe.values.Outcome; only finished trips are kept
submit_seconds      | DOUBLE    |
transit_seconds     | DOUBLE    |
retrieve_seconds    | DOUBLE    |
total_seconds       | DOUBLE    |
uncertainty_seconds | DOUBLE    |
folder              | VARCHAR   |
level               | VARCHAR   |
said                | VARCHAR   |
submitted_at        | TIMESTAMP | when the conversation began that handed it over
""")
SEQUENCE = Column("sequence", "BIGINT", "the commit that wrote this row; a tombstone of a later one takes it away")
TOMBSTONES = (Column("part_of", "VARCHAR", "a component whose older rows are no more"), SEQUENCE)
REPLACED = frozenset({"hops", "legs", "flows"})  # by component, through tombstones
WHOLE = frozenset({"offsets"})  # replaced as a whole by each correlation

SHOWN = {**KINDS, "trips": TRIPS}  # what readers see
STORED = {
    **{kind: (*of, SEQUENCE) if kind in REPLACED else of for kind, of in SHOWN.items()},
    "tombstones": TOMBSTONES,
}  # what the files hold
TIME_OF = {
    "lines": "time",
    "events": "time",
    "hops": "coalesce(arrived_at, left_at)",
    "legs": "time",
    "flows": "coalesce(entered_at, left_at)",
    "offsets": "cast(null as timestamp)",
    "trips": "started_at",
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
