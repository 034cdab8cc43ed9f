"""The errors that measurement_error prints: against the truth of the very connection, misses by the result's own bound."""

from math import nan

import pytest

from bench import measurement_error


def test_an_error_is_the_total_less_what_that_connection_took() -> None:
    found = {"127.1.0.1": (0.030, 0.002), "127.1.0.2": (0.019, 0.0)}
    took = {"127.1.0.1": [0.001, 0.020, 0.002], "127.1.0.2": [0.0, 0.020, 0.0]}
    (longer, doubt), (shorter, none) = measurement_error.off_by(found, took)
    assert (longer, shorter) == pytest.approx((0.007, 0.001))
    assert (doubt, none) == (0.002, 0.0)


def test_failed_probes_and_those_without_truth_have_no_error() -> None:
    found = {"127.1.0.1": (nan, 0.0), "127.1.0.2": (0.020, 0.0)}
    assert measurement_error.off_by(found, {"127.1.0.1": [0.0, 0.020, 0.0]}) == []


def test_a_miss_is_off_by_more_than_its_doubt_and_the_allowance() -> None:
    allowed = measurement_error.ALLOWANCE_SECONDS
    good = [(0.010 + allowed, 0.010), (0.0101 + allowed, 0.010), (allowed / 2, 0.0)]
    cells = measurement_error.summary([(good, 0), ([(0.001, 0.0)], 2)])
    assert cells[:2] == [4, 2]
    assert cells[-1] == 1


def test_quantiles_are_the_median_of_the_rounds_and_the_spread_is_shown() -> None:
    rounds = [([(seconds, 0.0)], 0) for seconds in (0.001, 0.900, 0.002)]
    _, _, half, tail, spread, worst, doubt, _ = measurement_error.summary(rounds)
    assert (half, tail, spread, worst, doubt) == (2.0, 2.0, "1 - 900", 900.0, 0.0)


def test_a_round_of_ours_has_an_error_for_every_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement_error, "SECONDS", 1)
    good, failed = measurement_error.one_round(40, measurement_error.ours)
    assert (len(good), failed) == (40, 0)
    assert min(good)[0] < measurement_error.ALLOWANCE_SECONDS
