"""From committed events to committed flows: the one place that calls the correlation, and knows how its results become a commit.

Events that are committed but have no flows yet are named in the manifest; all of them are correlated together with what they touch, and
the components that come out replace their older selves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.correlate.run import correlate as make
from tracking.lake.engine import connect
from tracking.lake.kinds import REPLACED
from tracking.lake.views import source
from tracking.lake.write import Change

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tracking.lake.manifest import Manifest
    from tracking.lake.write import Writer

KINDS = ("hops", "legs", "flows")


def uncorrelated_rows(manifest: Manifest) -> int:
    """Return how many events have no flows yet."""
    return sum(part.rows for part in manifest.of("events") if not part.correlated)


def correlate(pen: Writer, memory_bytes: int, threads: int | None) -> int:
    """Make and commit the flows of all events that have none; return how many flows were made or changed. Raises: TrackError."""
    con = connect(pen.spill, memory_bytes, threads)
    try:
        return _commit(pen, con)
    finally:
        con.close()


def _commit(pen: Writer, con: DuckDBPyConnection) -> int:
    events = pen.manifest.of("events")
    con.execute(f"create or replace temp view events as {source(pen.lake, 'events', events)}")
    make(con)
    parts = tuple(part for kind in KINDS for part in pen.write(con, kind, kind))
    gone = frozenset(part.path for part in pen.manifest.parts if part.kind in REPLACED)
    (flows,) = con.execute("select count(*) from flows").fetchone() or (0,)
    pen.commit(Change(parts, gone, correlated=frozenset(part.path for part in events)))
    return int(flows)
