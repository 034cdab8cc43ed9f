"""Incidents as readers ask for them, each within his Scope: found page by page, with their changes and with who was told of these.

An incident is seen by whoever may see one of its domains, and shows him what concerns his domains alone (thresholds/visible.py). One that
touches no domain is seen by those alone who may see everything.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from notifier.values import Stored
from store.cursors import look, newest, place_of
from store.delivery_rows import DELIVERIES, delivery_of
from store.incident_rows import change_of, incident_of
from store.readable import paired, readable
from store.rows import microseconds
from store.scoping import allowed, within
from store.searching import LOOKED_AT, search
from thresholds.values import Level
from thresholds.visible import TRIP, visible, visible_change

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from notifier.values import Delivery
    from store.cursors import Found, Place
    from store.store import Store
    from thresholds.incident_values import Incident
    from thresholds.scope import Scope

FEW_DOMAINS = 300  # up to so many are looked through one by one

# Opening and number of the incidents of one domain; of all, with whether they fit. The newest first.
OF_ONE = """
    SELECT touched.opened_us, touched.incident FROM incident_domains AS touched CROSS JOIN incidents ON number = touched.incident
    WHERE touched.domain = :domain AND touched.opened_us >= :since AND (touched.opened_us, touched.incident) < (:at, :id) AND {fits}
    ORDER BY touched.opened_us DESC, touched.incident DESC LIMIT :limit
"""
OF_ALL = """
    SELECT opened_us, number, {fits} FROM incidents INDEXED BY {index}
    WHERE {narrow}opened_us >= :since AND (opened_us, number) < (:at, :id) ORDER BY opened_us DESC, number DESC
"""
SEEN = "EXISTS (SELECT 1 FROM incident_domains AS mine WHERE mine.incident = number AND {mine})"
LINES = "SELECT id, line FROM incidents WHERE number IN (SELECT value FROM json_each(?)) ORDER BY opened_us DESC, number DESC"
CHANGES = "SELECT id, line FROM changes WHERE incident = ? ORDER BY number"
TOLD = f"{DELIVERIES} INDEXED BY deliveries_by_incident WHERE incident = ? ORDER BY number, id"
DOMAIN_OF_TRIP = "SELECT domain FROM trips INDEXED BY trips_by_name WHERE name = ? ORDER BY started_us DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class WantedIncidents:
    """Which incidents; what is left empty does not narrow them."""

    open: bool | None = None
    domain: str = ""  # that it touches
    cause: str = ""  # kind and name, "server:imap", or a kind alone
    level: Level = Level.OK  # at least as bad
    since: datetime | None = None  # aware: opened then or later
    until: datetime | None = None  # aware: opened before


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Incidents, the newest first."""

    incidents: tuple[Incident, ...]
    cursor: str = ""  # where the next page begins; "" = there is none. A page may be short, even empty, and yet have one


async def find(store: Store, scope: Scope, wanted: WantedIncidents, cursor: str = "", limit: int = 100) -> IncidentPage:
    """Return the newest incidents that are wanted, at most `limit` (1 to 1,000).

    Raises: ValueError for a cursor or limit that is none; StoreError.
    """
    numbers, following = await search(store, partial(_find, scope=scope, wanted=wanted), place_of(cursor, wanted.until), limit)
    return IncidentPage(tuple(await _shown(store, scope, numbers)), following)


async def one(store: Store, scope: Scope, incident: str) -> Incident | None:
    """Return the incident of this id as it is now; None = there is none, or none that the reader may see. Raises: StoreError."""
    sql = "SELECT number FROM incidents WHERE id = ?"
    numbers = await store.read(lambda connection: connection.execute(sql, (incident,)).fetchall())
    found = await _shown(store, scope, [number for (number,) in numbers])
    return found[0] if found else None


