"""Events in, hops and legs and flows out: the whole correlation on one connection, as a pure function of the set of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.correlate.components import components
from tracking.correlate.flows import flows
from tracking.correlate.links import links
from tracking.correlate.statements import run
from tracking.correlate.stays import prepare, stays

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def correlate(con: DuckDBPyConnection) -> None:
    """Turn the table or view `events` into the temporary tables `hops`, `legs` and `flows` (columns of `tracking.schema`)."""
    prepare(con)
    stays(con)
    links(con)
    flows(con)
    components(con)
    run(con, "result")
