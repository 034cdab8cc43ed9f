"""Writes a batch in one transaction, on the connection's thread: gives the ids, and knows by heart those already given.

Its caches are true only while its transactions stand: after any failure it reads them anew. A row that can never be written (a bug of
ours) does not take its batch with it: then the rows are tried one by one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from store.conversations import BAD, FIRST_BAD_KEPT
from store.errors import of_the_disk
from store.opening import suit_cache
from store.rows import DAY_US, RUN_COLUMNS, Identity, RunRow, Words, compact, words_text
from store.trip_rows import TRIP_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TripRow: TypeAlias = tuple[Any, ...]
Row: TypeAlias = RunRow | TripRow
Work: TypeAlias = "Callable[[sqlite3.Connection], Any]"

WORDS_KNOWN = 100_000  # at most so many are known by heart: a server whose readings change each time must not fill the memory


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * len(columns.split(", ")))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names of ours, never data


NEW_RUN = _insert("runs", RUN_COLUMNS)
NEW_TRIP = _insert("trips", TRIP_COLUMNS) + " ON CONFLICT (message_id) DO NOTHING"
NEW_WORDS = _insert("words", "id, born_us, text")
NEW_CONVERSATION = (
    _insert("conversations", "check_id, which, run_id, started_us, level, lines")
    + " ON CONFLICT (check_id) WHERE which = 'last_good' DO UPDATE"
    + " SET run_id = excluded.run_id, started_us = excluded.started_us, level = excluded.level, lines = excluded.lines"
)
NEW_CHECK = (
    _insert("checks", "name, domain, server, kind")
    + " ON CONFLICT (name) DO UPDATE SET domain = excluded.domain, server = excluded.server, kind = excluded.kind RETURNING id"
)
# ?1 [ids of checks], ?2 how many first bad ones are kept of each: all older ones go.
OLD_CONVERSATIONS = """
    DELETE FROM conversations WHERE id IN (
        SELECT old.id FROM json_each(?1) AS checked JOIN conversations AS old ON old.check_id = checked.value AND old.which = 'first_bad'
        WHERE old.run_id <= (SELECT run_id FROM conversations WHERE check_id = checked.value AND which = 'first_bad'
                             ORDER BY run_id DESC LIMIT 1 OFFSET ?2))
