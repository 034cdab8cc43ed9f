"""Killed at any instant, the store loses nothing that it acknowledged, and what is left is whole."""

from __future__ import annotations

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

from tests.store.killable import KINDS

ROOT = Path(__file__).parents[2]
SPAN = 1_000_000  # numbers that one life of the writer may use
HELD = {"run": "SELECT message_id FROM runs", "trip": "SELECT message_id FROM trips", "meta": "SELECT key FROM meta WHERE key LIKE '<%'"}
ORPHANS = (
    "SELECT count(*) FROM runs WHERE words_id NOT IN (SELECT id FROM words) OR check_id NOT IN (SELECT id FROM checks)",
    "SELECT count(*) FROM conversations WHERE run_id NOT IN (SELECT id FROM runs)",
    "SELECT count(*) - count(DISTINCT message_id) FROM runs",
)


def live_and_die(writer: subprocess.Popen[str], first: int, seconds: float) -> list[tuple[str, int]]:
    """Let a child live for so long and kill it, every other one only once it has acknowledged something; return what it had."""
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdin.write(f"{first}\n")
    writer.stdin.flush()
    lines = iter(writer.stdout.readline, "")
    child = int(next(line for line in lines if line.startswith("pid")).split()[1])
    told = [next(lines)] if first // SPAN % 2 == 0 else []
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    told += iter(lines.__next__, "gone\n")
    return [(kind, int(number)) for _, kind, number in (line.split() for line in told)]


def check(path: Path, safe: set[tuple[str, int]]) -> None:
    """Look at the file as the next process finds it."""
    with closing(sqlite3.connect(path)) as connection:
        held = {(kind, int(key.strip("<>"))) for kind, query in HELD.items() for (key,) in connection.execute(query)}
        assert not safe - held
        for query in ORPHANS:
            assert connection.execute(query).fetchone() == (0,), query
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def kill(path: Path, times: int, chance: random.Random) -> set[tuple[str, int]]:
    line = [sys.executable, "-m", "tests.store.killable", str(path)]
    safe: set[tuple[str, int]] = set()
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        for life in range(times):
            safe |= set(live_and_die(writer, SPAN * life, chance.uniform(0.0, 0.15)))
            if life % 3:  # at times the next life itself finds the file as it was left
                check(path, safe)
    check(path, safe)
    return safe


def test_twenty_deaths_lose_nothing_acknowledged(tmp_path: Path) -> None:
    safe = kill(tmp_path / "s.db", 20, random.Random(4))  # noqa: S311 - instants, no secrets
    assert {kind for kind, _ in safe} == set(KINDS)


@pytest.mark.proof
def test_two_hundred_deaths_lose_nothing_acknowledged(tmp_path: Path) -> None:
    safe = kill(tmp_path / "s.db", 200, random.Random())  # noqa: S311 - instants, no secrets
    assert {kind for kind, _ in safe} == set(KINDS)
