"""What a format is: recognised by the first lines, parsed by SQL from landed lines into events, noise, and what is left (unparsed).

A batch lies in a temporary table `landed (n BIGINT, line VARCHAR)`: whole lines, safe UTF-8, n = the line's number in its file. `parse`
inserts into the temporary tables `parsed` (`schema.PARSED`) and `noise` (`schema.NOISE`); a line in neither is unparsed. All on the
connection that is handed in; no other I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Context:
    """What a batch's lines do not say themselves."""

    file: str  # name of the file, for messages
    first_line: int  # of this batch
    until: datetime  # the file's mtime, or the date of its rotated name: no line is from later than a day after it
    server: str = ""  # "" = as the lines say
    timezone: str = "UTC"  # of local stamps
    year: int | None = None  # told by the user for year-less stamps
    carry: str = ""  # what `parse` returned for the batch before it in this file (JSON; a header in force, the last stamp)
    options: str = ""  # of a generic format: its regular expression; of an export: day-first or month-first
    landing: Path | None = None  # the file that `landed` was read from: exactly its lines; None = a parser must do without


class Format(Protocol):
    """One format of logs."""

    name: str  # as --format names it
    about: str  # which servers write it, one line

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether a file that begins with these lines (up to 50) is of this format."""

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return what this file's next batch needs to know. Raises ValueError."""
