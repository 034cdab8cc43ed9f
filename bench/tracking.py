"""Lines a second from a Postfix log to flows in a lake (read, parse, write, correlate), and peak memory; pflogsumm only counts.

    python bench/tracking.py 1000000 10000000

Processor seconds stand beside the wall's, for machines with other work. pflogsumm is asked where it is on the PATH, or at PFLOGSUMM.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parent.parent
LINES_OF_A_MESSAGE = 7
MESSAGES_A_SECOND = 20


def write_log(path: Path, lines: int) -> None:
    """Write a log of whole messages with at most so many lines."""
    with path.open("w") as file:
        for number in range(lines // LINES_OF_A_MESSAGE):
            file.write(message(number))


def message(number: int) -> str:
    """Return the lines of one message."""
    seconds = number // MESSAGES_A_SECOND
    at = f"Nov {20 + seconds // 86400:2d} {seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d} mx1 postfix"
    name, who = f"{number * 7919 + (1 << 36):X}", number % 5000
    client = f"mail{who}.example.org[192.0.2.{who % 250}]"
    delays = f"delay=0.{number % 90 + 10}, delays=0.01/0/0.02/0.1, dsn=2.0.0"
    return (
        f"{at}/smtpd[{1000 + number % 40}]: connect from {client}\n"
        f"{at}/smtpd[{1000 + number % 40}]: {name}: client={client}\n"
        f"{at}/cleanup[{2000 + number % 20}]: {name}: message-id=<{number}.{who}@example.org>\n"
        f"{at}/qmgr[77]: {name}: from=<s{who}@example.org>, size={1000 + number % 9000}, nrcpt=1 (queue active)\n"
        f"{at}/smtp[{3000 + number % 40}]: {name}: to=<r{number % 3000}@example.com>, relay=hub1.x[10.0.0.1]:25, {delays}, "
        f"status=sent (250 2.0.0 Ok: queued as {number + 4096:X})\n"
        f"{at}/qmgr[77]: {name}: removed\n"
        f"{at}/smtpd[{1000 + number % 40}]: disconnect from {client} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5\n"
    )


def measured(command: list[str]) -> tuple[float, float, int]:
    """Run a command; return wall seconds, processor seconds and peak memory in MiB."""
    began = perf_counter()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10


def row(what: str, lines: int, took: tuple[float, float, int]) -> str:
    """Return a line of the table."""
    wall, processor, memory = took
    return f"| {what} | {lines:,} | {wall:.1f} | {lines / wall:,.0f} | {processor:.1f} | {lines / processor:,.0f} | {memory} |"


def main(sizes: list[int]) -> None:
    """Measure each size."""
    summer = os.environ.get("PFLOGSUMM") or shutil.which("pflogsumm")
    print("| what | lines | s | lines/s | processor s | lines per processor s | peak MiB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "mail.log"
        for lines in sizes:
            write_log(log, lines)
            lake = Path(folder) / f"lake{lines}"
            print(
                row(
                    "probe track import",
                    lines,
                    measured([sys.executable, "-m", "service.cli", "track", "import", "--lake", str(lake), str(log)]),
                )
            )
            if summer:
                print(row("pflogsumm", lines, measured(["perl", summer, str(log)])), flush=True)
            shutil.rmtree(lake)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000_000])
