"""What a turn's flows say of the servers: how long each hop and each link took, each flow told once, when it has ended.

Flows of our own test messages are told as they go on, too: where they stay is what blame wants to know. Flows that entered long ago are
left out: they are history that was imported. Times are corrected by the servers' clocks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tracking.lake.engine import connect
from tracking.lake.reader import rows
from tracking.lake.views import source
from tracking.look.clocks import OFFSETS, Clocks
from tracking.look.flows import Ground, flow

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tracking.lake.write import Writer
    from tracking.values import Flow

RECENT = timedelta(hours=6)  # since it ended; above, nobody judges it any more
MOST = 5_000  # flows of one turn; a flood tells no more of the servers
REMEMBERED = 200_000  # flows that were told, so that none is twice
MEMORY_BYTES = 256 << 20
_ENDED = """
select * from flows where (finished and left_at >= $since) or (probe and coalesce(left_at, entered_at) >= $since)
order by left_at desc limit $most"""


class Ended:
    """The flows that have ended since it was asked last. Holds a connection of its own until `close`."""

    def __init__(self, pen: Writer) -> None:
        self._pen = pen
        self._con: DuckDBPyConnection = connect(pen.spill, MEMORY_BYTES, 1)
        self._told: dict[str, None] = {}
        self._seen = pen.manifest.sequence
        self._clocks = Clocks()
        self._clocks_of = ""

    def close(self) -> None:
        """Let the memory go."""
        self._con.close()

    def news(self) -> list[Flow]:
        """Return the flows that have ended and were not told before. Raises: TrackError where the lake cannot be read."""
        manifest = self._pen.manifest
        parts = [part for part in manifest.of("flows") if part.sequence > self._seen]
        self._seen = manifest.sequence
        if not parts:
            return []
        self._con.execute(f"create or replace temp view flows as {source(self._pen.lake, 'flows', parts)}")
        since = (self._pen.now - RECENT).replace(tzinfo=None)
        found = [row for row in rows(self._con, _ENDED, {"since": since, "most": MOST}) if _word(row) not in self._told]
        self._remember([_word(row) for row in found])
        names = {file_id: file.name for file_id, file in manifest.files.items()}
        ground = Ground(names, self.clocks())
        return [flow(row, ground) for row in found]

    def skip(self) -> None:
        """Take what was written since as told: merged files hold nothing new."""
        self._seen = self._pen.manifest.sequence

    def _remember(self, flows: list[str]) -> None:
        self._told |= dict.fromkeys(flows)
        for _ in range(len(self._told) - REMEMBERED):
            del self._told[next(iter(self._told))]

    def clocks(self) -> Clocks:
        """Return how far the servers' clocks are off, as the lake has it now."""
        parts = self._pen.manifest.of("offsets")
        version = ",".join(part.path for part in parts)
        if version != self._clocks_of:
            self._con.execute(f"create or replace temp view offsets as {source(self._pen.lake, 'offsets', parts)}")
            self._clocks, self._clocks_of = Clocks(rows(self._con, OFFSETS)), version
        return self._clocks


def _word(row: dict[str, Any]) -> str:
    """Return by what it is known that a flow was told: once, when it has ended; our own at each step."""
    if not row["probe"]:
        return str(row["flow_id"])
    last = (row["hops"] or [{}])[-1]
    return f"{row['flow_id']} {row['outcome']} {len(row['hops'] or ())} {last.get('arrived_at')} {last.get('left_at')}"
