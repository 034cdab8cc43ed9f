"""Durations in buckets: what comes back is within 2 %, and the order in which it went in is forgotten."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.histogram import LARGEST_SECONDS, LAST_BUCKET, SMALLEST_SECONDS, Histogram, bucket_of, value_of

SECONDS = st.floats(SMALLEST_SECONDS, LARGEST_SECONDS)
HISTOGRAMS = st.lists(SECONDS.map(bucket_of)).map(Histogram.of)


def of(*seconds: float) -> Histogram:
    return Histogram.of(map(bucket_of, seconds))


@given(SECONDS)
def test_a_value_read_back_is_within_two_percent(seconds: float) -> None:
    assert abs(value_of(bucket_of(seconds)) - seconds) <= 0.02 * seconds


@given(SECONDS, SECONDS)
def test_a_longer_time_is_never_in_an_earlier_bucket(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert bucket_of(low) <= bucket_of(high)
    assert value_of(bucket_of(low)) <= value_of(bucket_of(high))


def test_every_bucket_stands_for_a_value_of_its_own_that_falls_into_it() -> None:
    assert [bucket_of(value_of(bucket)) for bucket in range(1, LAST_BUCKET)] == list(range(1, LAST_BUCKET))
    values = [value_of(bucket) for bucket in range(LAST_BUCKET + 1)]
    assert values == sorted(set(values))


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (-1.0, 0), (1e-9, 0), (math.nan, 0), (-math.inf, 0), (86_400.0, LAST_BUCKET), (1e12, LAST_BUCKET), (math.inf, LAST_BUCKET)],
)
def test_what_lies_outside_counts_as_the_nearest(seconds: float, bucket: int) -> None:
    assert bucket_of(seconds) == bucket


def test_the_buckets_are_those_of_the_stored_files() -> None:
    """A change of these numbers makes every stored histogram wrong: it needs a migration."""
    assert [bucket_of(seconds) for seconds in (0.00002, 0.001, 0.05, 1.0, 60.0)] == [18, 118, 218, 294, 398]
    assert LAST_BUCKET == 584


@given(HISTOGRAMS, HISTOGRAMS, HISTOGRAMS)
def test_merging_is_the_same_however_it_is_grouped(one: Histogram, two: Histogram, three: Histogram) -> None:
    left = Histogram.merged([Histogram.merged([one, two]), three])
    right = Histogram.merged([one, Histogram.merged([two, three])])
    assert left == right
    assert left == Histogram.merged([three, one, two])
    assert left.count == one.count + two.count + three.count


@given(st.lists(SECONDS), st.randoms())
def test_the_order_of_values_is_forgotten(seconds: list[float], random: object) -> None:
    shuffled = list(seconds)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own kind of random.Random
    assert of(*seconds) == of(*shuffled)
    assert of(*seconds).to_bytes() == of(*shuffled).to_bytes()


@given(st.lists(SECONDS, min_size=1), st.floats(0, 1))
def test_a_quantile_is_within_two_percent_of_the_true_one(seconds: list[float], share: float) -> None:
    true = sorted(seconds)[max(1, math.ceil(share * len(seconds))) - 1]
    told = of(*seconds).quantile(share)
    assert told is not None
    assert abs(told - true) <= 0.02 * true


@given(st.lists(SECONDS, min_size=1), SECONDS)
def test_the_share_above_a_limit_is_that_of_a_limit_two_percent_off(seconds: list[float], limit: float) -> None:
    told = of(*seconds).share_above(limit)
    assert told is not None
    most, least = (sum(one > factor * limit for one in seconds) / len(seconds) for factor in (1 / 1.02, 1.02))
    assert least <= told <= most


def test_of_nothing_nothing_is_known() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram().share_above(1.0) is None
    assert Histogram().count == 0
    assert Histogram.merged([]) == Histogram()


@given(HISTOGRAMS)
def test_bytes_give_the_same_back(histogram: Histogram) -> None:
    assert Histogram.from_bytes(histogram.to_bytes()) == histogram


def test_large_counts_survive() -> None:
    histogram = Histogram({3: 1, 500: 86_400_000})
    assert Histogram.from_bytes(histogram.to_bytes()) == histogram


def test_an_hour_once_a_minute_takes_few_bytes() -> None:
    seconds = [0.080 * 1.01**step for step in range(60)]  # 80 ms to 144 ms
    assert len(of(*seconds).to_bytes()) <= 40


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (b"\x05", "a histogram ends in the middle: the store is damaged, restore a backup"),
        (b"\x00\x05\x01\x02", "a histogram ends in the middle: the store is damaged, restore a backup"),
        (b"\x00\x05\x81", "a histogram ends within a number: the store is damaged, restore a backup"),
    ],
)
def test_damaged_bytes_are_refused(packed: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Histogram.from_bytes(packed)
