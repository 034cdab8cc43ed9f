"""Limits made of history: round numbers above what was measured, two where hours differ, none where there is too little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresholds.calendars import Calendar, Window
from thresholds.suggest import Suggestion, Suggestions, duration_text, rounded_up
from thresholds.survey import Spread
from thresholds.values import Aspect, Match, Sample

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 16, 0, 0, tzinfo=UTC)  # a Monday
OFFICE = Calendar("office", BERLIN, (Window(frozenset(range(5)), 480, 1080),))
HOURS = 24 * 7


def sample(seconds: float, at: datetime, server: str = "imap", uncertainty: float = 0.001) -> Sample:
    return Sample("abc.example", server, Aspect.TOTAL, "", seconds, at, uncertainty=uncertainty)


def week(values: list[float], server: str = "imap") -> list[Sample]:
    """A week of samples, two an hour, that takes these values in turn."""
    return [sample(values[place % len(values)], START + timedelta(minutes=30 * place), server) for place in range(2 * HOURS)]


def suggested(samples: list[Sample], **more: float) -> list[Suggestion]:
    made = Suggestions([OFFICE], more)
    for one in samples:
        made.see(one)
    return made.done()


def test_a_limit_stands_above_what_was_measured_in_round_numbers() -> None:
    (one,) = suggested(week([0.1, 0.2]))
    assert (one.match, one.warning, one.critical, one.calendar) == (Match(server="imap"), 0.3, 0.8, "")
    assert one.reason == "336 values over 7 d; half within 101 ms, 95 % within 200 ms, 99 % within 200 ms, the longest 200 ms"


def test_two_limits_where_office_hours_differ() -> None:
    other, office = suggested([sample(0.4 if OFFICE.covers(one.at) else 0.1, one.at) for one in week([0.0]) * 3])
    assert (other.calendar, other.warning, other.critical) == ("", 0.15, 0.4)
    assert (office.calendar, office.warning, office.critical) == ("office", 0.6, 2.0)
    assert other.reason.startswith("outside of office: 708 values over 7 d; ")
    assert office.reason.startswith("in office: 300 values over ")


def test_one_limit_where_hours_hardly_differ_or_one_side_is_thin() -> None:
    hardly = [sample(0.14 if OFFICE.covers(one.at) else 0.1, one.at) for one in week([0.0]) * 3]
    thin = [sample(0.4 if OFFICE.covers(one.at) else 0.1, one.at) for one in week([0.0])]
    assert [one.calendar for found in (suggested(hardly), suggested(thin)) for one in found] == ["", ""]


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (week([0.1])[:150], "not enough history: 150 values over 3.1 d; 200 over 1 d are needed"),
        (
            [sample(0.1, START + timedelta(minutes=place)) for place in range(300)],
            "not enough history: 300 values over 5 h; 200 over 1 d are needed",
        ),
        ([sample(0.1, START)], "not enough history: 1 value over 0 ms; 200 over 1 d are needed"),
    ],
)
def test_too_little_is_said_and_nothing_suggested(samples: list[Sample], reason: str) -> None:
    assert suggested(samples) == [Suggestion(Match(server="imap"), reason)]


def test_nothing_measured_is_nothing_suggested() -> None:
    assert suggested([]) == []
    assert suggested([Sample("abc.example", "imap", Aspect.STEP, "login", 1.0, START)]) == []


def test_a_limit_stays_clear_of_our_own_doubt_and_of_the_very_small() -> None:
    doubted = [sample(0.1, one.at, uncertainty=0.2) for one in week([0.1])]
    assert suggested(doubted)[0].warning == 0.8  # 0.1 + 3 x 0.2, rounded up
    assert suggested(week([0.0004]))[0].warning == 0.02


def test_a_rare_long_answer_lifts_the_critical_alone() -> None:
    (one,) = suggested(week([0.1] * 335 + [3.0]))
    assert (one.warning, one.critical) == (0.15, 5.0)


def test_a_limit_never_lies_beyond_the_timeout() -> None:
    (near,) = suggested(week([3.0]), imap=10.0)
    assert (near.warning, near.critical) == (5.0, None)
    assert near.reason.endswith("; its timeout of 10 s is critical by itself")
    (none,) = suggested(week([8.0]), imap=10.0)
    assert (none.warning, none.critical) == (None, None)
    assert none.reason.endswith("; too near to its timeout of 10 s for a limit below it")


def test_trips_are_surveyed_by_part_round_trips_together() -> None:
    ways = [("abc.example", "abc.example"), ("def.example", "def.example"), ("inbound", "abc.example")]
    samples = [
        Sample(domain, name, Aspect.TRIP, part, 2.0, one.at)
        for one in week([0.0])
        for name, domain in ways
        for part in ("total", "transit")
    ]
    found = suggested(samples)
    assert [(one.match, one.warning, one.critical) for one in found] == [
        (Match(Aspect.TRIP, "total"), 3.0, 8.0),
        (Match(Aspect.TRIP, "transit"), 3.0, 8.0),
        (Match(Aspect.TRIP, "total", server="inbound"), 3.0, 8.0),
        (Match(Aspect.TRIP, "transit", server="inbound"), 3.0, 8.0),
    ]
    assert found[0].reason.startswith("672 values over 7 d; ")


# -- certificates


def days(server: str, *left: float) -> list[Sample]:
    return [Sample("abc.example", server, Aspect.CERTIFICATE, "", value, START + timedelta(days=place)) for place, value in enumerate(left)]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (days("imap", 60, 59), [("*", 14.0, 3.0, "no renewal was seen; imap has the fewest days left, 59")]),
        (
            days("imap", 60, 59) + days("pop3", 10, 9),
            [("*", 14.0, 3.0, "no renewal was seen; pop3 has the fewest days left, 9, which is a WARNING at once")],
        ),
        (days("imap", 2.5), [("*", 14.0, 3.0, "no renewal was seen; imap has the fewest days left, 2.5, which is a CRITICAL at once")]),
        (days("imap", 31, 30, 90, 89), [("imap", 21.0, 7.0, "1 renewal seen, none with less than 30 days left")]),
        (days("imap", 31, 30, 90, 20, 90), [("imap", 14.0, 4.0, "2 renewals seen, none with less than 20 days left")]),
        (days("imap", 1.5, 90), [("imap", None, None, "1 renewal seen, the latest with 1.5 days left: too late for a limit before it")]),
        (
            days("imap", 60, 59) + days("pop3", 30, 90),
            [
                ("*", 14.0, 3.0, "no renewal was seen; imap has the fewest days left, 59"),
                ("pop3", 21.0, 7.0, "1 renewal seen, none with less than 30 days left"),
            ],
        ),
    ],
)
def test_certificates(samples: list[Sample], expected: list[tuple[str, float, float, str]]) -> None:
    found = [(one.match.server, one.warning, one.critical, one.reason) for one in suggested(samples)]
    assert found == expected


# -- numbers


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0003, "0.3ms"),
        (0.02, "20ms"),
        (0.35, "400ms"),
        (0.8, "800ms"),
        (0.81, "1s"),
        (1.2, "1.5s"),
        (2.0, "2s"),
        (7.0, "8s"),
        (31.0, "40s"),
        (55.0, "1m"),
        (61.0, "1.5m"),
        (100.0, "2m"),
        (50 * 60.0, "1h"),
        (7_000.0, "2h"),
    ],
)
def test_round_numbers_as_the_configuration_writes_them(seconds: float, text: str) -> None:
    assert duration_text(rounded_up(seconds)) == text


@settings(deadline=None)
@given(st.floats(0.0001, 200_000))
def test_rounding_goes_up_and_not_far(seconds: float) -> None:
    assert 0.99 * seconds <= rounded_up(seconds) <= max(1.5 * seconds, seconds + 3_600 * (seconds > 45 * 60))


@settings(deadline=None)
@given(st.lists(st.floats(0.0005, 100), min_size=1, max_size=60))
def test_a_spread_is_within_one_percent_and_never_less(values: list[float]) -> None:
    spread = Spread()
    for value in values:
        spread.take(sample(value, START))
    for share in (0.5, 0.95, 0.99, 1.0):
        exact = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
        assert exact * (1 - 1e-9) <= spread.quantile(share) <= exact * 1.0101
    quantiles = [spread.quantile(share / 20) for share in range(1, 21)]
    assert all(low <= high for low, high in pairwise(quantiles))


def test_a_spread_of_nothing_is_nothing() -> None:
    assert (Spread().quantile(0.5), Spread().doubt, Spread().seconds) == (0.0, 0.0, 0.0)
