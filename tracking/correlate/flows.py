"""Links to flows: from each end backwards to the entrance, one flow per entrance and final recipient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.correlate.links import LONGEST
from tracking.correlate.statements import number, repeat, run

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NESTED = 32  # addresses that stand for each other in one stay: groups in groups, aliases of aliases
_CHAIN = """
create or replace temp table c_chain as
select g.n, g.k, g.via_rc as root, [g.via] as chain from c_leg g where g.via_rc is not null
"""
_LENGTHEN = """
update c_chain set root = s.via_rc, chain = list_prepend(s.via, chain)
from (select k, rc, min(via_rc) as via_rc, min(via) as via from c_step group by k, rc) s
where s.k = c_chain.k and s.rc = c_chain.root and not list_contains(list_transform(chain, lambda a: lower(a)), s.via_rc)
"""
_BACK = """
create or replace temp table c_frontier as
select f.x, g.n, g.k from c_frontier f join c_prev p on p.n = f.n join c_leg g on g.n = p.prev
"""


def flows(con: DuckDBPyConnection) -> None:
    """Make `c_path`, `c_best` and what belongs to them of `c_leg` and `c_link`."""
    con.execute(_CHAIN)
    repeat(con, _LENGTHEN, NESTED)
    run(con, "paths")
    _walk(con)
    run(con, "flows")


def _walk(con: DuckDBPyConnection) -> None:
    for step in range(1, LONGEST + 1):
        if not number(con, _BACK):
            return
        con.execute("insert into c_path select x, ?, n, k from c_frontier", [step])
