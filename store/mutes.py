"""Silences and windows of maintenance that people made while the service ran, with who, why and when: no row ever goes.

Reports ask long after what was being worked on, so what is over is ended, never deleted. Those of the configuration are not here.
A reader sees the mutes that may concern one of his domains.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from store.incident_rows import whole
from store.mute_rows import MAINTENANCES, SILENCES, Kept, T, maintenance_of, maintenance_values, silence_of, silence_values
from store.readable import readable
from store.rows import microseconds
from thresholds.incident_values import Maintenance, Mutes, Silence
from thresholds.limits import fits
from thresholds.mutes import in_force as holds
from thresholds.mutes import stamp
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from store.store import Store
    from thresholds.scope import Scope

__all__ = [
    "Kept",
    "add_maintenance",
    "add_silence",
    "cancel_maintenance",
    "expire_silence",
    "in_force",
    "maintenances",
    "mutes",
    "silences",
]


@dataclass(frozen=True, slots=True)
class _Table(Generic[T]):
    """Where one kind of them stands."""

    noun: str
    name: str
    rows: str  # the query that `of` reads
    of: Callable[[Sequence[Any]], Kept[T]]
    end: str  # expression: what the index is by

    @property
    def since(self) -> str:
        """Return the query for those that end after :since, the newest first."""
        return f"{self.rows} INDEXED BY {self.name}_by_end WHERE {self.end} > :since ORDER BY made_us DESC, id"


_SILENCES = _Table("silence", "silences", SILENCES, silence_of, "coalesce(ended_us, expires_us)")
_MAINTENANCES = _Table("maintenance", "maintenances", MAINTENANCES, maintenance_of, "coalesce(ended_us, ends_us)")
NEW_SILENCE = """
    INSERT INTO silences (id, scene, author, reason, made_us, expires_us) VALUES (:id, :scene, :author, :reason, :made, :expires)
"""
NEW_MAINTENANCE = """
    INSERT INTO maintenances (id, scene, author, reason, made_us, begins_us, ends_us)
    VALUES (:id, :scene, :author, :reason, :made, :begins, :ends)
"""


# -- made and ended


async def add_silence(store: Store, silence: Silence) -> None:
    """Remember a silence. Raises: ValueError when it never holds or its id is taken; StoreError."""
    if silence.expires_at <= silence.made_at:
        raise ValueError("a silence ends after it begins")
    await _add(store, _SILENCES, NEW_SILENCE, silence_values(silence))


async def add_maintenance(store: Store, window: Maintenance, now: datetime) -> None:
    """Remember a window that comes once, made now. Raises: ValueError when it is none, or its id is taken; StoreError."""
    await _add(store, _MAINTENANCES, NEW_MAINTENANCE, maintenance_values(window, now))


async def expire_silence(store: Store, silence: str, by: str, now: datetime) -> Silence:
    """End a silence now; return it with its end. Raises: LookupError when there is none, ValueError when it is over; StoreError."""
    return await _end(store, _SILENCES, silence, by, now)


async def cancel_maintenance(store: Store, window: str, by: str, now: datetime) -> Maintenance:
    """Call a window off, or end it now; return it with its end, which is its beginning when it never was. Raises: as expire_silence."""
    return await _end(store, _MAINTENANCES, window, by, now)


async def _add(store: Store, table: _Table[T], statement: str, values: Mapping[str, Any]) -> None:
    try:
        await store.transact(lambda connection: connection.execute(statement, values))
    except sqlite3.IntegrityError:
        raise ValueError(f"there is a {table.noun} {values['id']} already") from None


async def _end(store: Store, table: _Table[T], known: str, by: str, now: datetime) -> T:
    one = f"{table.rows} WHERE id = ?"
    end = f"UPDATE {table.name} SET ended_us = ?, ended_by = ? WHERE id = ?"  # noqa: S608 - names of ours

    def work(connection: sqlite3.Connection) -> T:
        row = connection.execute(one, (known,)).fetchone()
        if row is None:
            raise LookupError(f"there is no {table.noun} {known}")
        if not readable([(known, row)], table.of):
            raise ValueError(f"the {table.noun} {known} cannot be read, and so mutes nothing: it is left alone")
        _refuse_over(table, table.of(row), now)
        connection.execute(end, (microseconds(now), whole(by), known))
        return table.of(connection.execute(one, (known,)).fetchone()).mute

    return await store.transact(work)


def _refuse_over(table: _Table[T], kept: Kept[T], now: datetime) -> None:
    """Raise ValueError when it has ended by itself or by hand."""
    if kept.ended_at is not None:
        raise ValueError(f"the {table.noun} {kept.mute.id} was ended by {kept.ended_by} at {stamp(kept.ended_at)}")
    if kept.wanted_until <= now:
        raise ValueError(f"the {table.noun} {kept.mute.id} ended at {stamp(kept.wanted_until)}")


# -- asked for


async def silences(store: Store, scope: Scope, since: datetime | None = None) -> list[Kept[Silence]]:
    """Return the silences that the reader may see, the newest first; only those that end after `since`, where that is said.

    Raises: StoreError.
    """
    return await _all(store, scope, _SILENCES, since)


async def maintenances(store: Store, scope: Scope, since: datetime | None = None) -> list[Kept[Maintenance]]:
    """Return the windows of maintenance likewise, those that were called off included."""
    return await _all(store, scope, _MAINTENANCES, since)


async def mutes(store: Store, now: datetime) -> Mutes:
    """Return all that is in force or to come: for whoever mutes by it, not for readers. Raises: StoreError."""
    quiet, worked_on = await silences(store, EVERYTHING, now), await maintenances(store, EVERYTHING, now)
    return Mutes(tuple(kept.mute for kept in quiet), tuple(kept.mute for kept in worked_on))


async def in_force(store: Store, scope: Scope, at: datetime) -> Mutes:
    """Return what held at a moment (aware), however long ago. Raises: StoreError."""
    quiet, worked_on = await silences(store, scope, at), await maintenances(store, scope, at)
    windows = tuple(kept.mute for kept in worked_on if holds(kept.mute, at))
    return Mutes(tuple(kept.mute for kept in quiet if kept.made_at <= at), windows)


async def _all(store: Store, scope: Scope, table: _Table[T], since: datetime | None) -> list[Kept[T]]:
    values = {"since": -1 if since is None else microseconds(since)}
    rows = await store.read(lambda connection: connection.execute(table.since, values).fetchall())
    found = readable(((row[0], row) for row in rows), table.of)
    return [kept for kept in found if _concerns(scope, kept.mute.scene.domain)]


def _concerns(scope: Scope, pattern: str) -> bool:
    """Say whether a mute of these domains may be one of the reader's."""
    return scope.domains is None or any(fits(pattern, domain) for domain in scope.domains)
