"""What the tests of the lake share: a clock that stands, a writer, and rows made of a few words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tracking.lake.engine import connect
from tracking.lake.kinds import SHOWN, STORED
from tracking.lake.write import Change, Writer
from tracking.schema import ddl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.lake.manifest import Part

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = "2026-11-20"


def at(text: str) -> str:
    """Return a time of the day of the tests: `08:00` or whole."""
    return text if len(text) > 10 else f"{DAY} {text}"


def writer(lake: Path, now: datetime = NOW) -> Writer:
    return Writer(lake, "probe track import", lambda: now)


def table(con: DuckDBPyConnection, kind: str, rows: Sequence[Mapping[str, object]]) -> str:
    """Make the table `kind` of these rows; what a row does not name is NULL."""
    columns = {**STORED, **SHOWN}[kind]
    con.execute(ddl(kind, columns))
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f"${name}" for name in row)
        con.execute(f"insert into {kind} ({names}) values ({values})", dict(row))
    return kind


def put(pen: Writer, kind: str, *rows: Mapping[str, object]) -> tuple[Part, ...]:
    """Write and commit these rows."""
    con = connect(None)
    parts = pen.write(con, kind, table(con, kind, rows))
    pen.commit(Change(parts))
    return parts
