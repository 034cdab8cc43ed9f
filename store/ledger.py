"""The ledger of trips under way, in the store: what is written here stands on the disk, and an outcome that stands is never changed.

A trip stays until its end is among the stored trips, so whoever is killed in between tells it again: the first word on a trip counts
(`trips.message_id` is unique). Rows of a newer version of this program are left alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from probe.passage import NewerVersionError, line_of, passage_of
from store.errors import StoreError
from store.rows import microseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from probe.passage import Passage
    from store.store import Store

log = logging.getLogger("mailsonde.trips")

Row = tuple[str, str, str, int, int, int, str]

# An outcome stands: no later word changes it, and a trip that is stored among those that have ended does not come back.
WRITE = """
    INSERT INTO passages (token, name, message_id, began_us, forsaken_us, ended, line) SELECT ?, ?, ?, ?, ?, ?, ?
    WHERE NOT EXISTS (SELECT 1 FROM trips WHERE message_id = ?3)
    ON CONFLICT (token) DO UPDATE SET ended = excluded.ended, line = excluded.line WHERE passages.ended = 0
"""
INHERIT = WRITE.replace("DO UPDATE SET ended = excluded.ended, line = excluded.line WHERE passages.ended = 0", "DO NOTHING")
SWEEP = "DELETE FROM passages WHERE ended = 1 AND message_id IN (SELECT message_id FROM trips)"
# ?1 [names of journeys], ?2 now in microseconds
CLAIM = "SELECT token, line FROM passages WHERE name IN (SELECT value FROM json_each(?1)) OR forsaken_us < ?2 ORDER BY began_us"


class PassageLedger:
    """The ledger of one store, as an office of trips uses it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._refused = ""  # why nothing is written now, as it was told
        self._unread = ""  # why nothing is read now, as it was told

    async def claim(self, names: Collection[str], now: datetime) -> list[Passage]:
        """Return the trips that former runs left: those of the named journeys, and those that nobody has claimed for far too long.

        Raises: StoreError when the store cannot say; they are there still, and may be claimed later.
        """
        wanted = (json.dumps(sorted(names)), microseconds(now))
        try:
            await self._store.transact(lambda connection: connection.execute(SWEEP))
            rows = await self._store.read(lambda connection: connection.execute(CLAIM, wanted).fetchall())
        except StoreError as error:
            if str(error) != self._unread:
                self._unread = str(error)
                log.error("the trips that were under way cannot be read yet: %s", error)  # noqa: TRY400 - the line says all
            raise
        self._unread = ""
        return await asyncio.to_thread(_passages, rows)

    async def write(self, passages: Sequence[Passage]) -> bool:
        """Put the passages on the disk, within the store's next commit. Returns whether they stand there."""
        return await self._keep(WRITE, [_row(passage) for passage in passages])

    async def inherit(self, passages: Sequence[Passage]) -> bool:
        """Take over trips of another ledger; what is known here already stays as it is. Returns whether all of them stand here."""
        return await self._keep(INHERIT, [_row(passage) for passage in passages])

    async def _keep(self, statement: str, rows: list[Row]) -> bool:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(SWEEP)
            connection.executemany(statement, rows)

        try:
            await self._store.transact(work)
        except StoreError as error:
            if str(error) != self._refused:
                self._refused = str(error)
                log.warning("trips under way are not written down: %s", error)
            return False
        if self._refused:
            self._refused = ""
            log.info("trips under way are written down again")
        return True


def _row(passage: Passage) -> Row:
    letter, began = passage.letter, microseconds(passage.facts.began_at)
    forsaken = began + round(2_000_000 * passage.limits.lost_after_seconds)
    return (
        letter.token,
        passage.name,
        letter.message_id,
        began,
        forsaken,
        int(passage.outcome is not None),
        line_of(passage).decode("ascii"),
    )


def _passages(rows: Iterable[tuple[str, str]]) -> list[Passage]:
    """Return the passages of these rows; of those that cannot be read, one line in the log each."""
    found = []
    for token, line in rows:
        try:
            found.append(passage_of(line.encode("ascii")))
        except NewerVersionError as newer:
            log.warning("the trip %s in the store is of %s: left alone; run the newer program to finish it", token, newer)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.error("the trip %s in the store cannot be read: skipped", token)  # noqa: TRY400 - what it holds is no help
    return found
