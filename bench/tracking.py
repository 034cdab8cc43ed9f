"""Lines a second from logs to flows in a lake (read, parse, write, correlate), peak memory, and what questions take on the largest lake.

    python -m bench.tracking 1000000 10000000 50000000 --keep

Each size as a Postfix log and, up to ten million lines, as an Exchange tracking log. pflogsumm, which only counts, reads the same Postfix
log in the same run: found on the PATH, or at PFLOGSUMM. Processor seconds stand beside the wall's, for machines with other work. Needs 10
GB of disk for ten million lines, 20 GB for fifty, in TMPDIR.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench import table
from bench.tracking_exchange import rows as exchange_rows
from thresholds.scope import EVERYTHING
from tracking.lake.reader import asking, open_lake

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
LINES_OF_A_MESSAGE = 7
MESSAGES_A_SECOND = 20
MOST = {"Postfix": 10**9, "Exchange": 10**7}  # lines: ten million of Exchange's are 6 GB
COLUMNS = ("what", "lines", "MB", "s", "lines/s", "MB/s", "processor s", "lines per processor s", "peak MiB", "of pflogsumm")
QUESTIONS = {
    "find by message id": "select * from flows where message_id = '<4242.4242@example.org>'",
    "one day's top senders": """select sender, count(*) as many from flows
        where entered_at >= (select max(entered_at)::date from flows) group by sender order by many desc limit 10""",
    "one sender's last flows": "select * from flows where sender = 's77@example.org' order by entered_at desc limit 20",
    "outcomes by hour": "select date_trunc('hour', entered_at) as hour, outcome, count(*) from flows group by all order by all",
}


@dataclass(frozen=True, slots=True)
class Took:
    """What a command took."""

    wall_seconds: float
    processor_seconds: float
    peak_mib: int


def write_postfix(path: Path, lines: int) -> None:
    """Write a log of whole messages with at most so many lines."""
    with path.open("w") as file:
        for number in range(lines // LINES_OF_A_MESSAGE):
            file.write(message(number))


def message(number: int) -> str:
    """Return the lines of one message."""
    seconds = number // MESSAGES_A_SECOND
    at = f"Nov {2 + seconds // 86400:2d} {seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d} mx1 postfix"
    name, who = f"{number * 7919 + (1 << 36):X}", number % 5000
    client = f"mail{who}.example.org[192.0.2.{who % 250}]"
    delays = f"delay=0.{number % 90 + 10}, delays=0.01/0/0.02/0.1, dsn=2.0.0"
    return (
        f"{at}/smtpd[{1000 + number % 40}]: connect from {client}\n"
        f"{at}/smtpd[{1000 + number % 40}]: {name}: client={client}\n"
        f"{at}/cleanup[{2000 + number % 20}]: {name}: message-id=<{number}.{who}@example.org>\n"
        f"{at}/qmgr[77]: {name}: from=<s{who}@example.org>, size={1000 + number % 9000}, nrcpt=1 (queue active)\n"
        f"{at}/smtp[{3000 + number % 40}]: {name}: to=<r{number % 3000}@example.com>, relay=hub1.x[10.0.0.1]:25, {delays}, "
        f"status=sent (250 2.0.0 Ok: queued as {number * 104729 + (1 << 37):X})\n"
        f"{at}/qmgr[77]: {name}: removed\n"
        f"{at}/smtpd[{1000 + number % 40}]: disconnect from {client} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5\n"
    )


def write_exchange(path: Path, lines: int) -> None:
    """Write a tracking log of six lines a message."""
    with path.open("w") as file:
        file.writelines(f"{row}\n" for row in exchange_rows(lines))


WRITERS: dict[str, Callable[[Path, int], None]] = {"Postfix": write_postfix, "Exchange": write_exchange}


def measured(command: list[str]) -> Took:
    """Run a command; say what it took."""
    began = perf_counter()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return Took(perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10)


def row(what: str, lines: int, megabytes: float, took: Took) -> list[object]:
    """Return a line of the table, but for the last column."""
    wall, processor = took.wall_seconds, took.processor_seconds
    rates = (f"{lines / wall:,.0f}", f"{megabytes / wall:.1f}", round(processor, 1), f"{lines / processor:,.0f}")
    return [what, f"{lines:,}", round(megabytes), round(wall, 1), *rates, took.peak_mib]


def measure(kind: str, lines: int, folder: Path) -> list[list[object]]:
    """Measure one size of one kind; leave its lake."""
    log, lake = folder / f"{kind}.log", folder / f"{kind}-{lines}"
    WRITERS[kind](log, lines)
    megabytes = log.stat().st_size / 1e6
    taken = measured([sys.executable, "-m", "service.cli", "track", "import", "--lake", str(lake), str(log)])
    rows = [[*row(f"{kind}, probe track import", lines, megabytes, taken), ""]]
    summer = os.environ.get("PFLOGSUMM") or shutil.which("pflogsumm")
    if summer and kind == "Postfix":
        peer = measured(["perl", summer, str(log)])
        rows[0][-1] = f"{peer.wall_seconds / taken.wall_seconds:.2f} (processor {peer.processor_seconds / taken.processor_seconds:.2f})"
        rows.append([*row(f"{kind}, pflogsumm", lines, megabytes, peer), "1"])
    log.unlink()
    return rows


def asked(lake: Path, question: str) -> list[float]:
    """Return how long the question took, each time with the opening of the lake, in seconds."""
    found = []
    for _ in range(3):
        began = perf_counter()
        asking(lambda: open_lake(lake, EVERYTHING), lambda con: con.execute(question).fetchall())
        found.append(perf_counter() - began)
    return found


def main(sizes: list[int]) -> None:
    """Measure each size, then ask the largest lake."""
    with tempfile.TemporaryDirectory(prefix="ms-bench-") as parent:
        folder = Path(parent)
        rows = []
        for lines in sorted(sizes):
            for kind in WRITERS:
                if lines <= MOST[kind]:
                    found = measure(kind, lines, folder)
                    print(*found, sep="\n", file=sys.stderr, flush=True)
                    rows += found
        table.show("Tracking: logs to flows", table.render(COLUMNS, rows), "On 2 cores; memory bounded by the default of 1 GiB.")
        questions = [(name, *asked(folder / f"Postfix-{max(sizes)}", question)) for name, question in QUESTIONS.items()]
        table.show(
            f"Tracking: questions to the lake of {max(sizes):,} lines",
            table.render(("question", "first s", "second s", "third s"), questions),
        )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:] if size != "--keep"] or [1_000_000])
