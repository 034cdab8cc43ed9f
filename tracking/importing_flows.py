"""From committed events to committed flows: the one place that calls the correlation, and knows how its results become a commit.

Events that are committed but have no flows yet are named in the manifest; they are correlated together with the events of all that they
touch. The components that come out replace their older selves: tombstones name these, in the same commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.scope import EVERYTHING
from tracking.correlate.components import touched
from tracking.correlate.run import correlate as make
from tracking.lake.engine import connect, steadily
from tracking.lake.reader import show
from tracking.lake.views import source
from tracking.lake.write import Change

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tracking.lake.manifest import Manifest, Part
    from tracking.lake.write import Writer

MADE = ("hops", "legs", "flows")


def uncorrelated(manifest: Manifest) -> tuple[Part, ...]:
    """Return the files of events that have no flows yet."""
    return tuple(part for part in manifest.of("events") if not part.correlated)


def uncorrelated_rows(manifest: Manifest) -> int:
    """Return how many events have no flows yet."""
    return sum(part.rows for part in uncorrelated(manifest))


def correlate(pen: Writer, memory_bytes: int, threads: int | None) -> int:
    """Make and commit the flows of all events that have none; return how many flows were made or changed. Raises: TrackError."""
    fresh = uncorrelated(pen.manifest)
    return steadily(lambda careful: connect(pen.spill, memory_bytes, threads, careful=careful), lambda con: _commit(pen, con, fresh))


def _commit(pen: Writer, con: DuckDBPyConnection, fresh: tuple[Part, ...]) -> int:
    """Correlate these files' events and what they touch, in one commit."""
    old = _gather(pen, con, fresh)
    make(con)
    parts = [part for kind in MADE for part in pen.write(con, kind, kind)]
    if old:
        con.execute("create or replace temp table replaced as select unnest($old) as part_of, $sequence as sequence", _stones(pen, old))
        parts += pen.write(con, "tombstones", "replaced")
    (flows,) = con.execute("select count(*) from flows").fetchone() or (0,)
    pen.commit(Change(tuple(parts), correlated=frozenset(part.path for part in fresh)))
    return int(flows)


def _stones(pen: Writer, old: frozenset[str]) -> dict[str, object]:
    return {"old": sorted(old), "sequence": pen.sequence}


def _gather(pen: Writer, con: DuckDBPyConnection, fresh: tuple[Part, ...]) -> frozenset[str]:
    """Make the view `events` of all that is to be correlated; return the components that this replaces."""
    if not pen.manifest.of("hops"):
        con.execute(f"create or replace temp view events as {source(pen.lake, 'events', fresh)}")
        return frozenset()
    show(con, pen.lake, pen.manifest, EVERYTHING)
    known = [part for part in pen.manifest.of("events") if part.correlated]
    con.execute(f"create or replace temp view events as {source(pen.lake, 'events', known)}")
    con.execute(f"create or replace temp view fresh as {source(pen.lake, 'events', fresh)}")
    old = touched(con)
    for kind in ("events", *MADE):
        con.execute(f"drop view {kind}")
    con.execute("create or replace temp view events as select * from gathered")
    return old
