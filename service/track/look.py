"""Does `probe track find` and `probe track flows`: asks the lake, writes what it says in one of five forms, whole or not at all.

What is written is made beside its place first: a lake that changes under a reader is asked again, and nobody gets half of each.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import click

from service.show.flow_words import is_backwards
from service.show.flows_show import print_flows, screen_of
from service.track.options import record
from service.track.pseudonyms import HINT, names_of
from tracking.errors import TrackError
from tracking.lake.engine import connect, quoted
from tracking.lake.reader import asking
from tracking.look.document import document
from tracking.look.find import found_in, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from service.track.pseudonyms import Names
    from thresholds.scope import Scope
    from tracking.look.find import Found, Wanted

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for one
CSV_COLUMNS = (
    *("message_id", "sender", "recipient", "via", "subject", "size_bytes", "probe", "domains", "entered_at", "left_at"),
    *("end_to_end_seconds", "uncertainty_seconds", "outcome", "said", "servers", "ids"),
)
_LINK = "struct(rule varchar, confidence double, seconds double)"
_LINES = "struct(file varchar, line bigint)[]"
_HOP = (
    "struct(server varchar, software varchar, id varchar, arrived_at timestamp, left_at timestamp, seconds double, "
    f'delays map(varchar, double), clock_offset_seconds double, "to" varchar, link {_LINK}, lines {_LINES})[]'
)
PARQUET = {
    **dict.fromkeys(("message_id", "sender", "recipient", "subject", "outcome", "said"), "varchar"),
    **dict.fromkeys(("via", "domains"), "varchar[]"),
    "size_bytes": "bigint",
    "probe": "boolean",
    **dict.fromkeys(("entered_at", "left_at"), "timestamp"),
    **dict.fromkeys(("end_to_end_seconds", "uncertainty_seconds"), "double"),
    "hops": _HOP,
}
PARQUET_ORDER = (*CSV_COLUMNS[:-2], "hops")


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked, and how it is to be shown."""

    what: str  # the command
    lake: Path
    scope: Scope
    wanted: Wanted
    form: str
    out: str | None
    key_file: str | None = None  # of the lake's pseudonyms


def look(asked: Look) -> int:
    """Show it; return how many were found; say so where there are more. Raises: click.ClickException."""
    if asked.form == "parquet" and asked.out is None and sys.stdout.isatty():
        raise click.UsageError("parquet is nothing for a screen: give --out FILE")
    names = names_of(asked.lake, asked.key_file)
    asked = replace(asked, wanted=names.wanted(asked.wanted))
    record(asked.lake, asked.what, {"domains": sorted(asked.scope.domains or ()), **asdict(asked.wanted)})
    try:
        with TemporaryFile() as made:
            shown = asking(lambda: opened(asked.lake, asked.wanted, asked.scope), lambda con: _made(con, asked, made))
            _hand_over(made, asked.out)
    except TrackError as error:
        raise click.ClickException(str(error)) from error
    for line in _afterwards(asked, shown, names):
        click.echo(line, err=True)
    return shown.count


def _afterwards(asked: Look, shown: _Shown, names: Names) -> Iterator[str]:
    """Yield what is to be said beside the flows: that there are none, that there are more, what to do with a table's ids."""
    if not shown.count:
        person = asked.wanted.message_id or asked.wanted.sender or asked.wanted.recipient
        yield f"probe: {asked.lake} holds no such flow" + (f"; {HINT}" if names.hidden and person else "")
        return
    if shown.backwards and asked.form == "table":
        yield f"probe: a time with a minus ({shown.backwards:,} here) says that a clock contradicts itself or another"
    if shown.more:
        yield f"probe: {shown.count:,} are shown, there are more: --limit, or ask more narrowly"
    elif asked.form == "table" and sys.stdout.isatty():
        yield f"{shown.count:,} found; `probe track show FLOW` shows the way of one"


