"""Stays to links: what a server's own words tie together first, then what the messages have in common. Never a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.correlate.statements import number, repeat, run, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROUNDS = 8  # of matching by what messages have in common; each settles at least the nearest pairs
LONGEST = 256  # hops of one way; what is longer is cut
_MEET = """
delete from c_link using c_upward u where u.here = u.start and c_link.next_k = u.start
"""
_CLIMB = """
create or replace temp table c_upward as
select u.start, b.k as here from c_upward u join c_before b on b.next_k = u.here where u.here <> u.start
"""


def links(con: DuckDBPyConnection) -> None:
    """Make `c_link` of `c_stay` and `c_leg`."""
    run(con, "claims", "strong", "weak")
    repeat(con, text("match"), ROUNDS)
    _break_circles(con)


def _break_circles(con: DuckDBPyConnection) -> None:
    """Remove each link that leads back to where its message came from."""
    run(con, "cycles")
    for _ in range(LONGEST):
        number(con, _MEET)
        if not number(con, _CLIMB):
            return
