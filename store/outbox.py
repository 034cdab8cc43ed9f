"""The outbox of the notifier, in the store: changes that are to be told and their deliveries, each step on the disk before it counts.

What was asked twice, because nobody heard the first answer, is done once. Whatever the order of answers: a proof stands, what was taken
over stays so, and what is settled is tried no more.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notifier.values import DeliveryState, Stored
from store.delivery_rows import COLUMNS, OPEN, delivery_of, delivery_values
from store.incident_rows import change_of
from store.readable import paired
from store.rows import microseconds, time_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from notifier.values import Delivery
    from store.store import Store
    from thresholds.incident_values import Change

log = logging.getLogger("mailsonde.outbox")

AT_ONCE = 200  # changes or deliveries, in one look
UNREADABLE = "the change cannot be read from the store"

UNPLANNED = "SELECT id, line FROM changes INDEXED BY changes_unplanned WHERE planned = 0 AND id > ? ORDER BY id LIMIT ?"
PLANNED = "UPDATE changes SET planned = 1 WHERE planned = 0 AND id IN (SELECT value FROM json_each(?)) RETURNING id"
NEW = """
    INSERT INTO deliveries
        (change_id, incident, number, channel, chain, origin, key, state, settled, awaited, tries, due_us, deadline_us, tried_us, said)
    VALUES
        (:change, :incident, :number, :channel, :chain, :origin, :key, :state, :settled, :awaited, :tries, :due, :deadline, :tried, :said)
"""
# No delivery of the same incident and channel stands before it.
FIRST = """
    NOT EXISTS (SELECT 1 FROM deliveries AS e INDEXED BY deliveries_waiting
                WHERE e.settled = 0 AND e.incident = d.incident AND e.channel = d.channel AND (e.number, e.id) < (d.number, d.id))
"""
DUE = f"""
    SELECT {COLUMNS} FROM deliveries AS d INDEXED BY deliveries_due
    WHERE settled = 0 AND due_us <= ? AND channel NOT IN (SELECT value FROM json_each(?)) AND {FIRST} ORDER BY due_us, id LIMIT {AT_ONCE}
"""  # noqa: S608 - constants
AWAITED = f"""
    SELECT {COLUMNS} FROM deliveries AS d INDEXED BY deliveries_awaited WHERE awaited = 1 ORDER BY deadline_us, id LIMIT {AT_ONCE}
"""  # noqa: S608 - constants
NEXT_TRY = f"SELECT due_us FROM deliveries AS d INDEXED BY deliveries_due WHERE settled = 0 AND {FIRST} ORDER BY due_us LIMIT 1"  # noqa: S608 - constants
NEXT_DEADLINE = "SELECT min(deadline_us) FROM deliveries INDEXED BY deliveries_awaited WHERE awaited = 1"
LINES = "SELECT id, line FROM changes WHERE id IN (SELECT value FROM json_each(?))"
STATE = "SELECT state FROM deliveries WHERE id = ?"
SETTLE = """
    UPDATE deliveries SET channel = :channel, chain = :chain, origin = :origin, key = :key, state = :state, settled = :settled,
        awaited = :awaited, tries = :tries, due_us = :due, deadline_us = :deadline, tried_us = :tried, said = :said WHERE id = :id
"""
ALL_OF = f"SELECT {COLUMNS} FROM deliveries AS d INDEXED BY deliveries_by_incident WHERE incident = ? ORDER BY id"  # noqa: S608 - constants
DEPTH = """
    SELECT (SELECT count(*) FROM changes INDEXED BY changes_unplanned WHERE planned = 0)
        + (SELECT count(*) FROM deliveries INDEXED BY deliveries_due WHERE settled = 0)
"""
# What was never tried waits since its time came, all else since it happened.
OLDEST = """
    SELECT min(since) FROM (
        SELECT at_us AS since FROM (SELECT at_us FROM changes INDEXED BY changes_unplanned WHERE planned = 0 ORDER BY id LIMIT 1)
        UNION ALL
        SELECT max(at_us, iif(tries = 0, due_us, 0)) FROM deliveries AS d INDEXED BY deliveries_due JOIN changes ON changes.id = change_id
        WHERE settled = 0)
