"""The SQL beside this module: read once, run on the connection that is handed in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def run(con: DuckDBPyConnection, *names: str) -> None:
    """Run the files of these names, one after the other."""
    for name in names:
        con.execute(text(name))


def number(con: DuckDBPyConnection, query: str) -> int:
    """Return the one number that a query answers; of an insert or update the number of rows."""
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def repeat(con: DuckDBPyConnection, statement: str, most: int) -> bool:
    """Run an insert or update until it changes nothing; False when it still did after `most` times."""
    return any(not number(con, statement) for _ in range(most))


@cache
def text(name: str) -> str:
    """Return the statements of a file."""
    return files(__package__).joinpath(f"{name}.sql").read_text("utf-8")
