"""The sentinel sees what holds the loop, adds what no beat can see, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from probe import waits
from probe.holds import KEPT_HOLDS
from probe.sentinel import GRAIN_SECONDS, PERIOD_SECONDS, Sentinel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

BUSY = "import time; ends = time.monotonic() + 20\nwhile time.monotonic() < ends: pass"
counted = pytest.mark.skipif(not Path(waits.SCHEDSTAT).exists(), reason="this kernel does not count waits for a processor")


@pytest.fixture
async def sentinel() -> AsyncIterator[Sentinel]:
    made = Sentinel()
    made.start()
    yield made
    made.stop()


@contextmanager
def crowded() -> Iterator[None]:
    """Let this process share its one processor with two that never rest."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
        for one in others:
            one.kill()
            one.wait()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def spend(seconds: float) -> None:
    """Use the processor for so long by the clock."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pass


async def test_a_hold_counts_with_the_beat_that_it_may_have_begun_behind(sentinel: Sentinel) -> None:
    began = time.monotonic()
    await asyncio.sleep(0.02)
    time.sleep(0.2)  # noqa: ASYNC251 - the hold
    held = sentinel.worst_since(began)
    assert held >= 0.2 - PERIOD_SECONDS - GRAIN_SECONDS
    await asyncio.sleep(0.02)
    assert sentinel.worst_since(began) >= 0.2
    assert sentinel.holds >= 1
    assert sentinel.held_seconds >= 0.2 - PERIOD_SECONDS


async def test_each_stamp_may_have_met_a_hold_of_its_own(sentinel: Sentinel) -> None:
    began = time.monotonic()
    for _ in range(3):
        time.sleep(0.1)  # noqa: ASYNC251 - the hold
        await asyncio.sleep(0.02)
    assert sentinel.worst_since(began, 2) >= 0.2
    assert sentinel.worst_since(began, 3) >= 0.3
    assert sentinel.worst_since(time.monotonic()) < 0.1


async def test_collections_that_no_beat_can_see_are_added(sentinel: Sentinel) -> None:
    began, unseen, paused = time.monotonic(), sentinel.unseen_seconds, sentinel.waits.paused_seconds
    for _ in range(20):
        gc.collect(0)  # far below a beat
        await asyncio.sleep(0.003)
    paused = sentinel.waits.paused_seconds - paused
    share = sentinel.worst_since(began, 50, unseen)
    assert sentinel.waits.collections >= 20
    assert paused > 0
    assert share >= paused


@counted
async def test_waits_for_a_processor_are_counted_and_added(sentinel: Sentinel) -> None:
    with crowded():
        began, unseen, waited = time.monotonic(), sentinel.unseen_seconds, sentinel.waits.queued_seconds()
        for _ in range(100):
            spend(0.0005)
            await asyncio.sleep(0.001)
        waited = sentinel.waits.queued_seconds() - waited
        assert waited > 0.01
        assert sentinel.worst_since(began, 10_000, unseen) >= waited - PERIOD_SECONDS


async def test_the_unseen_is_no_more_than_a_beat_for_each_stamp(sentinel: Sentinel) -> None:
    await asyncio.sleep(0.01)
    began = time.monotonic()
    assert sentinel.worst_since(began, 2, unseen=-1_000.0) <= sentinel.worst_since(began, 2) + 2 * (PERIOD_SECONDS + GRAIN_SECONDS)


async def test_without_the_kernels_count_the_beats_remain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(waits, "SCHEDSTAT", str(tmp_path / "missing"))
    sentinel = Sentinel()
    sentinel.start()
    assert sentinel.waits.queued_seconds() == 0.0
    began = time.monotonic()
    time.sleep(0.05)  # noqa: ASYNC251 - the hold
    await asyncio.sleep(0.01)
    assert sentinel.worst_since(began, 1, sentinel.unseen_seconds) >= 0.05
    sentinel.stop()


@pytest.mark.parametrize("said", ["", "nonsense", "1", "1 x 3"])
async def test_a_count_in_another_form_is_none(said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "schedstat"
    other.write_text(said)
    monkeypatch.setattr(waits, "SCHEDSTAT", str(other))
    count = waits.Waits()
    count.start()
    assert count.seconds() == count.paused_seconds
    count.stop()


async def test_full_collections_are_told_apart_and_the_longest_is_known(sentinel: Sentinel) -> None:
    before = sentinel.waits.full_collections
    gc.collect()
    assert sentinel.waits.full_collections == before + 1
    assert 0 < sentinel.waits.longest_seconds <= sentinel.waits.paused_seconds


async def test_it_leaves_no_descriptor_and_no_callback() -> None:
    callbacks, files = len(gc.callbacks), open_files()
    sentinel = Sentinel()
    sentinel.start()
    sentinel.stop()
    sentinel.stop()
    Sentinel().stop()
    assert (len(gc.callbacks), open_files()) == (callbacks, files)


async def test_asking_is_cheap_even_of_a_busy_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("probe.sentinel.monotonic", lambda: now)
    sentinel = Sentinel()
    sentinel.start()
    for _ in range(KEPT_HOLDS + 100):
        now += 0.005
        sentinel.stop()
        sentinel._due = now - 0.003
        sentinel._beat()
    used = time.process_time()
    for _ in range(200):
        assert sentinel.worst_since(now - 10.0, 6, sentinel.unseen_seconds) > 0.02
    sentinel.stop()
    assert time.process_time() - used < 0.2  # a millisecond each would be a fifth of the processor at 200 timeouts a second
