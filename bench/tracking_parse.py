"""How fast a Postfix log becomes events, and events Parquet, against pflogsumm (which only counts) on the same file in the same run.

usage: python bench/tracking_parse.py [MESSAGES [PFLOGSUMM]]   seven lines a message; PFLOGSUMM: its path, if it is not installed.
Prints a table; writes only below a temporary directory that it removes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import duckdb

from tracking import schema
from tracking.formats.format import Context
from tracking.formats.postfix_ids import DIGITS
from tracking.formats.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = int(datetime(2026, 11, 2, 8, tzinfo=UTC).timestamp())
UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
BATCH = 200_000  # lines, as the importer's
THREADS = 2
_LAND = """create or replace temp table landed as select row_number() over () as n, coalesce(line, '') as line from read_csv($file,
    columns = {'line': 'VARCHAR'}, delim = '', quote = '', escape = '', header = false, auto_detect = false, max_line_size = 16777216)"""


def digits(value: int, width: int) -> str:
    """Return a number in the 52 digits of long queue ids."""
    return "".join(DIGITS[value // 52**at % 52] for at in range(width - 1, -1, -1))


def message(number: int) -> Iterator[str]:
    """Yield a message's lines: in by SMTP, out by SMTP."""
    seconds, micros = START + number // 20, number % 20 * 50_000
    name = f"{digits(seconds, 6)}{digits(micros, 4)}z{digits(number % 50**3, 4).replace('z', 'y')}"
    head = f"{datetime.fromtimestamp(seconds, UTC):%b %e %H:%M:%S} mx{number % 3} postfix/"
    pid, client = 4000 + number % 200, f"mail{number % 977}.sender{number % 313}.example[198.51.100.{number % 250}]"
    yield f"{head}smtpd[{pid}]: connect from {client}"
    yield f"{head}smtpd[{pid}]: {name}: client={client}"
    yield f"{head}cleanup[{pid + 300}]: {name}: message-id=<{number:x}.{name}@sender{number % 313}.example>"
    sender = f"user{number % 5000}@sender{number % 313}.example"
    yield f"{head}qmgr[2210]: {name}: from=<{sender}>, size={900 + number % 90_000}, nrcpt=1 (queue active)"
    dest = f"dest{number % 97}.example"
    yield (
        f"{head}smtp[{pid + 600}]: {name}: to=<to{number % 7919}@{dest}>, relay=mx.{dest}[203.0.113.9]:25, "
        f"delay=0.39, delays=0.01/0.01/0.2/0.17, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {digits(seconds, 6)}{digits(micros, 4)}z1)"
    )
    yield f"{head}smtpd[{pid}]: disconnect from {client} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"
    yield f"{head}qmgr[2210]: {name}: removed"


def batches(folder: Path, messages: int) -> Iterator[Path]:
    """Write the log in the importer's batches."""
    lines = (line for number in range(messages) for line in message(number))
    while some := list(islice(lines, BATCH)):
        file = folder / f"{len(list(folder.glob('*.log'))):04}.log"
        file.write_text("\n".join(some) + "\n", encoding="ascii")
        yield file


def parse(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Land and parse one batch."""
    con.execute(_LAND, {"file": str(file)})
    con.execute(schema.ddl("parsed", schema.PARSED))
    con.execute(schema.ddl("noise", schema.NOISE))
    FORMATS["syslog"].parse(con, Context(file.name, 1, UNTIL))


def write(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Land, parse and write one batch."""
    parse(con, file)
    con.execute(f"copy parsed to '{file}.parquet' (format parquet, compression zstd)")


def each(work: Callable[[duckdb.DuckDBPyConnection, Path], None], con: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """Do the work on each batch."""
    for file in files:
        work(con, file)


def measure(name: str, lines: int, work: Callable[[], object]) -> None:
    """Print how long a piece of work took, by the clock and of our own processor time."""
    wall, cpu = perf_counter(), process_time()
    work()
    wall, cpu = perf_counter() - wall, process_time() - cpu
    print(f"{name:24} {wall:7.1f} s {lines / wall / 1e6:6.2f} M lines/s  {cpu:6.1f} s CPU")


def main(messages: int, peer: str = "") -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        con.execute(f"set TimeZone = 'UTC'; set threads = {THREADS}; set memory_limit = '1GiB'; set temp_directory = '{folder}/spill'")
        files = list(batches(Path(folder), messages))
        print(f"{messages * 7:,} lines, {sum(file.stat().st_size for file in files) / 1e6:.0f} MB")
        measure("land, parse", messages * 7, lambda: each(parse, con, files))
        measure("land, parse, Parquet", messages * 7, lambda: each(write, con, files))
        pflogsumm = peer or shutil.which("pflogsumm")
        if pflogsumm:
            command = ["perl", pflogsumm, *map(str, files)]
            measure("pflogsumm", messages * 7, lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 30_000, *sys.argv[2:3])
