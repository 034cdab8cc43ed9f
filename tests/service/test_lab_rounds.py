"""The rounds against the real mail system: every check of three domains once a second, on time, with nobody left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from config.load import load
from config.plan import plan
from probe.values import Endpoint
from probe.wire import Wire
from service.rounds.budget import Budget
from service.rounds.rounds import Rounds

if TYPE_CHECKING:
    from datetime import datetime

    from probe.values import Check, Result
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
SECONDS = 10.0


def quickened(lab: Lab) -> tuple[list[Check], Endpoint | None]:
    """Return the lab's checks, each once a second, and its name server."""
    settings = load(str(lab.config))
    resolver = Endpoint(settings.resolver.host, settings.resolver.port) if settings.resolver else None
    return [replace(check, every_seconds=1.0, timeout_seconds=0.9) for check in plan(settings)[0]], resolver


async def test_each_check_of_the_lab_runs_each_second_and_its_connections_are_closed(lab: Lab) -> None:
    checks, resolver = quickened(lab)
    wire = Wire(resolver)
    told: list[tuple[Result, float]] = []
    rounds = Rounds(wire.run, lambda result, late: told.append((result, late)))
    assert rounds.plan(checks, {check.server: Budget(16) for check in checks}) == []
    running = asyncio.create_task(rounds.run())
    await asyncio.sleep(SECONDS)
    by_hand = await rounds.probe_now(checks[0].name)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await wire.close()
    assert by_hand is not None
    assert wire._open == set()
    _is_complete(rounds, checks, told)


def _is_complete(rounds: Rounds, checks: list[Check], told: list[tuple[Result, float]]) -> None:
    """Every tick was run or is counted as missed; the starts lie on the grid."""
    runs, missed = Counter(result.check.name for result, _ in told), sum(rounds.stats.tally.missed.values())
    assert {check.domain for check in checks} == {"alpha.test", "beta.test", "gamma.test"}
    assert set(runs) == {check.name for check in checks}
    assert len(checks) * (SECONDS - 1) <= len(told) + missed <= len(checks) * (SECONDS + 2)
    good = [result for result, _ in told if result.fault is None]
    assert len(good) > 0.8 * len(told), Counter(str(result.fault) for result, _ in told)
    assert missed < 0.2 * len(told)
    for check in checks:
        starts: list[datetime] = sorted(result.started_at for result, late in told if result.check == check and late < 0.02)
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(starts)]
        assert all(abs(gap - round(gap)) < 0.05 for gap in gaps), gaps
