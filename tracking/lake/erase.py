"""Erases one person's traces from a lake: the address becomes `erased@its.domain` wherever it stands, raw lines that name it go whole.

Also its plus addresses and its SRS and VERP forms; subjects of the rows that name it; in a lake of pseudonyms the address's own one. The
old files are removed at once, without the grace that readers have otherwise. What still stands in the logs is not ours to erase.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.errors import TrackError
from tracking.lake.compact import Pile, rewrite
from tracking.lake.engine import MEMORY_BYTES, connect, telling
from tracking.lake.kinds import STORED
from tracking.lake.privacy import pseudonym
from tracking.lake.traces import pattern
from tracking.lake.views import source

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tracking.lake.manifest import Part
    from tracking.lake.write import Writer

GONE_LINE = "(erased)"
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_TEXTS = frozenset({"VARCHAR", "VARCHAR[]"})


def erase(pen: Writer, address: str, key: bytes = b"", memory_bytes: int = MEMORY_BYTES) -> dict[str, int]:
    """Erase an address; return how many rows of each kind named it.

    Args:
        pen: the lake's writer.
        address: local part and domain, in any case.
        key: of the lake's pseudonyms, if it has some.
        memory_bytes: how much it may take.

    Raises: TrackError for what is no address, and where the lake cannot be written.
    """
    if not _ADDRESS.fullmatch(address):
        raise TrackError(f"{address!r} is no address: name one as somebody@abc.example")
    wanted = pseudonym(key, address) if key else address
    erased: dict[str, int] = {}
    con = connect(pen.spill, memory_bytes)
    try:
        with telling(pen.lake):
            for part in pen.manifest.parts:
                if rows := _erase(pen, con, part, wanted):
                    erased[part.kind] = erased.get(part.kind, 0) + rows
    finally:
        con.close()
    pen.burn()
    return erased


def _erase(pen: Writer, con: DuckDBPyConnection, part: Part, address: str) -> int:
    """Rewrite one file where it names the address; return how many rows did."""
    texts = [column for column in STORED[part.kind] if column.type in _TEXTS]
    if not texts:
        return 0
    named = " or ".join(f"regexp_matches({_flat(column.name, column.type)}, $pattern)" for column in texts)
    rows = source(pen.lake, part.kind, [part])
    given = {"pattern": pattern(address)}
    (count,) = con.execute(f"select count(*) from ({rows}) where {named}", given).fetchone() or (0,)
    if count:
        instead = {"instead": rf"\1\2erased@{address.rpartition('@')[2]}\3"}
        con.execute(f"create or replace temp table changed as {_changed(part.kind, rows, named)}", given | instead)
        rewrite(pen, con, Pile(part.kind, part.day, (part,)), "select * from changed")
    return int(count)


def _flat(name: str, kind: str) -> str:
    return f"coalesce(\"{name}\", '')" if kind == "VARCHAR" else f"coalesce(array_to_string(\"{name}\", ' '), '')"


def _changed(kind: str, rows: str, named: str) -> str:
    """Return the SELECT of a file's rows without the address."""
    columns = ", ".join(_column(kind, column.name, column.type) for column in STORED[kind])
    return f"select {columns} from (select *, ({named}) as hit from ({rows}))"


def _column(kind: str, name: str, of: str) -> str:
    """Return a column without the address; twice, for two that share the sign between them."""
    if (kind, name) == ("lines", "text"):
        return f"case when hit then '{GONE_LINE}' else text end as text"
    if name == "subject":
        return "case when hit then null else subject end as subject"
    clean = "regexp_replace(regexp_replace({0}, $pattern, $instead, 'g'), $pattern, $instead, 'g')"
    if of == "VARCHAR":
        quoted = f'"{name}"'
        return f"case when hit then {clean.format(quoted)} else {quoted} end as {quoted}"
    if of == "VARCHAR[]":
        return f'list_transform("{name}", lambda x: {clean.format("x")}) as "{name}"'
    return f'"{name}"'
