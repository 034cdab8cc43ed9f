"""How far each server's clock is off, measured again from what the lake holds, and committed: the lake's `offsets`.

Not with each correlation: only what links of a whole hour agree on is worth a word. Call it after an import, and now and then while
following. Estimates older than the window stay as they were made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from thresholds.scope import EVERYTHING
from tracking.correlate.clock import measure
from tracking.lake.engine import connect, steadily, telling
from tracking.lake.reader import show, within
from tracking.lake.write import Change

if TYPE_CHECKING:
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from tracking.correlate.clock import Offset
    from tracking.lake.write import Writer

WINDOW = timedelta(days=7)  # before the newest hop: what is measured again
ENOUGH = 500_000  # links: of more, one in so many is read
_KEEP = "create or replace temp table c_older as select * from offsets where since < $since"
_JOIN = "insert into offsets select * replace (least(until, $since) as until) from c_older"


def measure_clocks(pen: Writer, memory_bytes: int, threads: int | None = None) -> tuple[Offset, ...]:
    """Measure the clocks by the links of the last days, and commit what comes out; return the spans. Raises: TrackError."""
    newest = max((part.until for part in pen.manifest.of("hops") if part.until is not None), default=None)
    if newest is None:
        return ()
    since = (newest - WINDOW).replace(minute=0, second=0, microsecond=0)
    with telling(pen.lake):
        return steadily(lambda careful: connect(pen.spill, memory_bytes, threads, careful=careful), lambda con: _commit(pen, con, since))


def _commit(pen: Writer, con: DuckDBPyConnection, since: datetime) -> tuple[Offset, ...]:
    """Replace the lake's offsets since a time."""
    show(con, pen.lake, pen.manifest, EVERYTHING, since)
    begin = {"since": since.replace(tzinfo=None)}
    con.execute(_KEEP, begin)
    con.execute("drop view offsets")
    links = sum(part.rows for part in within(pen.manifest.of("legs"), since, None))
    found = measure(con, begin["since"], 1 + links // ENOUGH)
    con.execute(_JOIN, begin)
    old = frozenset(part.path for part in pen.manifest.of("offsets"))
    parts = pen.write(con, "offsets", "offsets")
    if old or parts:
        pen.commit(Change(parts, gone=old))
    return found
