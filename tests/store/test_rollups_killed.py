"""Killed at whatever instant, rolling up and forgetting go on where they stood, and no rollup counts a run twice or not at all."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import sleep

from store.rollups import roll
from store.store import Store
from tests.store.histories import MONDAY, Told, a_run, rollups, true_rollups

ROOT = Path(__file__).parents[2]
KILLS = 8
NOW = MONDAY + timedelta(days=12, minutes=10)
CHILD = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
from store.retention import Keep, forget
from store.rollups import roll
from store.slices import Size
from store.store import Store

async def main():
    store = await Store.open(Path(sys.argv[1]))
    print("ready", flush=True)
    await roll(store, datetime.fromisoformat(sys.argv[2]), Size(1, most=1))
    await forget(store, Keep(2 * 86_400, 400 * 86_400), datetime.fromisoformat(sys.argv[2]))

asyncio.run(main())
"""


def roll_until_killed(path: Path) -> int:
    """Start a process that rolls up and forgets, kill it at some instant, and return how it ended."""
    command = [sys.executable, "-c", CHILD, str(path), NOW.isoformat()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        sleep(random.uniform(0.0, 0.4))  # noqa: S311 - an instant, no secret
        child.kill()
        return child.wait()


async def test_killed_again_and_again(tmp_path: Path) -> None:
    told = [Told(minute, f"d{check}.example/imap", 0.1 + minute / 1e5) for minute in range(0, 12 * 24 * 60, 150) for check in range(5)]
    path = tmp_path / "s.db"
    store = await Store.open(path)
    store.put(*map(a_run, told))
    assert await store.flush()
    await store.close()
    ends = [await asyncio.to_thread(roll_until_killed, path) for _ in range(KILLS)]
    assert set(ends) <= {0, -9}
    assert ends[0] == -9
    store = await Store.open(path)
    await roll(store, NOW)
    assert await store.read(rollups) == true_rollups(told, NOW - timedelta(minutes=10))
    await store.close()


async def test_rolling_while_results_come_in(tmp_path: Path) -> None:
    told = [Told(minute, f"d{check}.example/imap", 0.1) for minute in range(0, 2 * 24 * 60, 20) for check in range(4)]
    random.shuffle(told)
    store = await Store.open(tmp_path / "s.db")
    rolling = asyncio.create_task(roll(store, NOW))
    for first in range(0, len(told), 50):
        store.put(*map(a_run, told[first : first + 50]))
        if rolling.done():
            rolling = asyncio.create_task(roll(store, NOW))
        await asyncio.sleep(0.01)
    assert await store.flush()
    await rolling
    await roll(store, NOW)
    assert await store.read(rollups) == true_rollups(told, NOW)
    await store.close()
