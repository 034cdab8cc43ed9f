"""Parse a text as a format does, for the tests of all formats: what became of each of its lines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from tracking.formats.format import Context
from tracking.formats.registry import FORMATS
from tracking.schema import NOISE, PARSED, ddl

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS = Context(file="test.log", first_line=1, until=datetime(2026, 11, 20, 12, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a batch became; `carry` is for the next one."""

    events: list[dict[str, Any]]  # in the order of lines and parts, without what is NULL
    noise: dict[str, int]  # lines by kind
    unparsed: list[str]
    carry: str = field(default="", compare=False)


def _land(con: duckdb.DuckDBPyConnection, text: str, first_line: int, landing: Path | None) -> None:
    con.execute("set TimeZone = 'UTC'")
    con.execute("create temp table landed (n BIGINT, line VARCHAR)")
    lines = text.removesuffix("\n").split("\n")
    con.executemany("insert into landed values (?, ?)", list(enumerate(lines, first_line)))
    if landing:
        landing.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _events(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = con.execute("select * from parsed order by n, part").fetchall()
    names = [column.name for column in PARSED]
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def parse(name: str, text: str, landing: Path | None = None, **context: Any) -> Parsed:
    """Parse lines in the format of that name; `context`: fields of Context. Each line is an event, noise or unparsed."""
    told = replace(DEFAULTS, landing=landing, **context)
    with duckdb.connect(config={"temp_directory": ""}) as con:
        _land(con, text, told.first_line, landing)
        con.execute(ddl("parsed", PARSED))
        con.execute(ddl("noise", NOISE))
        carry = FORMATS[name].parse(con, told)
        count = "select (select count(*) from landed), (select count(distinct n) from parsed), (select count(*) from noise)"
        lines, events, noise = con.execute(count).fetchone() or (0, 0, 0)
        left = "select line from landed where n not in (select n from parsed) and n not in (select n from noise) order by n"
        unparsed = [line for (line,) in con.execute(left).fetchall()]
        assert lines == events + noise + len(unparsed), "a line was told twice"
        kinds = dict(con.execute("select kind, count(*) from noise group by kind order by kind").fetchall())
        return Parsed(_events(con), kinds, unparsed, carry or "")
