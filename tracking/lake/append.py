"""Appends what the service remembers itself to a lake: rows and how far they reach, in one commit; a kill leaves both or neither.

How far (a cursor, which only who gives the rows can read) stands in the manifest. It refuses rows that do not follow on what it has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tracking.lake.engine import connect, quoted, telling
from tracking.lake.kinds_prober import PROBER
from tracking.lake.privacy import pseudonym
from tracking.lake.write import Change
from tracking.schema import ddl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from duckdb import DuckDBPyConnection

    from tracking.importing_values import Options
    from tracking.lake.manifest import Manifest, Part
    from tracking.lake.write import Writer

    Row = Mapping[str, Any]
    Cursor = dict[str, Any]

CURSOR = "prober"  # in the manifest's settings
LONGEST = 64 << 20  # bytes of one row


def cursor_of(manifest: Manifest) -> Cursor:
    """Return how far a lake has it; empty where it has nothing."""
    return dict(manifest.settings.get(CURSOR, {}))


def append(pen: Writer, rows: Mapping[str, Iterable[Row]], reach: tuple[Cursor, Cursor], options: Options) -> bool:
    """Append rows; return whether they were taken.

    Args:
        pen: the lake's writer.
        rows: kind of tracking.lake.kinds_prober.PROBER -> its rows; columns that are left out are NULL; times are ISO texts in UTC.
        reach: behind which cursor they follow, and the one that they reach; where the lake has another they are left alone.
        options: memory, threads and privacy.

    Raises: TrackError where the lake cannot be written.
    """
    after, upto = reach
    if cursor_of(pen.manifest) != after:
        return False
    con = connect(pen.spill, options.memory_bytes, options.threads)
    try:
        with telling(pen.lake):
            parts = tuple(
                part for kind, some in rows.items() for part in _written(pen, con, kind, (_clean(row, options.privacy.key) for row in some))
            )
    finally:
        con.close()
    pen.commit(Change(parts, settings={**pen.manifest.settings, "privacy": options.privacy.settings, CURSOR: upto}))
    return True


def _written(pen: Writer, con: DuckDBPyConnection, kind: str, rows: Iterable[Row]) -> tuple[Part, ...]:
    """Write the rows of one kind: by way of a file of lines, which DuckDB reads at once. What is no such value becomes NULL."""
    landing = pen.spill / f"{kind}.jsonl"
    with landing.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    typed = ", ".join(f"{quoted(column.name)}: {quoted(column.type)}" for column in PROBER[kind])
    how = f"format = 'newline_delimited', maximum_object_size = {LONGEST}, ignore_errors = true"
    read = f"read_json({quoted(landing)}, columns = {{{typed}}}, {how})"
    con.execute(ddl("appended", PROBER[kind]))
    con.execute(f"insert into appended by name select * from {read}")
    parts = pen.write(con, kind, "appended")
    landing.unlink()
    return parts


def _clean(value: Any, key: bytes) -> Any:
    """Return a row without half characters, which no file takes, and without people's names where the lake has pseudonyms."""
    if isinstance(value, str):
        whole = value.encode("utf-8", "replace").decode("utf-8")
        return pseudonym(key, whole) if key else whole
    if isinstance(value, list):
        return [_clean(one, key) for one in value]
    return {name: _clean(one, key) for name, one in value.items()} if isinstance(value, dict) else value
