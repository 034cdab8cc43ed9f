"""How to make a real DuckDB break: what it does to itself when a checkpoint fails, and the statement of a public report (issue 24807)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

_NUMBER = itertools.count()
_TABLES = (
    "create table base (pk bigint not null, i bigint, big decimal(38, 0), txt varchar, day date, since timestamp)",
    "insert into base values (3, null, -7, null, date '2030-06-01', null)",
    "insert into base values (8, -1, 1, 'x', date '2024-01-15', timestamp '1999-12-31 23:59:59')",
    "create table flags as select pk, 1 as flag from base",
    "create view t as select b.* from base b join flags f on b.pk = f.pk where f.flag = 1",
)
_JOIN = "select t3.txt, t3.big from t t1 right join t t2 on t1.i <= t2.i left join t t3 on t1.day = t3.since"


def break_down(folder: Path) -> None:
    """Let an engine break: FatalException, as after each fault that leaves its data in doubt."""
    with duckdb.connect(str(folder / f"broken{next(_NUMBER)}.db"), config={"temp_directory": str(folder)}) as con:
        con.execute("create table one as select 1 as i")
        con.execute("set debug_checkpoint_abort = 'before_header'")
        con.execute("checkpoint")


def dictionaries(con: DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Join as the report does: a right statement, on which some releases break."""
    for statement in _TABLES:
        con.execute(statement)
    return con.execute(_JOIN).fetchall()
