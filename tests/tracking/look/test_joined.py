"""A trip and a flow as one: three stages that add up to the prober's total."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from probe.values import Trip
from tracking.look.joined import begun_at, joined
from tracking.values import Flow, Outcome

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def trip(**more: Any) -> Trip:
    told: dict[str, Any] = {"submit_seconds": 0.2, "transit_seconds": 1.0, "retrieve_seconds": 0.3, "uncertainty_seconds": 0.01}
    return Trip("a", "a.example", "<1@a>", AT, **told | more)


def flow(entered: float | None, left: float | None) -> Flow:
    return Flow(
        *("<1@a>", "a@a", "b@a", (), None, None),
        probe=True,
        domains=("a",),
        entered_at=None if entered is None else AT + timedelta(seconds=entered),
        left_at=None if left is None else AT + timedelta(seconds=left),
        end_to_end_seconds=None,
        uncertainty_seconds=0.04,
        outcome=Outcome.DELIVERED,
        said=None,
        hops=(),
    )


@pytest.mark.parametrize(("entered", "left", "agree"), [(0.1, 1.1, True), (-0.04, 1.54, True), (-0.06, 1.0, False), (0.1, 1.6, False)])
def test_the_stages_sum_to_the_total_whatever_the_clocks_say(entered: float, left: float, agree: bool) -> None:
    both = joined(trip(), flow(entered, left))
    assert both is not None
    assert sum(stage.seconds for stage in both.stages) == pytest.approx(1.5) == both.total_seconds
    assert [stage.name for stage in both.stages] == ["before", "servers", "after"]
    assert both.uncertainty_seconds == pytest.approx(0.05)
    assert both.agree == agree


def test_it_begins_with_the_submission_that_was_taken() -> None:
    waited = trip(submitted_at=AT + timedelta(seconds=60))
    assert begun_at(waited) == AT + timedelta(seconds=60)
    both = joined(waited, flow(60.1, 61.1))
    assert both is not None
    assert both.stages[0].seconds == pytest.approx(0.1)
    assert begun_at(trip()) == AT


@pytest.mark.parametrize(("told", "entered", "left"), [({"transit_seconds": None}, 0.1, 1.0), ({}, None, 1.0), ({}, 0.1, None)])
def test_what_has_no_end_is_not_added_up(told: dict[str, Any], entered: float | None, left: float | None) -> None:
    assert joined(trip(**told), flow(entered, left)) is None