async def changes_of(store: Store, scope: Scope, incident: str) -> list[Stored]:
    """Return all that happened to an incident, in order; nothing of one that the reader may not see. Raises: StoreError."""
    rows = await store.read(lambda connection: connection.execute(CHANGES, (incident,)).fetchall())
    found = [Stored(known, change) for known, change in await asyncio.to_thread(paired, rows, change_of)]
    trips = await _trips(store, scope, [stored.change.incident for stored in found])
    seen = [(stored.id, visible_change(stored.change, scope, trips)) for stored in found]
    return [Stored(known, change) for known, change in seen if change is not None]


async def deliveries_of(store: Store, scope: Scope, incident: str) -> list[Delivery]:
    """Return who was or is to be told of an incident, change by change; nothing of one that the reader may not see. Raises: StoreError."""
    if await one(store, scope, incident) is None:
        return []
    return [delivery_of(row) for row in await store.read(lambda connection: connection.execute(TOLD, (incident,)).fetchall())]


def _find(connection: sqlite3.Connection, scope: Scope, wanted: WantedIncidents, start: Place, limit: int) -> Found:
    """Go through the incidents of few domains by each one's own index, through those of many by time."""
    kind, _, name = wanted.cause.partition(":")
    values = {"kind": kind, "name": name, "level": int(wanted.level), "since": microseconds(wanted.since) if wanted.since else 0}
    values |= {"at": start.at_us, "id": start.id, "limit": limit, **allowed(scope)}
    fits, domains = _fitting(wanted, kind, name), _domains(scope, wanted)
    if domains is not None and len(domains) <= FEW_DOMAINS:
        sql = OF_ONE.format(fits=fits)
        rows = (row for domain in domains for row in connection.execute(sql, values | {"domain": domain}))
        return newest(set(rows), limit)
    seen = "1" if scope.domains is None else SEEN.format(mine=within(scope, "mine.domain"))
    index, narrow = ("incidents_open", "closed_us IS NULL AND ") if wanted.open else ("incidents_by_time", "")
    sql = OF_ALL.format(fits=f"{fits} AND {seen}", index=index, narrow=narrow)
    return look(connection.execute(sql, values), limit, LOOKED_AT)


def _fitting(wanted: WantedIncidents, kind: str, name: str) -> str:
    conditions = {
        "cause_kind = :kind": kind,
        "cause_name = :name": name,
        "closed_us IS NULL": wanted.open is True,
        "closed_us IS NOT NULL": wanted.open is False,
    }
    return " AND ".join(["level >= :level", *(condition for condition, asked in conditions.items() if asked)])


def _domains(scope: Scope, wanted: WantedIncidents) -> list[str] | None:
    """Return the domains to look through; None = all of them."""
    if wanted.domain:
        return [wanted.domain] if scope.allows(wanted.domain) else []
    return None if scope.domains is None else sorted(scope.domains)


async def _shown(store: Store, scope: Scope, numbers: list[int]) -> list[Incident]:
    """Return what the reader may see of these. Lines are taken apart beside the store's thread: one of sixty thousand cells takes long."""
    rows = await store.read(lambda connection: connection.execute(LINES, (json.dumps(numbers),)).fetchall())
    found = await asyncio.to_thread(readable, rows, incident_of)
    trips = await _trips(store, scope, found)
    return [seen for seen in (visible(incident, scope, trips) for incident in found) if seen is not None]


async def _trips(store: Store, scope: Scope, incidents: Iterable[Incident]) -> dict[str, str]:
    """Return the domains of the journeys in these incidents; to whoever sees everything they are of no use."""
    if scope.domains is None:
        return {}
    names = {cell.removeprefix(TRIP) for incident in incidents for cell in incident.cells if cell.startswith(TRIP)}

    def query(connection: sqlite3.Connection) -> dict[str, str]:
        found: dict[str, Any] = {name: connection.execute(DOMAIN_OF_TRIP, (name,)).fetchone() for name in names}
        return {name: row[0] for name, row in found.items() if row}

    return await store.read(query)
