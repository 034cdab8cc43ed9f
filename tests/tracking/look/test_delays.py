"""The parts of a stay, and when a message left, to more than the second of a stamp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracking.look.delays import left_at, parts

AT = datetime(2026, 11, 20, 8, 0, 0, 678_988, tzinfo=UTC)
SECOND = AT.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, {}),
        ("", {}),
        ("0.1/0/0.2/1.1", {"before_queue": 0.1, "queue": 0.0, "connection": 0.2, "transmission": 1.1}),
        ("0.1/0/0.2", {}),
        ("a/b/c/d", {}),
        ("SRV=mbx1:TOTAL-FE=0.250|SMRPI=0.1", {"TOTAL-FE": 0.25, "SMRPI": 0.1}),
        ("QT=3s DT=1s", {"QT": 3.0, "DT": 1.0}),
    ],
)
def test_parts_have_their_names(text: str | None, told: dict[str, float]) -> None:
    assert parts(text) == told


@pytest.mark.parametrize(
    ("delays", "after", "left"),
    [
        ("0.1/0/0/0.1", 0, 0.878988),  # they fit the stamp: exact
        ("0.1/0/0/0.3", 1, 1.078988),
        ("0.14/0.11/0.08/0.08", 0, 0.99),  # they begin before the queue id: within the second of the stamp
        ("0/0/0/0.4", 0, 0.678988),  # nothing explains them: the stamp, not before the arrival
        ("0.1/0/0/9", 3, 3.0),
        ("", 3, 3.0),
    ],
)
def test_delays_tell_more_than_a_stamp(delays: str, after: int, left: float) -> None:
    found = left_at(AT, SECOND + timedelta(seconds=after), parts(delays))
    assert found is not None
    assert (found - SECOND).total_seconds() == pytest.approx(left)


def test_a_stamp_with_a_fraction_is_believed() -> None:
    stamp = AT + timedelta(seconds=1)
    assert left_at(AT, stamp, parts("0/0/0/5")) == stamp
    assert left_at(None, SECOND, {}) == SECOND
    assert left_at(AT, None, {}) is None
