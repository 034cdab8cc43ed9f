"""When calendars hold: windows, days and spans on the wall clock, with its folds and gaps; and the first moment at which one holds."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from thresholds.calendars import Calendar, Spans, Window, Yearly, first_held, prepare

BERLIN = ZoneInfo("Europe/Berlin")

OFFICE = Calendar("office", BERLIN, (Window(frozenset(range(5)), 480, 1080),), without=(frozenset({date(2026, 12, 24)}),))
NIGHT = Calendar("night", BERLIN, (Window(frozenset({4}), 22 * 60, 2 * 60),), without=(frozenset({date(2026, 11, 27)}),))
EARLY = Calendar("early", BERLIN, (Window(frozenset({6}), 120, 180),))  # Sundays 02:00-03:00, where clocks change
FAIR = Calendar("fair", BERLIN, dates=(frozenset({date(2026, 11, 21)}),))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


@pytest.mark.parametrize(
    ("calendar", "utc", "inside"),
    [
        (OFFICE, "2026-11-20T06:59:59", False),
        (OFFICE, "2026-11-20T07:00:00", True),
        (OFFICE, "2026-11-20T16:59:59", True),
        (OFFICE, "2026-11-20T17:00:00", False),
        (OFFICE, "2026-11-21T09:00:00", False),  # Saturday
        (OFFICE, "2026-07-20T06:30:00", True),  # summer: 08:30
        (OFFICE, "2026-12-24T09:00:00", False),  # excepted
        (NIGHT, "2026-11-20T21:00:00", True),  # Friday 22:00
        (NIGHT, "2026-11-21T00:59:00", True),  # Saturday 01:59 still belongs to Friday
        (NIGHT, "2026-11-21T01:00:00", False),
        (NIGHT, "2026-11-20T00:30:00", False),  # Friday 01:30 would belong to Thursday
        (NIGHT, "2026-11-27T22:00:00", False),  # the Friday is excepted, and with it its night
        (NIGHT, "2026-11-28T00:30:00", False),
        (EARLY, "2026-10-25T00:30:00", True),  # 02:30 in summer time ...
        (EARLY, "2026-10-25T01:30:00", True),  # ... and again an hour later: the fold
        (EARLY, "2026-10-25T02:00:00", False),
        (EARLY, "2026-03-29T00:59:59", False),  # 01:59:59 ...
        (EARLY, "2026-03-29T01:00:00", False),  # ... and then 03:00: the gap
        (FAIR, "2026-11-20T23:00:00", True),
        (FAIR, "2026-11-21T22:59:00", True),
        (FAIR, "2026-11-21T23:00:00", False),
    ],
)
def test_calendars(calendar: Calendar, utc: str, inside: bool) -> None:
    assert calendar.covers(moment(utc)) is inside


def spans(*pairs: tuple[str, str]) -> Spans:
    moments = [(moment(start), moment(end)) for start, end in pairs]
    return Spans(lambda year: [pair for pair in moments if pair[0].year <= year <= pair[1].year])


WORKS = Calendar(
    "works",
    BERLIN,
    OFFICE.windows,
    without=(frozenset({date(2026, 11, 23)}),),
    spans=(spans(("2026-11-21T20:00:00", "2026-11-22T04:00:00"), ("2026-11-23T18:00:00", "2026-11-24T02:00:00")),),
    without_spans=(spans(("2026-11-24T08:00:00", "2026-11-24T10:00:00"), ("2026-11-24T09:00:00", "2026-11-24T11:00:00")),),
)


@pytest.mark.parametrize(
    ("utc", "inside"),
    [
        ("2026-11-21T19:59:59", False),
        ("2026-11-21T20:00:00", True),
        ("2026-11-22T03:59:59", True),
        ("2026-11-22T04:00:00", False),
        ("2026-11-23T18:30:00", False),  # the Monday is excepted, with its spans ...
        ("2026-11-23T23:30:00", True),  # ... up to its midnight
        ("2026-11-24T07:59:59", True),
        ("2026-11-24T08:00:00", False),
        ("2026-11-24T10:30:00", False),  # two exceptions that overlap are one
        ("2026-11-24T11:00:00", True),
    ],
)
def test_spans_count_besides_and_excepted_ones_never(utc: str, inside: bool) -> None:
    assert WORKS.covers(moment(utc)) is inside


def all_days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=day) for day in range(366)]


CLOSED = spans(("2026-11-20T00:00:00", "2026-11-24T09:30:00"))
TWO_YEARS = timedelta(days=731)


@pytest.mark.parametrize(
    ("calendar", "since", "first"),
    [
        (OFFICE, "2026-11-20T08:00:30", "2026-11-20T08:00:30"),  # it holds already
        (OFFICE, "2026-11-20T18:00:00", "2026-11-23T07:00:00"),
        (NIGHT, "2026-11-27T12:00:00", "2026-12-04T21:00:00"),
        (EARLY, "2026-03-28T12:00:00", "2026-04-05T00:00:00"),  # the 02:00 of the Sunday before does not exist
        (FAIR, "2020-01-01T00:00:00", None),  # years ahead
        (FAIR, "2026-11-22T00:00:00", None),  # over
        (FAIR, "2025-11-22T00:00:00", "2026-11-20T23:00:00"),
        (WORKS, "2026-11-21T00:00:00", "2026-11-21T20:00:00"),
        (Calendar("open", BERLIN, OFFICE.windows, without_spans=(CLOSED,)), "2026-11-20T08:00:00", "2026-11-24T09:30:00"),
        (Calendar("never", BERLIN, OFFICE.windows, without=(Yearly(all_days),)), "2026-11-20T08:00:00", None),
    ],
)
def test_the_first_moment_at_which_a_calendar_holds(calendar: Calendar, since: str, first: str | None) -> None:
    found = first_held(calendar, moment(since), TWO_YEARS)
    assert found == (moment(first) if first else None)


def test_days_are_worked_out_once_a_year() -> None:
    asked = []

    def days_of(year: int) -> list[date]:
        asked.append(year)
        return [date(year, 5, 1)]

    yearly = Yearly(days_of)
    found = [day in yearly for day in (date(2026, 5, 1), date(2026, 5, 2), date(2030, 5, 1), "2026-05-01")]
    assert (found, asked) == ([True, False, True, False], [2026, 2030])


def test_years_can_be_worked_out_before_they_are_asked_of() -> None:
    asked: list[int] = []

    def none_of(year: int) -> tuple[()]:
        asked.append(year)
        return ()

    days, pauses = Yearly(none_of), Spans(none_of)
    calendar = Calendar("some", BERLIN, OFFICE.windows, (days,), without_spans=(pauses,))
    prepare(calendar, (2026, 2027))
    assert asked == [2026, 2026, 2027, 2027]
    calendar.covers(moment("2026-12-31T23:30:00"))  # 2027 in Berlin
    assert len(asked) == 4
