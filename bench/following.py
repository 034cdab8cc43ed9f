"""Measures how long a line takes from being written to its flow being visible in the lake, while a log grows: `python -m bench.following`.

A writer appends whole messages at a steady rate; the process that the service starts follows the log; a reader asks the lake, as any other
process would, for the newest message that has a flow. Both clocks are this machine's. Writes only below a temporary directory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING

from service.tracking.child import now
from service.tracking.orders import line
from thresholds.scope import EVERYTHING
from tracking.errors import TrackError
from tracking.lake.reader import asking, open_lake

if TYPE_CHECKING:
    from datetime import datetime

ROOT = Path(__file__).parent.parent
TICK_SECONDS = 0.1  # between two writes
ASK_SECONDS = 0.5
LINES_OF_A_MESSAGE = 10
NEWEST = "select max(cast(regexp_extract(message_id, '<([0-9]+)', 1) as bigint)), count(*) from flows where outcome = 'delivered'"


def message(number: int, at: datetime) -> str:
    """Return the lines of one message through two servers."""
    stamp, first, then = at.isoformat(), f"4F{number:09X}", f"5E{number:09X}"
    head = f"message-id=<{number}@example.org>"
    queued = f"from=<s{number % 5000}@example.org>, size={1000 + number % 9000}, nrcpt=1 (queue active)"
    whom, took = f"to=<r{number % 3000}@example.com>", "delay=0.3, delays=0.1/0/0.1/0.1, dsn=2.0.0, status=sent"
    rows = (
        f"mx1 postfix/smtpd[1]: {first}: client=mail.example.org[192.0.2.7]",
        f"mx1 postfix/cleanup[2]: {first}: {head}",
        f"mx1 postfix/qmgr[3]: {first}: {queued}",
        f"mx1 postfix/smtp[4]: {first}: {whom}, relay=hub1[10.0.0.1]:25, {took} (250 2.0.0 Ok: queued as {then})",
        f"mx1 postfix/qmgr[3]: {first}: removed",
        f"hub1 postfix/smtpd[1]: {then}: client=mx1[10.0.0.2]",
        f"hub1 postfix/cleanup[2]: {then}: {head}",
        f"hub1 postfix/qmgr[3]: {then}: {queued}",
        f"hub1 postfix/virtual[4]: {then}: {whom}, relay=virtual, {took} (delivered to maildir)",
        f"hub1 postfix/qmgr[3]: {then}: removed",
    )
    return "".join(f"{stamp} {row}\n" for row in rows)


class Writing(Thread):
    """Appends to a log at a steady rate, and remembers when which message was written."""

    def __init__(self, log: Path, lines_a_second: int, seconds: float) -> None:
        super().__init__(daemon=True)
        self._log, self._rate, self._seconds = log, lines_a_second / LINES_OF_A_MESSAGE, seconds
        self.written: list[float] = []  # message -> monotonic second

    def run(self) -> None:
        """Write until the time is over."""
        began = time.monotonic()
        with self._log.open("a", encoding="utf-8") as file:
            while (elapsed := time.monotonic() - began) < self._seconds:
                due, at = int(elapsed * self._rate), now()
                file.write("".join(message(number, at) for number in range(len(self.written), due)))
                file.flush()
                self.written += [time.monotonic()] * (due - len(self.written))
                time.sleep(TICK_SECONDS)


def newest(lake: Path) -> tuple[int, int]:
    """Return the newest message whose flow is whole, and how many there are; (-1, 0) = none yet."""
    try:
        found = asking(lambda: open_lake(lake, EVERYTHING, 256 << 20), lambda con: con.execute(NEWEST).fetchone())
    except TrackError:
        return -1, 0
    return (-1, 0) if found is None or found[0] is None else (int(found[0]), int(found[1]))


def watched(lake: Path, writing: Writing, patience_seconds: float) -> tuple[list[float], int]:
    """Ask the lake until all is there; return the age of the newest visible message at each look, in seconds, and how many are there."""
    delays: list[float] = []
    limit = time.monotonic() + patience_seconds
    there = 0
    while time.monotonic() < limit:
        number, there = newest(lake)
        if number >= 0 and writing.is_alive():
            delays.append(time.monotonic() - writing.written[number])
        if not writing.is_alive() and there == len(writing.written):
            break
        time.sleep(ASK_SECONDS)
    return delays, there


def main() -> None:
    """Measure, and print one line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--lines", type=int, default=5_000, help="a second")
    options.add_argument("--seconds", type=float, default=60.0)
    asked = options.parse_args()
    with TemporaryDirectory(prefix="following-") as folder:
        log, lake = Path(folder, "mail.log"), Path(folder, "lake")
        log.touch()
        source = {"name": "mx", "paths": [str(log)], "format": "postfix", "options": "", "server": "", "group": "", "timezone": "UTC"}
        sources = [{**source, "year": None, "every_seconds": None, "cron": None}]
        first = {"lake": str(lake), "memory_bytes": 1 << 30, "keep_days": {}, "key": "", "subjects": "keep", "sources": sources}
        command = [sys.executable, "-m", "service.tracking.child"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT) as child:
            assert child.stdin is not None  # noqa: S101 - it was asked for
            child.stdin.write(line(first))
            child.stdin.flush()
            writing = Writing(log, asked.lines, asked.seconds)
            writing.start()
            delays, there = watched(lake, writing, asked.seconds * 3)
            child.stdin.close()
    tenths = quantiles(delays, n=10) if len(delays) > 1 else [float("nan")] * 9
    aged = f"{tenths[4]:.1f} s at the median, {tenths[8]:.1f} s at nine tenths, {max(delays, default=0.0):.1f} s at most"
    rate = f"{asked.lines:,} lines/s for {asked.seconds:g} s"
    print(f"{now():%Y-%m-%d}: {rate}: {there:,} of {len(writing.written):,} flows; the newest visible one was {aged} old")


if __name__ == "__main__":
    main()
