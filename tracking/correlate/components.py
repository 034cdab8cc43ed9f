"""Which stays belong together, and which stored ones new events touch: those are read and correlated again as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.correlate.statements import repeat, run, text
from tracking.correlate.stays import prepare

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WIDEST = 1024  # rounds until all of a component agree; each halves what is left of a chain
_AGREE = """
update c_group set part = found.part from (
    select b.a as label, min(g.part) as part from c_bond b join c_group g on g.label = b.b group by b.a) found
where c_group.label = found.label and found.part < c_group.part
"""


def components(con: DuckDBPyConnection) -> None:
    """Make `c_part` and `c_keys` of stays and links."""
    run(con, "parts")
    repeat(con, _AGREE, WIDEST)
    run(con, "keys")


def touched(con: DuckDBPyConnection) -> frozenset[str]:
    """Return which stored components the new events in `fresh` change, and make `gathered`: all events to correlate again with them.

    Needs the table or view `fresh` (columns of `schema.EVENTS`; the lake may hold them already) and the lake's views `hops` and `events`.
    Afterwards: make `gathered` the view `events`, call `correlate` on the same connection, replace the components by what comes out.
    """
    prepare(con)
    run(con, "touched")
    since, until = con.execute("select min(first_at), max(last_at) from c_old").fetchall()[0]
    if since is None:
        con.execute("create or replace temp table gathered as from fresh")
    else:
        con.execute(text("gathered"), {"since": since, "until": until})
    return frozenset(part for (part,) in con.execute("select part_of from c_touched").fetchall())
