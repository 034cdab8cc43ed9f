"""Which columns are in force on which lines of a batch: Exchange's `#Fields:` lines, wherever they stand (a restart writes another).

Every line that begins with `#` is a header: data begin with a stamp. The header in force at a batch's end is carried to the next batch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.formats.exchange_columns import FORMS, MOST, keys

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BOM = "\ufeff"
HEADED = (
    f"(starts_with(line, '#') or (starts_with(line, '{BOM}') and starts_with(ltrim(line, '{BOM}'), '#')))"  # SQL: this line is a header
)
SKIPPED = f"line = '' or {HEADED}"  # SQL: this line holds no event
_HEADS = f"select n, ltrim(line, ?) from landed where {HEADED} and starts_with(lower(ltrim(line, ?)), '#fields:') order by n"  # noqa: S608
_PLAIN_FIELD = 'regexp_extract_all(ltrim(line, ?) || \',\', \'("(?:[^"]|"")*"|[^,]*),\', 1)'
_FIRST = f"select len({_PLAIN_FIELD}) from (select line from landed where not ({SKIPPED}) order by n limit 1)"  # noqa: S608 our own words
_SEGMENTS_MOST = 1000  # headers in a batch; whoever writes more has no log


@dataclass(frozen=True, slots=True)
class Segment:
    """Lines of a batch that one header rules."""

    names: tuple[str, ...]
    first: int  # line numbers, both included
    last: int


def names_of(line: str) -> tuple[str, ...]:
    """Read a `#Fields:` line; () when it names no event or no stamp (then its lines stay unparsed)."""
    names = tuple(name.strip() for name in line.partition(":")[2].split(","))
    ours = keys(names[:MOST])
    return names if len(names) <= MOST and "stamp" in ours and "event" in ours else ()


def carried(carry: str) -> tuple[str, ...]:
    """Return the columns that were in force at the end of the batch before; () = none."""
    return tuple(json.loads(carry)["fields"]) if carry else ()


def segments(con: DuckDBPyConnection, before: tuple[str, ...]) -> list[Segment]:
    """Return the batch's lines by the header in force, in order; lines under no header at all are of a known form or in no segment."""
    bounds = con.execute("select min(n), max(n) from landed").fetchone()
    if bounds is None or bounds[0] is None:
        return []
    heads = con.execute(_HEADS, [BOM, BOM]).fetchmany(_SEGMENTS_MOST)
    named = [(bounds[0], before), *((n, names_of(line)) for n, line in heads)]
    lasts = [*(n for n, _ in named[1:]), bounds[1] + 1]
    merged: list[Segment] = []
    for (first, names), after in zip(named, lasts, strict=True):
        if merged and merged[-1].names == names:
            merged[-1] = Segment(names, merged[-1].first, after - 1)
        elif after > first:
            merged.append(Segment(names, first, after - 1))
    return merged


def assumed(con: DuckDBPyConnection) -> tuple[str, ...]:
    """Return the columns of a log that lost its header, by how many its first line has; () when no version writes so many."""
    first = con.execute(_FIRST, [BOM]).fetchone()
    return FORMS.get(first[0], ()) if first else ()
