"""Makes few large files of many small ones, a day of a kind at a time, and leaves out what was replaced. Crash-safe: one commit each.

Files of about the same size are merged once there are `FEW` of them, so that a row is written again only a few times however small the
batches were (a log-structured merge). Tombstones that every file has heard of go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracking.lake.engine import MEMORY_BYTES, connect, telling
from tracking.lake.kinds import NEWEST, REPLACED, STORED, TIME_OF, names
from tracking.lake.views import gone_table, living
from tracking.lake.write import Change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.lake.manifest import Manifest, Part
    from tracking.lake.write import Writer
    from tracking.schema import Column

FEW = 8  # files of one size that may stand beside each other
SMALL_BYTES = 256 << 10  # all below are of one size; each further size is FEW times as large
LARGE_BYTES = 256 << 20  # above, a file is left alone
MERGED = ("lines", "events", "hops", "legs", "flows", *NEWEST)
ORDER_OF = {"lines": "file_id, line", "events": "file_id, line, part"}  # neighbours compress, and a line is found by its row group


@dataclass(frozen=True, slots=True)
class Pile:
    """Files that become one."""

    kind: str
    day: str
    parts: tuple[Part, ...]


def tier(size_bytes: int) -> int:
    """Return of which size a file is: 0, 1, 2, ..."""
    level, limit = 0, SMALL_BYTES
    while size_bytes >= limit and limit < LARGE_BYTES:
        level, limit = level + 1, limit * FEW
    return level


def piles(manifest: Manifest, few: int = FEW) -> list[Pile]:
    """Return what is to be merged. Pure."""
    heaps: dict[tuple[str, str, int], list[Part]] = {}
    for part in manifest.parts:
        if part.kind in MERGED and part.bytes < LARGE_BYTES and (part.kind != "events" or part.correlated):
            heaps.setdefault((part.kind, part.day, tier(part.bytes)), []).append(part)
    return [Pile(kind, day, tuple(parts)) for (kind, day, _), parts in heaps.items() if len(parts) >= few]


def compact(pen: Writer, memory_bytes: int = MEMORY_BYTES, few: int = FEW) -> int:
    """Merge what is to be merged; return how many files are fewer. Raises: TrackError."""
    before = len(pen.manifest.parts)
    con = connect(pen.spill, memory_bytes)
    try:
        with telling(pen.lake):
            for pile in piles(pen.manifest, few):
                _merge(pen, con, pile)
            _forget(pen, con)
    finally:
        con.close()
    return before - len(pen.manifest.parts)


def _merge(pen: Writer, con: DuckDBPyConnection, pile: Pile) -> None:
    """Write the living rows of a pile as one file, in its place."""
    rewrite(pen, con, pile, f"select * from ({_living(pen, con, pile)})")


def _living(pen: Writer, con: DuckDBPyConnection, pile: Pile) -> str:
    tombstones = pen.manifest.of("tombstones")
    con.execute(gone_table(pen.lake, pen.manifest))
    return living(pen.lake, pile.kind, pile.parts, tombstones)


def rewrite(pen: Writer, con: DuckDBPyConnection, pile: Pile, select: str) -> None:
    """Put what a SELECT gives in the place of a pile: of the same day, with the rows' own sequence numbers. Raises: TrackError."""
    order = f" order by {ORDER_OF[pile.kind]}" if pile.kind in ORDER_OF else ""
    con.execute(f"create or replace temp view merged as select {names(_columns(pen, con, pile))} from ({select}){order}")
    counted = f"select count(*), min(t), max(t) from (select {TIME_OF[pile.kind]} as t from merged)"
    rows, since, until = con.execute(counted).fetchone() or (0, None, None)
    parts = (pen.merged(con, pile.kind, pile.day, (rows, since, until)),) if rows else ()
    pen.commit(Change(parts, frozenset(part.path for part in pile.parts)))


def _columns(pen: Writer, con: DuckDBPyConnection, pile: Pile) -> tuple[Column, ...]:
    """Return the columns that some file of a pile has; the others hold nothing."""
    paths = [str(pen.lake / part.path) for part in pile.parts]
    has = {name for (name,) in con.execute("select distinct name from parquet_schema($paths)", {"paths": paths}).fetchall()}
    return tuple(column for column in STORED[pile.kind] if column.name in has)


def _forget(pen: Writer, con: DuckDBPyConnection) -> None:
    """Merge the tombstones that some file has not heard of; drop the others."""
    stones = pen.manifest.of("tombstones")
    deaf = [part.applied for part in pen.manifest.parts if part.kind in REPLACED]
    heard = min(deaf, default=pen.manifest.sequence)
    old = tuple(part for part in stones if part.sequence <= heard)
    if old:
        pen.commit(Change(gone=frozenset(part.path for part in old)))
    left = pen.manifest.of("tombstones")
    if len(left) >= FEW:
        _merge_stones(pen, con, left)


def _merge_stones(pen: Writer, con: DuckDBPyConnection, stones: Sequence[Part]) -> None:
    con.execute(gone_table(pen.lake, pen.manifest))
    con.execute("create or replace temp view merged as select part_of, sequence from _gone")
    (rows,) = con.execute("select count(*) from merged").fetchone() or (0,)
    part = pen.merged(con, "tombstones", stones[0].day, (rows, None, None))
    newest = max(stone.sequence for stone in stones)
    pen.commit(Change((replace(part, sequence=newest),), frozenset(stone.path for stone in stones)))
