"""Incidents as they are remembered: saved with their changes in one transaction, given back whole to whoever watches over them.

The rows of `changes` that are not muted are the outbox: what is saved is told sooner or later, and nothing is told that is not saved. What
readers ask, each within his Scope: store/incident_reads.py, handed on from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.incident_reads import IncidentPage, WantedIncidents, changes_of, deliveries_of, find, one
from store.incident_rows import change_values, incident_of, incident_values, told_apart
from store.readable import readable
from store.rows import MICRO, microseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from store.store import Store
    from thresholds.incident_values import Change, Incident

__all__ = [
    "IncidentPage",
    "WantedIncidents",
    "changes_of",
    "deliveries_of",
    "find",
    "one",
    "open_incidents",
    "recently_closed",
    "save",
    "update",
]

# An older word never replaces a newer one; when it opened stands.
SET = """
    cause_kind = :cause_kind, cause_name = :cause_name, level = :level, began_us = :began, closed_us = :closed, told = :told,
    acknowledged = :acknowledged, changes = :changes, line = :line
"""
SAVE = f"""
    INSERT INTO incidents (id, cause_kind, cause_name, level, began_us, opened_us, closed_us, told, acknowledged, changes, line)
    VALUES (:id, :cause_kind, :cause_name, :level, :began, :opened, :closed, :told, :acknowledged, :changes, :line)
    ON CONFLICT (id) DO UPDATE SET {SET} WHERE :changes >= incidents.changes
"""  # noqa: S608 - a constant
UPDATE = f"UPDATE incidents SET {SET} WHERE id = :id AND changes <= :changes"  # noqa: S608 - a constant
TOUCH = """
    INSERT OR IGNORE INTO incident_domains (domain, opened_us, incident)
    SELECT touched.value, opened_us, number FROM incidents, json_each(:domains) AS touched WHERE incidents.id = :id
"""
CHANGE = """
    INSERT INTO changes (incident, number, at_us, kind, muted, planned, line)
    VALUES (:incident, :number, :at, :kind, :muted, :planned, :line) ON CONFLICT (incident, number) DO NOTHING
"""
OPEN = "SELECT id, line FROM incidents INDEXED BY incidents_open WHERE closed_us IS NULL ORDER BY opened_us, number"
CLOSED = "SELECT id, line FROM incidents INDEXED BY incidents_closed WHERE closed_us >= ? ORDER BY closed_us, number"


async def save(store: Store, changes: Sequence[Change]) -> None:
    """Write these changes and their incidents, all or nothing; return when they stand on the disk. A change that stands stays as it is.

    Raises: StoreError; then nothing of it stands, and it may be tried again.
    """
    incidents, rows = [incident_values(incident) for incident in told_apart(changes)], [change_values(change) for change in changes]

    def work(connection: sqlite3.Connection) -> None:
        connection.executemany(SAVE, incidents)
        connection.executemany(TOUCH, incidents)
        connection.executemany(CHANGE, rows)

    await store.transact(work)


async def update(store: Store, incident: Incident) -> None:
    """Write what has changed of an incident without anything to tell: cells that joined it, that it was told. One not saved is left out.

    Raises: StoreError.
    """
    values = incident_values(incident)

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(UPDATE, values)
        connection.execute(TOUCH, values)

    await store.transact(work)


async def open_incidents(store: Store) -> list[Incident]:
    """Return all that are open, the oldest first: for whoever watches over them, not for readers. Raises: StoreError."""
    return readable(await store.read(lambda connection: connection.execute(OPEN).fetchall()), incident_of)


async def recently_closed(store: Store, now: datetime, seconds: float) -> list[Incident]:
    """Return all that closed within so many seconds before `now` (aware): the memory of those that come and go. Raises: StoreError."""
    since = microseconds(now) - round(seconds * MICRO)
    return readable(await store.read(lambda connection: connection.execute(CLOSED, (since,)).fetchall()), incident_of)
