"""What the tests of importing share: a Postfix log of some messages, an import into a lake, and all that a lake holds as plain rows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from thresholds.scope import EVERYTHING
from tracking.collect.chunks import Batch
from tracking.importing import import_paths
from tracking.importing_values import Options, Sizes
from tracking.lake.reader import asking, open_lake
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.importing_values import Report

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SMALL = Sizes(Batch(limit_bytes=4096, limit_lines=40, block=2048), commit_lines=80, correlate_rows=200)
RELAY = "relay=hub1.example[10.0.0.1]:25"
SENT = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as "
KINDS = ("lines", "events", "hops", "legs", "flows")


def message(number: int, server: str = "mx1", minute: int | None = None) -> list[str]:
    """Return the seven lines of one message."""
    at = f"Nov 20 08:{number // 60 % 60 if minute is None else minute:02d}:{number % 60:02d} {server}"
    name = f"4FA{number:07X}"
    delays = "delay=0.3, delays=0.1/0/0.1/0.1"
    return [
        f"{at} postfix/smtpd[101]: connect from mail.example.org[192.0.2.7]",
        f"{at} postfix/smtpd[101]: {name}: client=mail.example.org[192.0.2.7]",
        f"{at} postfix/cleanup[102]: {name}: message-id=<{number}.{server}@example.org>",
        f"{at} postfix/qmgr[103]: {name}: from=<s{number}@example.org>, size={1000 + number}, nrcpt=1 (queue active)",
        f"{at} postfix/smtp[104]: {name}: to=<r{number}@example.com>, {RELAY}, {delays}, {SENT}{number + 999:X})",
        f"{at} postfix/qmgr[103]: {name}: removed",
        f"{at} postfix/smtpd[101]: disconnect from mail.example.org[192.0.2.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5",
    ]


def log(path: Path, numbers: range, server: str = "mx1") -> Path:
    """Write a log of these messages."""
    path.write_text("".join(f"{line}\n" for number in numbers for line in message(number, server)))
    return path


def take(lake: Path, *paths: object, options: Options | None = None) -> Report:
    """Import paths into a lake as the command does."""
    pen = Writer(lake, "probe track import", lambda: NOW)
    try:
        return import_paths(pen, [str(path) for path in paths], options or Options(sizes=SMALL))
    finally:
        pen.close()


def contents(lake: Path) -> dict[str, Counter[str]]:
    """Return all rows of a lake, by kind, each as text, counted."""

    def ask(con: DuckDBPyConnection) -> dict[str, Counter[str]]:
        return {kind: Counter(map(repr, con.execute(f"select * from {kind}").fetchall())) for kind in KINDS}  # noqa: S608 - our own names

    return asking(lambda: open_lake(lake, EVERYTHING), ask)


def count(lake: Path, question: str) -> int:
    """Return the one number that a question gives."""
    return asking(lambda: open_lake(lake, EVERYTHING), lambda con: int((con.execute(question).fetchone() or (0,))[0]))
