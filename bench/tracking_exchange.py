"""How fast Exchange's tracking logs become events: generated rows of 30 columns, the fast way (read_csv) and the slow (line by line).

usage: python bench/tracking_exchange.py [ROWS]      prints a table; writes only below a temporary directory that it removes
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import UUID

import duckdb

from tracking import schema
from tracking.formats.exchange import Exchange
from tracking.formats.exchange_columns import FORMS
from tracking.formats.format import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
BATCH = 200_000  # lines, as the importer's
THREADS = 2
TREE = (
    "LSRV=EX1.corp.example:TOTAL-HUB=1.921|SMR=0.127(SMRDE=0.002|SMRC=0.125(SMRCL=0.105|X-SMRCR=0.125))|CAT=1.698(CATOS=0.018(CATSM=0.017"
    "(CATSM-Malware Agent=0.017))|CATRESL=0.004|CATORES=1.567(CATRS=1.566(CATRS-Transport Rule Agent=0.002(X-ETREX=0.002))))|QDM=0.010|SMS=0.076"  # noqa: E501 a row as a server writes it
)
EXTRA = "S:E2ELatency=1.928;S:MsgRecipCount=1;S:IncludeInSla=True;S:DeliveryPriority=Normal;S:AccountForest=corp.example"


def message(number: int) -> Iterator[str]:
    """Yield the six rows of one message: in by SMTP, two agents', out to the next hub, into the mailbox, shadow dropped."""
    at = START + timedelta(milliseconds=37 * number)
    stamps = [f"{at + timedelta(milliseconds=step):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" for step in (0, 30, 70, 410, 655, 900)]
    mid, network, inner = f"<{number:09x}.4711@sender.example>", UUID(int=number * 0x9E3779B97F4A7C15 % 2**128), 70_912_345_000_000 + number
    many = number % 20 == 0
    to = ";".join(f"user{number % 997 + n}@corp.example" for n in range(5 if many else 1))
    said = ";".join(["250 2.1.5 Recipient OK"] * (5 if many else 1))
    head = f"{inner},{mid},{network},{to}"
    subject = '"Figures, ""final"" (2)"' if number % 10 == 0 else f"Figures of week {number % 53}"
    tail = f"{7000 + number % 90000},{5 if many else 1},,,{subject},a.person@sender.example,a.person@sender.example"
    log = f"Email,{network},15.02.1544.004"
    session = f"08DC{number:012X};{stamps[0]};0"
    reply = f'";250 2.6.0 {mid} [InternalId={inner + 5}, Hostname=EX2.corp.example] 9361 bytes in 0.101, 90.5 KB/sec Queued mail for delivery;ClientSubmitTime:"'  # noqa: E501 a row as a server writes it
    yield f"{stamps[0]},10.1.1.9,mx1.corp.example,10.1.1.14,EX1,{session},EX1\\Default EX1,SMTP,RECEIVE,{head},,{tail},0cA: ,Incoming,,192.0.2.7,10.1.1.14,{EXTRA},{log}"  # noqa: E501 a row as a server writes it
    yield f"{stamps[1]},,,,EX1,No suitable shadow servers,,SMTP,HAREDIRECTFAIL,{head},,{tail},,Incoming,,,,{EXTRA},{log}"
    yield f"{stamps[2]},,EX1,,,,,AGENT,AGENTINFO,{head},,{tail},,Incoming,,192.0.2.7,10.1.1.14,S:AMA=SUM|action=p|error=|atch=0;{EXTRA},{log}"  # noqa: E501 a row as a server writes it
    yield f"{stamps[3]},10.1.1.14,EX1,10.1.1.15,EX2.corp.example,{reply},Intra-Organization SMTP Send Connector,SMTP,SEND,{head},{said},{tail},{stamps[0]};{TREE},Incoming,,,,{EXTRA},{log}"  # noqa: E501 a row as a server writes it
    yield f"{stamps[4]},,EX1.corp.example,,EX2,08DC{number:012X};{stamps[3]};ClientSubmitTime:,,STOREDRIVER,DELIVER,{head},,{tail},{stamps[0]};{TREE},Incoming,,,,{EXTRA},{log}"  # noqa: E501 a row as a server writes it
    yield f"{stamps[5]},,,,EX1,,,SMTP,HADISCARD,{head},,{tail},,Incoming,,,,{EXTRA},{log}"


def rows(count: int) -> Iterator[str]:
    """Yield the header and rows."""
    yield "#Software: Microsoft Exchange Server"
    yield "#Log-type: Message Tracking Log"
    yield "#Fields: " + ",".join(FORMS[30])
    for number in range(count // 6):
        yield from message(number)


def batches(folder: Path, count: int) -> list[Path]:
    """Write the rows as landing files of one batch each."""
    lines, paths = list(rows(count)), []
    for at in range(0, len(lines), BATCH):
        path = folder / f"batch{at}"
        path.write_text("\n".join(lines[at : at + BATCH]) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


LAND = """create or replace temp table landed as select row_number() over () + ? as n, coalesce(line, '') as line
from read_csv(?, columns = {'line': 'VARCHAR'}, delim = '', quote = '', escape = '', header = false, auto_detect = false,
    max_line_size = 16777216)"""


def measure(paths: list[Path], fast: bool) -> tuple[float, float, int]:
    """Return seconds to land, seconds to parse, events."""
    con = duckdb.connect()
    con.execute(f"set threads = {THREADS}; set TimeZone = 'UTC'; set memory_limit = '1GiB'; set temp_directory = '{paths[0].parent}/spill'")
    landing = parsing = 0.0
    carry, line, events = "", 0, 0
    for path in paths:
        con.execute(schema.ddl("parsed", schema.PARSED))
        con.execute(schema.ddl("noise", schema.NOISE))
        began = perf_counter()
        con.execute(LAND, [line, str(path)])
        landed = perf_counter()
        context = Context("MSGTRK2026112008-1.LOG", line + 1, START + timedelta(days=1), carry=carry, landing=path if fast else None)
        carry = Exchange().parse(con, context)
        landing, parsing = landing + landed - began, parsing + perf_counter() - landed
        line += sum(con.execute("select count(*) from landed").fetchone() or ())
        events += sum(con.execute("select count(*) from parsed").fetchone() or ())
    return landing, parsing, events


def main(count: int) -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        paths = batches(Path(folder), count)
        size = sum(path.stat().st_size for path in paths) / 1e6
        print(f"{count} rows of 30 columns, {size:.0f} MB, {THREADS} threads, batches of {BATCH} lines")
        for name, fast in (("fast", True), ("slow", False)):
            landing, parsing, events = min((measure(paths, fast) for _ in range(3)), key=lambda found: found[1])
            print(
                f"{name}: land {landing:.2f} s, parse {parsing:.2f} s = {size / parsing:.0f} MB/s, {count / parsing:,.0f} lines/s, {events} events; "  # noqa: E501 a row of the table
                f"both {size / (landing + parsing):.0f} MB/s, {count / (landing + parsing):,.0f} lines/s"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