class _Shown:
    """Hands on at most so many flows; counts them, and knows whether there are more."""

    def __init__(self, found: Iterator[Found], limit: int | None) -> None:
        self._found, self._limit = found, limit
        self.count, self.more = 0, False
        self.backwards = 0  # of these ended before they began

    def __iter__(self) -> Iterator[Found]:
        for one in islice(self._found, None if self._limit is None else min(self._limit, sys.maxsize)):
            self.count += 1
            self.backwards += is_backwards(one.flow)
            yield one
        self.more = next(self._found, None) is not None


def _made(con: Any, asked: Look, made: IO[bytes]) -> _Shown:
    """Write what is found, from the beginning."""
    made.seek(0)
    made.truncate()
    limit = asked.wanted.limit
    wanted = asked.wanted if limit is None else replace(asked.wanted, limit=limit + 1)
    shown = _Shown(found_in(con, asked.lake, wanted, asked.scope), limit)
    FORMS[asked.form](shown, made)
    return shown


def _hand_over(made: IO[bytes], out: str | None) -> None:
    made.seek(0)
    if out is None:
        sys.stdout.flush()
        copyfileobj(made, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with Path(out).open("wb") as file:
        copyfileobj(made, file)


@contextmanager
def _text(made: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    words = io.TextIOWrapper(made, "utf-8", errors="backslashreplace", newline="")
    try:
        yield words
    finally:
        words.flush()
        words.detach()


def _jsonl(found: Iterable[Found], made: IO[bytes]) -> None:
    for one in found:
        made.write(json.dumps(document(one.flow)).encode() + b"\n")  # \\u for all that is no ASCII: nothing commands a terminal


def _json(found: Iterable[Found], made: IO[bytes]) -> None:
    made.write(json.dumps([document(one.flow) for one in found], indent=2).encode() + b"\n")


def _csv(found: Iterable[Found], made: IO[bytes]) -> None:
    with _text(made) as words:
        rows = csv.writer(words, lineterminator="\r\n")
        rows.writerow(CSV_COLUMNS)
        rows.writerows([cell(value) for value in _row(one)] for one in found)


def _row(found: Found) -> list[Any]:
    told = document(found.flow)
    servers = " ".join(hop.server for hop in found.flow.hops)
    ids = " ".join(hop.id for hop in found.flow.hops)
    return [*(told[name] for name in CSV_COLUMNS[:-2]), servers, ids]


def cell(value: Any) -> Any:
    """Return a value as a cell that no spreadsheet takes for a formula (an apostrophe goes before it), and no terminal for a command."""
    if isinstance(value, list):
        value = " ".join(value)
    if not isinstance(value, str):
        return value
    shown = f"'{value}" if value.startswith(FORMULA) else value
    return shown if shown.isprintable() else "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)


def _parquet(found: Iterable[Found], made: IO[bytes]) -> None:
    """Write the JSON's own shape, typed: by way of a file of lines, so that memory stays bounded."""
    columns = ", ".join(f"{quoted(name)}: {quoted(PARQUET[name])}" for name in PARQUET_ORDER)
    with TemporaryDirectory(prefix="mailsonde-") as folder:
        lines, file = Path(folder) / "flows.jsonl", Path(folder) / "flows.parquet"
        with lines.open("wb") as handle:
            _jsonl(found, handle)
        read = f"read_json({quoted(lines)}, format = 'newline_delimited', columns = {{{columns}}}, maximum_object_size = 67108864)"
        with connect(Path(folder) / "spill") as con:
            con.execute(f"copy (select * from {read}) to {quoted(file)} (format parquet, compression zstd)")  # noqa: S608 - our own names
        with file.open("rb") as handle:
            copyfileobj(handle, made)


def _table(found: Iterable[Found], made: IO[bytes]) -> None:
    with _text(made) as words:
        print_flows(found, screen_of(words))


FORMS: dict[str, Callable[[Iterable[Found], IO[bytes]], None]] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "parquet": _parquet,
}
