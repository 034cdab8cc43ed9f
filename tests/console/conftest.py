"""What tests of the control API may ask for: one with a history, over real sockets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from probe.values import Outcome
from tests.console.api_site import serving
from tests.console.made_board import AT, a_check, a_journey, a_run, a_timeout, a_trip, some_checks
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.console.api_site import ApiSite

CHECKS = [*some_checks(3), a_check("new.example")]


@pytest.fixture
async def api_site(tmp_path: Path) -> AsyncIterator[ApiSite]:
    """Three domains whose submission hangs, one that is new, and a journey."""
    async with serving(tmp_path, CHECKS, [a_journey()]) as one:
        for check in CHECKS[:-1]:
            for minutes in range(3):
                made = a_timeout(check) if check.server == "submission" else a_run(check)
                run = replace(made, result=replace(made.result, started_at=AT + timedelta(minutes=minutes)))
                one.desk.board.saw(run)
                one.desk.store.put(run)
        for trip in (
            a_trip(Outcome.DELIVERED, 0),
            a_trip(Outcome.BOUNCED, 5, Level.CRITICAL, said="552 5.2.2 over quota"),
            a_trip(None, 10),
        ):
            one.desk.board.saw_trip(trip)
            one.desk.store.put(trip)
        await one.desk.store.flush()
        yield one