"""
LAST_RUN = "SELECT max(coalesce((SELECT max(id) FROM runs), 0), coalesce((SELECT max(run_id) FROM conversations), 0))"
LAST_WORDS = "SELECT max(coalesce((SELECT max(id) FROM words), 0), coalesce((SELECT words_id FROM runs ORDER BY id DESC LIMIT 1), 0))"


@dataclass(frozen=True, slots=True)
class Failure:
    """A work that raised: the rest of its commit stands."""

    error: Exception


class Inserter:
    """Writes batches; one per connection, used on its thread alone."""

    __slots__ = ("_checks", "_day", "_last_run", "_last_words", "_ready", "_words")

    def __init__(self) -> None:
        self._ready = False
        self._checks: dict[str, tuple[Identity, int]] = {}  # by name
        self._words: dict[Words, int] = {}
        self._day = 0
        self._last_run = self._last_words = 0

    def commit(self, connection: sqlite3.Connection, rows: Sequence[Row], works: Sequence[Work]) -> tuple[list[Row], list[Any]]:
        """Write all rows and do all works in one transaction, and return when it is on the disk.

        Returns: the rows that can never be written, and for each work what it returned, or its Failure.

        Raises: sqlite3.Error when the disk refuses; then nothing of it stands.
        """
        connection.execute("BEGIN IMMEDIATE")
        try:
            refused = self._rows(connection, rows)
            done = [_attempt(connection, work) for work in works]
            connection.execute("COMMIT")
        except BaseException:
            self._ready = False
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return refused, done

    def _rows(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> list[Row]:
        attempt = _attempt(connection, lambda connection: self._write(connection, rows))
        if not isinstance(attempt, Failure):
            return []
        self._ready = False
        return [row for row in rows if isinstance(self._alone(connection, row), Failure)]

    def _alone(self, connection: sqlite3.Connection, row: Row) -> Any:
        attempt = _attempt(connection, lambda connection: self._write(connection, [row]))
        self._ready = self._ready and not isinstance(attempt, Failure)
        return attempt

    def _write(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        if not self._ready:
            self._read(connection)
        runs = [row for row in rows if isinstance(row, RunRow)]
        if runs:
            self._runs(connection, runs)
        connection.executemany(NEW_TRIP, [row for row in rows if not isinstance(row, RunRow)])

    def _read(self, connection: sqlite3.Connection) -> None:
        self._words.clear()
        checks = connection.execute("SELECT name, domain, server, kind, id FROM checks")
        self._checks = {name: ((name, domain, server, kind), known) for name, domain, server, kind, known in checks}
        (self._last_run,) = connection.execute(LAST_RUN).fetchone()
        (self._last_words,) = connection.execute(LAST_WORDS).fetchone()
        suit_cache(connection, len(self._checks))
        self._ready = True

    def _runs(self, connection: sqlite3.Connection, rows: Sequence[RunRow]) -> None:
        self._learn_checks(connection, rows)
        self._turn_the_day(max(row.started_us for row in rows))
        self._learn_words(connection, dict.fromkeys(row.words for row in rows if row.words not in self._words))
        first = self._last_run + 1
        numbered = list(enumerate(rows, first))
        self._last_run += len(rows)
        checks, words = self._checks, self._words
        connection.executemany(NEW_RUN, [(number, checks[row.identity[0]][1], words[row.words], *row.values) for number, row in numbered])
        self._conversations(connection, numbered)

    def _learn_checks(self, connection: sqlite3.Connection, rows: Sequence[RunRow]) -> None:
        before = len(self._checks)
        for identity in (row.identity for row in rows):
            known = self._checks.get(identity[0])
            if known is None or known[0] != identity:
                (number,) = connection.execute(NEW_CHECK, identity).fetchone()
                self._checks[identity[0]] = identity, number
        if len(self._checks) != before:
            suit_cache(connection, len(self._checks))

    def _turn_the_day(self, latest_us: int) -> None:
        day = latest_us // DAY_US
        if day > self._day or len(self._words) > WORDS_KNOWN:
            self._day = max(day, self._day)
            self._words.clear()

    def _learn_words(self, connection: sqlite3.Connection, unknown: Iterable[Words]) -> None:
        new = {words: number for number, words in enumerate(unknown, self._last_words + 1)}
        self._last_words += len(new)
        born = self._day * DAY_US
        connection.executemany(NEW_WORDS, [(number, born, words_text(words)) for words, number in new.items()])
        self._words |= new

    def _conversations(self, connection: sqlite3.Connection, numbered: Sequence[tuple[int, RunRow]]) -> None:
        new = [
            (self._checks[row.identity[0]][1], row.conversation[0], number, row.started_us, row.level, row.conversation[1])
            for number, row in numbered
            if row.conversation is not None
        ]
        connection.executemany(NEW_CONVERSATION, new)
        troubled = compact([row[0] for row in new if row[1] == BAD])
        connection.execute(OLD_CONVERSATIONS, (troubled, FIRST_BAD_KEPT))


def _attempt(connection: sqlite3.Connection, work: Work) -> Any:
    """Do a work within a savepoint; return what it returns, or its Failure. Raises: sqlite3.Error of the disk."""
    connection.execute("SAVEPOINT work")
    try:
        value = work(connection)
        connection.execute("RELEASE work")
    except Exception as error:  # whatever a work raises is its caller's to see; the commit goes on without it
        if of_the_disk(error) and isinstance(error, sqlite3.Error):
            raise
        connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return Failure(error)
    return value
