"""Which stays belong together, and which stored ones new events touch: those are read and correlated again as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.correlate.statements import repeat, run

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
