"""The ledger in the store survives kill -9 at any instant: whatever was sent ends in exactly one outcome, and nothing of it is left."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, postfix
from probe.values import Outcome
from tests.probe.lab_trips import Way
from tests.service.serving_trips import LOST_AFTER_SECONDS, journeys, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA = "probe@alpha.test"
ROOT = Path(__file__).parents[2]
SENT = re.compile(r"message-id=(<mailsonde\.[0-9a-z]+@alpha\.test>)")


@pytest.fixture
def way(lab: Lab, tmp_path: Path) -> Iterator[Way]:
    dovecot.empty(lab.ground, ALPHA)
    yield Way(lab, tmp_path / "service")
    for instance in postfix.INSTANCES:
        postfix.purge(lab.ground, instance)
    dovecot.empty(lab.ground, ALPHA)


def sent(lab: Lab) -> set[str]:
    """Return the Message-IDs that the submission server has taken, by its own log."""
    return set(SENT.findall(lab.ground.log("mx").read_text()))


def kill_after(way: Way, seconds: float) -> None:
    """Let a service make trips, and kill it so long after its first one began."""
    code = "import sys; sys.path.insert(0, '.'); from tests.service.serving_trips import main; main()"
    line = [sys.executable, "-c", code, str(way.lab.dir), str(way.folder)]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "under way\n"
        try:
            victim.wait(seconds)
        except subprocess.TimeoutExpired:
            victim.kill()
        assert victim.wait() == -9


def stored(way: Way) -> list[tuple[str, str]]:
    """Return the Message-ID and outcome of every trip in the store, and see that its ledger is empty."""
    connection = sqlite3.connect(way.folder / "mailsonde.db")
    (left,) = connection.execute("SELECT count(*) FROM passages WHERE ended = 0").fetchone()
    rows = connection.execute("SELECT message_id, outcome FROM trips").fetchall()
    connection.close()
    assert left == 0
    return rows


async def check_kills(way: Way, kills: int) -> None:
    before, chance = await asyncio.to_thread(sent, way.lab), random.Random(kills)  # noqa: S311 - to kill at a moment nobody chose
    for _ in range(kills):
        await asyncio.to_thread(kill_after, way, chance.uniform(0.0, 1.5))
    async with serving(way) as (trips, kept):
        trips.plan(journeys(way, 1e9))
        await asyncio.sleep(LOST_AFTER_SECONDS + 3.0)
        assert trips.stats.under_way == 0
        assert len({trip.message_id for trip in kept.ended}) == len(kept.ended)
    outcomes = dict(stored(way))
    assert (await asyncio.to_thread(sent, way.lab)) - before - outcomes.keys() == set()
    assert set(outcomes.values()) <= {Outcome.DELIVERED, Outcome.UNSURE}
    assert Counter(outcomes.values())[Outcome.DELIVERED] >= kills
    home = dovecot.home(way.lab.ground, ALPHA) / "Maildir"
    assert [path.name for part in ("new", "cur") for path in home.glob(f"{part}/*") if path.is_file()] == []


async def test_kill_minus_nine_at_any_instant(way: Way) -> None:
    await check_kills(way, 5)


@pytest.mark.proof
async def test_fifty_kills_at_any_instant(way: Way) -> None:
    await check_kills(way, 50)
