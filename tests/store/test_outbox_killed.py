"""Killed at any instant, every change is told at least once, an end never before its beginning, and no incident stands without a change."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from store.outbox import StoreOutbox
from store.store import Store
from tests.store.killable_outbox import tell

ROOT = Path(__file__).parents[2]
SPAN = 100_000  # incidents that one life may open
ORPHANS = (
    "SELECT count(*) FROM incidents WHERE id NOT IN (SELECT incident FROM changes WHERE number = 1)",
    "SELECT count(*) FROM incidents WHERE changes <> (SELECT max(number) FROM changes WHERE incident = incidents.id)",
    "SELECT count(*) FROM incidents WHERE number NOT IN (SELECT incident FROM incident_domains)",
    "SELECT count(*) FROM changes WHERE incident NOT IN (SELECT id FROM incidents)",
    "SELECT count(*) FROM deliveries WHERE change_id NOT IN (SELECT id FROM changes WHERE planned = 1)",
    "SELECT count(*) - count(DISTINCT key) FROM deliveries",
)


def live_and_die(teller: subprocess.Popen[str], first: int, seconds: float) -> set[tuple[str, int]]:
    """Let a child live for so long after its first change stands, and kill it; return the changes that stood."""
    assert teller.stdin is not None
    assert teller.stdout is not None
    teller.stdin.write(f"{first}\n")
    teller.stdin.flush()
    lines = iter(teller.stdout.readline, "")
    child = int(next(line for line in lines if line.startswith("pid")).split()[1])
    saved = [next(lines)]
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    saved += iter(lines.__next__, "gone\n")
    return {(known, int(number)) for _, known, number in (line.split() for line in saved)}


async def tell_the_rest(path: Path, told: Path) -> None:
    """Tell what is left, as the next process does."""
    store = await Store.open(path)
    while await tell(StoreOutbox(store), told):
        pass
    assert await StoreOutbox(store).depth() == 0
    await store.close()


def check(path: Path, saved: set[tuple[str, int]], told: list[tuple[str, int]]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        stand = set(connection.execute("SELECT incident, number FROM changes"))
        assert saved <= stand == set(told)
        for query in ORPHANS:
            assert connection.execute(query).fetchone() == (0,), query
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    first = {change: place for place, change in reversed(list(enumerate(told)))}
    last = {change: place for place, change in enumerate(told)}
    assert all(last[known, 1] < first[known, 2] for known, number in told if number == 2)


def kill(folder: Path, times: int, chance: random.Random) -> int:
    """Return how many changes were told more than once."""
    path, channel, saved = folder / "s.db", folder / "told", set[tuple[str, int]]()
    line = [sys.executable, "-m", "tests.store.killable_outbox", str(path), str(channel)]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as teller:
        for life in range(times):
            saved |= live_and_die(teller, SPAN * life, chance.uniform(0.0, 0.15))
    asyncio.run(tell_the_rest(path, channel))
    told = [(known, int(number)) for known, number, _ in (line.split() for line in channel.read_text().splitlines())]
    check(path, saved, told)
    assert len(saved) >= times
    return len(told) - len(set(told))


def test_five_deaths_lose_nobodys_news(tmp_path: Path) -> None:
    assert kill(tmp_path, 5, random.Random(5)) <= 5  # noqa: S311 - instants, no secrets


@pytest.mark.proof
def test_fifty_deaths_lose_nobodys_news(tmp_path: Path) -> None:
    assert kill(tmp_path, 50, random.Random()) <= 50  # noqa: S311 - instants, no secrets
