"""What was read and waits for the next commit: the views `pending_lines` and `pending_events`.

Small chunks are gathered in one table, so that a thousand small files are no thousand tables. The tables of a large chunk are kept as they
are, under another name: to copy a million wide rows costs as much as to parse them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.lake.kinds import names
from tracking.schema import EVENTS, LINES, PARSED, ddl

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LARGE_LINES = 20_000  # a chunk of more keeps its own tables
_GATHERED = (ddl("gathered_lines", LINES), ddl("gathered_events", EVENTS))
_OF_PARSED = ", ".join(f'"{column.name}"' for column in PARSED if column.name != "n")
_LINES = "select {file_id}::ubigint as file_id, n as line, time, state, kind, text from {table}"
_EVENTS = f"select {{file_id}}::ubigint as file_id, n as line, {_OF_PARSED}, {{group}} as server_group from {{table}}"


@dataclass(frozen=True, slots=True)
class Whose:
    """Which file a chunk is of."""

    file_id: int
    group: str


class Pending:
    """The rows that wait, on the connection where `told` and `parsed` are made."""

    def __init__(self, con: DuckDBPyConnection) -> None:
        self._con = con
        self._chunks: list[Whose] = []
        self.clear()

    def clear(self) -> None:
        """Forget what waited: it is committed."""
        for kind in ("lines", "events"):
            self._con.execute(f"drop view if exists pending_{kind}")
            for number in range(len(self._chunks)):
                self._con.execute(f"drop table chunk_{kind}_{number}")
        for statement in _GATHERED:
            self._con.execute(statement)
        self._chunks = []
        self._show()

    def add(self, whose: Whose, lines: int) -> None:
        """Add a chunk of so many lines: `told` and `parsed`. They are gone afterwards, or may be."""
        if lines < LARGE_LINES:
            given = {"file_id": whose.file_id, "group": whose.group}
            for kind, columns, rows in self._rows("$file_id", "nullif($group, '')", ("told", "parsed")):
                used = {name: value for name, value in given.items() if f"${name}" in rows}
                self._con.execute(f"insert into gathered_{kind} ({columns}) {rows}", used)
            return
        number = len(self._chunks)
        self._chunks.append(whose)
        self._con.execute(f"alter table told rename to chunk_lines_{number}")
        self._con.execute(f"alter table parsed rename to chunk_events_{number}")
        self._show()

    def _rows(self, file_id: str, group: str, tables: tuple[str, str]) -> tuple[tuple[str, str, str], ...]:
        """Return kind, columns and SELECT of a chunk's lines and events."""
        lines = _LINES.format(file_id=file_id, table=tables[0])
        return ("lines", names(LINES), lines), ("events", names(EVENTS), _EVENTS.format(file_id=file_id, group=group, table=tables[1]))

    def _show(self) -> None:
        """Make the views."""
        found = {"lines": ["from gathered_lines"], "events": ["from gathered_events"]}
        for number, whose in enumerate(self._chunks):
            group = "null::varchar" if not whose.group else "'" + whose.group.replace("'", "''") + "'"
            for kind, _, rows in self._rows(str(whose.file_id), group, (f"chunk_lines_{number}", f"chunk_events_{number}")):
                found[kind].append(rows)
        for kind, rows_of in found.items():
            self._con.execute(f"create or replace temp view pending_{kind} as {' union all by name '.join(rows_of)}")
