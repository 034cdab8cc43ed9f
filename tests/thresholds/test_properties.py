"""What holds whatever the limits, the zone and the moment: one answer, the more specific wins, more is never better. By hypothesis."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresholds.baselines import LEAST_COUNT, resolved
from thresholds.calendars import DAY_MINUTES, Calendar, Spans, Window
from thresholds.judge import judge, level_at
from thresholds.limits import Limits, matches, rank
from thresholds.values import Aspect, Baseline, Level, Limit, Match, Sample, Usual

ZONES = [  # offsets of half and quarter hours, folds of half an hour, DST the other way round, a day that never was
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Europe/Dublin",
    "Antarctica/Troll",
    "UTC",
]
START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_SECONDS = 365 * 86_400
EASY = settings(deadline=None, max_examples=150)

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.integers(0, YEAR_SECONDS - 1).map(lambda seconds: START + timedelta(seconds=seconds))
windows = st.builds(
    lambda days, start, length: Window(days, start, (start + length - 1) % DAY_MINUTES + 1),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, DAY_MINUTES - 1),
    st.integers(1, DAY_MINUTES - 1),
)
calendars = st.builds(lambda zone, found: Calendar("some", zone, tuple(found)), zones, st.lists(windows, min_size=1, max_size=3))
domains, servers, names = ("abc.example", "abd.example"), ("imap", "imaps"), ("login", "logout")
matching = st.builds(
    Match,
    st.sampled_from([Aspect.STEP, Aspect.TRIP]),
    st.sampled_from(["*", "log*", "login", "LOGOUT"]),
    st.sampled_from(["*", "ab*", "ab?.example", "abc.example", "ABD.example"]),
    st.sampled_from(["*", "i*", "imap*", "imap", "imaps"]),
    st.sampled_from(["*", "b*", "bonn"]),
)
numbers = st.floats(0.001, 100)
limits = st.builds(
    lambda match, bounds, calendar: Limit(match, min(bounds), max(bounds), calendar),
    matching,
    st.tuples(numbers, numbers),
    st.none() | calendars,
)
samples = st.builds(
    Sample,
    st.sampled_from(domains),
    st.sampled_from(servers),
    st.sampled_from([Aspect.STEP, Aspect.TRIP]),
    st.sampled_from(names),
    numbers,
    moments,
    st.sampled_from(["bonn", "berlin"]),
    st.floats(0, 10),
)


def complement(window: Window) -> tuple[Window, ...]:
    """All that a window within one day leaves of the week."""
    rest = frozenset(range(7)) - window.days
    parts = [Window(window.days, 0, window.start_minutes)] if window.start_minutes else []
    parts += [Window(window.days, window.end_minutes, DAY_MINUTES)] if window.end_minutes < DAY_MINUTES else []
    return (*parts, *([Window(rest, 0, DAY_MINUTES)] if rest else []))


OFFICE = Window(frozenset(range(5)), 8 * 60, 18 * 60 + 15)


@pytest.mark.parametrize(("name", "year"), [*((name, 2026) for name in ZONES), ("Pacific/Apia", 2011)])  # it had no 30th of December
def test_every_quarter_of_an_hour_of_a_year_lies_in_one_of_two_halves_of_the_week(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    inside, outside = Calendar("in", zone, (OFFICE,)), Calendar("out", zone, complement(OFFICE))
    quarters = [START.replace(year=year) + timedelta(minutes=15 * place) for place in range(YEAR_SECONDS // 900)]
    assert [at for at in quarters if inside.covers(at) is outside.covers(at)] == []


@EASY
@given(calendars, moments)
def test_a_calendar_is_what_the_wall_clock_shows(calendar: Calendar, at: datetime) -> None:
    offset = at.astimezone(calendar.timezone).utcoffset() or timedelta(0)
    shown = (at + offset).replace(tzinfo=None)  # the wall clock by plain addition
    minutes = shown.hour * 60 + shown.minute
    week = [(day, minute) for window in calendar.windows for day, minute in spread(window)]
    assert calendar.covers(at) is ((shown.weekday(), minutes) in set(week))


def spread(window: Window) -> list[tuple[int, int]]:
    """Each minute of the week that a window holds."""
    length = (window.end_minutes - window.start_minutes - 1) % DAY_MINUTES + 1
    minutes = [day * DAY_MINUTES + window.start_minutes + more for day in window.days for more in range(length)]
    return [divmod(minute % (7 * DAY_MINUTES), DAY_MINUTES) for minute in minutes]


@EASY
@given(st.lists(limits, max_size=8), samples)
def test_the_compiled_limits_say_what_trying_each_one_says(found: list[Limit], sample: Sample) -> None:
    speaking = [one for one in found if matches(one.match, sample) and (one.calendar is None or one.calendar.covers(sample.at))]
    best = max(enumerate(speaking), key=lambda one: (rank(one[1]), one[0]), default=(0, None))[1]
    assert Limits(found).in_force(sample) is best


@EASY
@given(st.lists(limits, max_size=5), samples, st.sampled_from(["domain", "server", "name"]))
def test_a_more_specific_limit_never_loses(others: list[Limit], sample: Sample, part: str) -> None:
    plain = Limit(Match(sample.aspect, **{part: getattr(sample, part)}), 1.0, 2.0)
    weaker = [one for one in others if rank(one) < rank(plain)]
    for order in ([plain, *weaker], [*weaker, plain]):
        assert Limits(order).in_force(sample) is plain


@EASY
@given(st.lists(limits, max_size=5), samples, limits, st.booleans())
def test_what_does_not_match_changes_nothing(found: list[Limit], sample: Sample, other: Limit, first: bool) -> None:
    stranger = replace(other, match=replace(other.match, domain="elsewhere.example"))
    order = [stranger, *found] if first else [*found, stranger]
    assert Limits(order).in_force(sample) is Limits(found).in_force(sample)


@EASY
@given(limits, st.sampled_from([Aspect.STEP, Aspect.CERTIFICATE]), numbers, numbers)
def test_more_is_never_better_and_of_a_certificate_less(limit: Limit, aspect: Aspect, value: float, more: float) -> None:
    if aspect is Aspect.CERTIFICATE:
        limit = replace(limit, match=Match(aspect), warning=limit.critical, critical=limit.warning)
        assert level_at(limit, value) >= level_at(limit, value + more)
    else:
        assert level_at(limit, value) <= level_at(limit, value + more)


@EASY
@given(st.lists(limits, max_size=4), st.lists(samples, min_size=1, max_size=4))
def test_a_verdict_is_suspect_when_judging_again_with_the_doubt_gives_another_level(found: list[Limit], seen: list[Sample]) -> None:
    made = Limits(found)
    again = {judge([replace(one, value=one.value + sign * one.uncertainty) for one in seen], made).level for sign in (-1, 0, 1)}
    verdict = judge(seen, made)
    assert verdict.suspect is (len(again) > 1)
    assert verdict.level is max(judge([one], made).level for one in seen)


@EASY
@given(st.floats(0, 100), st.floats(1.01, 10), st.floats(1.01, 10), st.integers(0, 9), st.integers(0, 20))
def test_a_baseline_never_warns_after_it_is_critical(median: float, first: float, second: float, weeks: int, count: int) -> None:
    baseline = Baseline(min(first, second), max(first, second))
    limit = resolved(Limit(Match(), baseline=baseline), Usual(median, weeks, count))
    if limit.wanting:
        assert weeks < 2 or count < LEAST_COUNT
    else:
        assert limit.warning is not None
        assert limit.critical is not None
        assert median < limit.warning <= limit.critical
        assert level_at(limit, median) is Level.OK


@EASY
@given(st.lists(st.tuples(moments, st.integers(0, 10 * 86_400)), max_size=6), moments)
def test_spans_cover_what_one_of_them_covers(found: list[tuple[datetime, int]], at: datetime) -> None:
    pairs = [(start, start + timedelta(seconds=seconds)) for start, seconds in found]
    assert Spans(lambda _: pairs).covers(at) is any(start <= at < end for start, end in pairs)
