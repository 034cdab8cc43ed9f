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


_ENTER = "update c_entrance set root = b.k from c_before b where b.next_k = c_entrance.root"


def links(con: DuckDBPyConnection) -> None:
    """Make `c_link` of `c_stay` and `c_leg`."""
    run(con, "claims", "strong")
    _break_circles(con, "backward")
    run(con, "weak")
    repeat(con, _ENTER, LONGEST)
    run(con, "rivals")
    repeat(con, text("match"), ROUNDS)
    _break_circles(con, "guessed")


def _break_circles(con: DuckDBPyConnection, suspects: str) -> None:
    """Remove each link of this kind that leads back to where its message came from: a lie, or a wrong guess."""
    run(con, "cycles")
    con.execute(f"create or replace temp table c_upward as select start, here from c_suspect where {suspects}")  # noqa: S608 our own two words
    for _ in range(LONGEST):
        number(con, _MEET)
        if not number(con, _CLIMB):
            return
