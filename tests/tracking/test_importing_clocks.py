"""Clocks are measured at import: what passes between servers tells how far each is off, and the lake keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tracking.made import contents, take
from thresholds.scope import EVERYTHING
from tracking.lake.reader import open_lake, rows

if TYPE_CHECKING:
    from pathlib import Path


def hop(server: str, ahead: int, number: int, onward: str) -> list[str]:
    """Return a stay of one second in a server whose clock is ahead; arrivals are ten seconds apart."""
    name = ids(server, number)
    sent = f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {ids(onward, number)})"
    begun, left = (f"Nov 20 08:{at // 60:02d}:{at % 60:02d} {server} postfix" for at in (number * 10 + ahead, number * 10 + 1 + ahead))
    return [
        f"{begun}/smtpd[1]: {name}: client=a.example[192.0.2.7]",
        f"{begun}/cleanup[2]: {name}: message-id=<{number}@x.example>",
        f"{begun}/qmgr[3]: {name}: from=<a@x.example>, size=1000, nrcpt=1 (queue active)",
        f"{left}/smtp[4]: {name}: to=<b@y.example>, relay={onward}[192.0.2.9]:25, delay=1, delays=0/0/0/1, {sent}",
        f"{left}/qmgr[3]: {name}: removed",
    ]


def ids(server: str, number: int) -> str:
    return {"m": "A", "h": "C", "o": "B"}.get(server[0], "D") + f"FA{number:07X}"


def world(folder: Path, hub_ahead: int, numbers: range) -> Path:
    """Write the logs of three servers, of which the middle one is ahead."""
    folder.mkdir()
    for server, ahead, onward in (("mx1", 0, "hub1"), ("hub1", hub_ahead, "out1"), ("out1", 0, "elsewhere.example")):
        text = "\n".join(line for number in numbers for line in hop(server, ahead, number, onward))
        (folder / f"{server}.log").write_text(text + "\n")
    return folder


def offsets(lake: Path) -> dict[str, float]:
    with open_lake(lake, EVERYTHING) as con:
        return {row["server"]: row["offset_seconds"] for row in rows(con, "select * from offsets order by since")}


def test_an_import_measures_the_clocks(tmp_path: Path) -> None:
    take(tmp_path / "lake", world(tmp_path / "first", 50, range(60)))
    assert offsets(tmp_path / "lake") == {"hub1": pytest.approx(50, abs=2), "mx1": pytest.approx(0, abs=2), "out1": pytest.approx(0, abs=2)}


def test_the_next_import_replaces_what_was_measured(tmp_path: Path) -> None:
    take(tmp_path / "lake", world(tmp_path / "first", 50, range(60)))
    before = contents(tmp_path / "lake")
    take(tmp_path / "lake", world(tmp_path / "second", 50, range(100, 160)))
    with open_lake(tmp_path / "lake", EVERYTHING) as con:
        found = rows(con, "select server, count(*) as spans, sum(pairs) as pairs from offsets group by server order by server")
    assert [(row["server"], row["spans"]) for row in found] == [("hub1", 1), ("mx1", 1), ("out1", 1)]
    assert all(row["pairs"] >= 120 for row in found)
    assert contents(tmp_path / "lake") != before
