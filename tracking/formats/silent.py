r"""Logs of programs that stand beside mail servers and tell of no message: OpenLDAP's slapd and NSD. All that they write is noise.

`6b01d471.0d866439 0x7efd0f001200 slapd starting` (seconds and a fraction as hex, the thread; before 2.5 `5f3a1c02 conn=1000 ..`), and
`[2026-11-21 14:00:01.123] nsd[7]: notice: ..`. So that a folder with them is read without a refusal; what else such a file holds is told
as not understood.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

HEADS = {  # software -> how its lines begin, in the dialect that Python and DuckDB share
    "slapd": r"[0-9a-f]{8}(?:\.[0-9a-f]{8} 0x[0-9a-f]+ | (?:@\(#\) |slapd |conn=|daemon: ))",
    "nsd": r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\] nsd\[\d+\]: [a-z]+: ",
}
# A line that goes on, as slapd's of its version does, begins with white space.
_NOISE = "insert into noise select n, $software from landed where line = '' or regexp_matches(line, $head)"


class Silent:
    """The format of one program's own log, of which nothing is of mail."""

    def __init__(self, name: str, about: str) -> None:
        """Take the software's name, a key of HEADS."""
        self.name = name
        self.about = about
        self._head = re.compile(HEADS[name])

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether the first line, and most lines that are no continuation, begin as the program's own do."""
        lines = [line for line in head if line[:1].strip()]
        return bool(lines) and bool(self._head.match(lines[0])) and sum(map(bool, map(self._head.match, lines))) * 2 > len(lines)

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `noise`; nothing is to be carried."""
        con.execute(_NOISE, {"software": self.name, "head": rf"^(?:\s|{HEADS[self.name]})"})
        return context.carry
