"""What the running service leaves behind, round after round and answer after answer: nothing that waits for Python's garbage collector.

Also how much of the disk it keeps in memory: as much as its checks write to, and no more with the hours.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from config.load import load
from service.control_client import at_socket
from service.daemon import Daemon
from service.serve import _listening
from store.store import Store
from tests.probe.test_release import rings
from tests.service.serving import configuration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
OURS = {"probe", "service", "store", "console", "thresholds", "config"}  # top packages whose objects must go by themselves
THEIRS = {"ssl", "_ssl", "uvloop", "ldap3", "fastapi", "starlette", "uvicorn", "h11", "pydantic", "aiosqlite"}
SECONDS = 5.0  # each check comes once a second, each trip every two


@asynccontextmanager
async def running(lab: Lab, folder: Path) -> AsyncIterator[Daemon]:
    """Run all of a service that probes, remembers, shows and answers, in this process."""
    file = configuration(lab, folder)
    settings = load(str(file))
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.store.path)
        stack.push_async_callback(store.close)
        daemon = Daemon(file, settings, store, b"k" * 32)
        stack.push_async_callback(daemon.wire.close)
        await stack.enter_async_context(_listening(daemon))
        await daemon.start()
        gc.unfreeze()  # all other tests are in this process too
        tasks = [asyncio.create_task(part.run()) for part in (daemon.rounds, daemon.trips, daemon.health)]
        try:
            yield daemon
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def live(folder: Path) -> set[str]:
    """Let it live for a while, and ask it much. Returns the levels that were shown."""
    control, levels = at_socket(folder / "t.sock"), set()
    until = asyncio.get_running_loop().time() + SECONDS
    while asyncio.get_running_loop().time() < until:
        checks = await asyncio.to_thread(lambda: list(control.items("/checks")))
        await asyncio.to_thread(lambda: [list(control.items(path)) for path in ("/journeys", "/runs", "/trips")])
        levels |= {one["level"] for one in checks}
        await asyncio.sleep(0.2)
    return levels


async def test_rounds_and_answers_leave_no_garbage(lab: Lab, tmp_path: Path) -> None:
    left: list[str] = []
    async with running(lab, tmp_path) as daemon:
        await live(tmp_path)  # loads code and fills caches
        before = daemon.rounds.stats.tally.begun
        with rings(left, OURS | THEIRS):
            assert "OK" in await live(tmp_path)
        assert daemon.rounds.stats.tally.begun - before > len(daemon.work.checks)
    assert left == []
