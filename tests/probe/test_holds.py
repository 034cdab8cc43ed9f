"""What the sentinel remembers of its holds is what there was, as far back as its room reaches, and never too little beyond."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.holds import KEPT_HOLDS, LONG_SECONDS, Holds, Ring

lengths = st.sampled_from([0.004, 0.01, 0.049, LONG_SECONDS, 0.2, 3.0])


def remembered(*seconds: float) -> Holds:
    """One hold ends in each second, from the first on."""
    holds = Holds()
    for number, length in enumerate(seconds, 1):
        holds.add(float(number), length)
    return holds


@settings(deadline=None)
@given(st.lists(lengths, max_size=60), st.integers(0, 61), st.integers(1, 8), st.sampled_from([0.0, 0.02, 5.0]))
def test_the_longest_since(seconds: list[float], since: int, count: int, under_way: float) -> None:
    expected = sorted([*seconds[max(0, since - 1) :], *([under_way] if under_way else [])], reverse=True)[:count]
    assert remembered(*seconds).longest(float(since), count, under_way) == pytest.approx(sum(expected))


@pytest.mark.parametrize("seen", [0, 1, 5, KEPT_HOLDS - 1, KEPT_HOLDS, KEPT_HOLDS + 1, 2 * KEPT_HOLDS + 7])
def test_the_ring_gives_what_ended_since_and_nothing_else(seen: int) -> None:
    ring = Ring()
    for number in range(1, seen + 1):
        ring.add(float(number), float(number))
    oldest = max(1, seen - KEPT_HOLDS + 1)
    for since in (1, oldest, max(1, seen - 9), seen, seen + 1):
        assert ring.since(float(since)) == array("d", range(max(since, oldest), seen + 1))
    assert ring.reaches(oldest + 0.5)
    assert ring.reaches(0.0) == (seen <= KEPT_HOLDS)


def test_of_a_distant_past_the_long_ones_are_known_and_the_short_ones_bounded() -> None:
    holds = remembered(0.4, 0.01, *[0.01] * KEPT_HOLDS)
    assert holds.longest(1.0, 1) == pytest.approx(0.4)
    assert holds.longest(1.0, 3) == pytest.approx(0.4 + 2 * LONG_SECONDS)
    assert holds.longest(KEPT_HOLDS + 2.0, 3) == pytest.approx(0.01)


def test_what_is_forgotten_is_never_more_than_what_is_said() -> None:
    seconds = [0.03, 0.3, 0.045, *[0.005] * (KEPT_HOLDS + 10)]
    holds = remembered(*seconds)
    for since in (1, 2, 3, 4, 12):
        for count in (1, 2, 5):
            assert holds.longest(float(since), count) >= sum(sorted(seconds[since - 1 :], reverse=True)[:count]) - 1e-9