"""


class StoreOutbox:
    """The outbox of one store. Every method may raise StoreError: nothing is lost then."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def unplanned(self) -> list[Stored]:
        """Return the changes that are to be told and have no plan yet, the oldest first."""
        found: list[Stored] = []
        last, more = 0, True
        while more:
            after = (last, AT_ONCE)
            rows = await self._store.read(lambda connection: connection.execute(UNPLANNED, after).fetchall())  # noqa: B023 - awaited at once
            found += await self._readable(rows)
            last, more = rows[-1][0] if rows else 0, len(rows) == AT_ONCE
        return found

    async def plan(self, changes: Iterable[int], deliveries: Sequence[Delivery]) -> None:
        """Take these changes as planned, with these deliveries (none = nobody is told). A change that has its plan keeps it."""
        named, rows = frozenset(changes), [delivery_values(delivery) for delivery in deliveries]

        def work(connection: sqlite3.Connection) -> None:
            fresh = {known for (known,) in connection.execute(PLANNED, (json.dumps(sorted(named)),)).fetchall()}
            connection.executemany(NEW, [row for row in rows if row["change"] in fresh or row["change"] not in named])

        await self._store.transact(work)

    async def due(self, now: datetime, without: Collection[str] = ()) -> list[tuple[Delivery, Stored]]:
        """Return what is to be tried now, the longest due first: of each incident and channel only the first that is not settled.

        At most AT_ONCE; `without` names channels that are not asked now.
        """
        asked = (microseconds(now), json.dumps(sorted(without)))
        return await self._with_changes(await self._store.read(lambda connection: connection.execute(DUE, asked).fetchall()))

    async def awaited(self) -> list[tuple[Delivery, Stored]]:
        """Return the deliveries without proof whose deadline is set and whose chain goes on, the next deadline first. At most AT_ONCE."""
        return await self._with_changes(await self._store.read(lambda connection: connection.execute(AWAITED).fetchall()))

    async def next_at(self) -> datetime | None:
        """Return when the next try or deadline comes; None = nothing waits."""

        def query(connection: sqlite3.Connection) -> list[int]:
            rows = (*connection.execute(NEXT_TRY), *connection.execute(NEXT_DEADLINE))
            return [at for (at,) in rows if at is not None]

        found = await self._store.read(query)
        return time_of(min(found)) if found else None

    async def settle(self, before: Delivery, after: Delivery, more: Sequence[Delivery] = ()) -> None:
        """Write what came of a try, and the deliveries that follow from it, unless what stands already says otherwise.

        Of what another has settled meanwhile only a proof is taken; what another took over stays so, and is not taken over again.
        """
        rows = [delivery_values(delivery) for delivery in more]

        def work(connection: sqlite3.Connection) -> None:
            (state,) = connection.execute(STATE, (before.id,)).fetchone() or (None,)
            stands = _standing(state, after)
            if stands is not None:
                connection.execute(SETTLE, delivery_values(stands) | {"id": before.id})
            if state == before.state:
                connection.executemany(NEW, rows)

        await self._store.transact(work)

    async def of(self, incident: str) -> list[tuple[Delivery, Stored]]:
        """Return all deliveries of an incident, whatever became of them, in the order in which they were planned."""
        return await self._with_changes(await self._store.read(lambda connection: connection.execute(ALL_OF, (incident,)).fetchall()))

    async def depth(self) -> int:
        """Return how many changes have no plan yet and how many deliveries are not settled, together."""
        (count,) = await self._store.read(lambda connection: connection.execute(DEPTH).fetchone())
        return int(count)

    async def oldest(self) -> datetime | None:
        """Return since when the oldest of these waits; it may lie ahead, where all that waits is to be told later. None = nothing waits."""
        (at,) = await self._store.read(lambda connection: connection.execute(OLDEST).fetchone())
        return None if at is None else time_of(at)

    async def _with_changes(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Delivery, Stored]]:
        deliveries = [delivery_of(row) for row in rows]
        wanted = json.dumps(sorted({delivery.change_id for delivery in deliveries}))
        lines = await self._store.read(lambda connection: connection.execute(LINES, (wanted,)).fetchall()) if deliveries else []
        known: dict[int, Change] = dict(await asyncio.to_thread(paired, lines, change_of)) if lines else {}
        await self._give_up([delivery for delivery in deliveries if delivery.change_id not in known and delivery.state in OPEN])
        return [(one, Stored(one.change_id, known[one.change_id])) for one in deliveries if one.change_id in known]

    async def _readable(self, rows: list[tuple[int, str]]) -> list[Stored]:
        """Return the changes of these rows; those that cannot be read are told to nobody, or they would be looked at for ever."""
        found = await asyncio.to_thread(paired, rows, change_of) if rows else []
        spoiled = {known for known, _ in rows} - {known for known, _ in found}
        if spoiled:
            await self.plan(spoiled, ())
        return [Stored(known, change) for known, change in found]

    async def _give_up(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            log.error("the change %d of incident %s is not told: %s", delivery.number, delivery.incident, UNREADABLE)
            await self.settle(delivery, replace(delivery, state=DeliveryState.GIVEN_UP, said=UNREADABLE))


def _standing(state: str | None, after: Delivery) -> Delivery | None:
    """Return what is to stand where `state` stood; None = what stands stays."""
    if state is None:
        return None
    if state == DeliveryState.TAKEN_OVER and after.state is DeliveryState.DUE:
        return replace(after, state=DeliveryState.TAKEN_OVER)
    if state in (DeliveryState.DUE, DeliveryState.TAKEN_OVER) or after.state is DeliveryState.SENT:
        return after
    return None
