"""iCal files as calendars: what their events cover, over folds, gaps and years, and each wrong file with its exact message."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import ical
from config.ical import parse, read
from probe.clock import utc_now

BERLIN = ZoneInfo("Europe/Berlin")
ZONE_OF_ITS_OWN = """BEGIN:VTIMEZONE
TZID:Headquarters
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0330
TZOFFSETTO:+0330
END:STANDARD
END:VTIMEZONE"""


def file_of(*events: str) -> bytes:
    bodies = [f"BEGIN:VEVENT\nUID:{number}@abc.example\n{event}\nEND:VEVENT" for number, event in enumerate(events)]
    return (
        "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//abc.example//EN", *bodies, "END:VCALENDAR", ""])
        .replace("\n", "\r\n")
        .encode()
    )


def days(*events: str, year: int = 2026) -> list[str]:
    return [str(day) for day in sorted(set(parse(file_of(*events), "x.ics").days_of(year)))]


def covers(event: str, utc: str, zone: ZoneInfo = BERLIN) -> bool:
    return parse(file_of(event), "x.ics").spans(zone).covers(datetime.fromisoformat(f"{utc}+00:00"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20261224", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", ["2026-12-24", "2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P2D", ["2026-12-24", "2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224", ["2026-12-24"]),  # no day by the letter, one by intent
        ("DTSTART;VALUE=DATE:20251230\nDTEND;VALUE=DATE:20260103", ["2026-01-01", "2026-01-02"]),
        ("DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY", ["2026-05-01"]),
        ("DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY;UNTIL=20250501", []),
        ("DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY;UNTIL=20260501", ["2026-05-01"]),
        ("DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY;UNTIL=20260501T000000Z", ["2026-05-01"]),
        ("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20260112", ["2026-01-05", "2026-01-19"]),
        ("DTSTART;VALUE=DATE:20260105\nRDATE;VALUE=DATE:20260301,20270101", ["2026-01-05", "2026-03-01"]),
        ("DTSTART;VALUE=DATE:99981224\nRRULE:FREQ=YEARLY", []),  # the last rule there is ends with the years
        ("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", []),  # no 29th in 2026
        ("DTSTART;VALUE=DATE:20240105\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["2026-02-13", "2026-03-13", "2026-11-13"]),
        ("DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED", []),
        ("DTSTART:20261224T120000Z\nDURATION:PT1H", []),  # a timed one is no day
    ],
)
def test_all_day_events_are_days(event: str, expected: list[str]) -> None:
    assert days(event) == expected


def test_single_events_of_a_series_are_moved_and_cancelled() -> None:
    series = "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=3\nUID:series"
    moved = "DTSTART;VALUE=DATE:20260114\nRECURRENCE-ID;VALUE=DATE:20260112\nUID:series"
    off = "DTSTART;VALUE=DATE:20260119\nRECURRENCE-ID;VALUE=DATE:20260119\nSTATUS:CANCELLED\nUID:series"
    content = file_of(series, moved, off).replace(b"UID:0@abc.example\r\n", b"").replace(b"UID:1@abc.example\r\n", b"")
    content = content.replace(b"UID:2@abc.example\r\n", b"")
    assert sorted(map(str, parse(content, "x.ics").days_of(2026))) == ["2026-01-05", "2026-01-14"]


@pytest.mark.parametrize(
    ("event", "utc", "inside"),
    [
        ("DTSTART:20261224T120000Z\nDTEND:20261224T140000Z", "2026-12-24T12:00:00", True),
        ("DTSTART:20261224T120000Z\nDTEND:20261224T140000Z", "2026-12-24T13:59:59", True),
        ("DTSTART:20261224T120000Z\nDTEND:20261224T140000Z", "2026-12-24T14:00:00", False),
        ("DTSTART;TZID=Europe/Berlin:20261224T120000\nDURATION:PT2H", "2026-12-24T11:00:00", True),
        ("DTSTART;TZID=Europe/Berlin:20261224T120000\nDURATION:PT2H", "2026-12-24T13:00:00", False),
        ("DTSTART;TZID=W. Europe Standard Time:20261224T120000\nDURATION:PT2H", "2026-12-24T11:00:00", True),
        ("DTSTART:20261224T120000\nDURATION:PT2H", "2026-12-24T11:30:00", True),  # floating: the reader's 12:30
        ("DTSTART:20261224T120000\nDTEND:20261224T120000", "2026-12-24T11:00:00", False),  # lasts no time
        ("DTSTART;TZID=Europe/Berlin:20260105T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY", "2026-07-01T06:00:00", True),  # 08:00 in summer too
        ("DTSTART;TZID=Europe/Berlin:20260105T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY", "2026-07-01T07:00:00", False),
        ("DTSTART;TZID=Europe/Berlin:20251025T220000\nDURATION:PT6H\nRRULE:FREQ=YEARLY", "2026-10-26T02:59:59", True),
        (
            "DTSTART;TZID=Europe/Berlin:20261025T010000\nDTEND;TZID=Europe/Berlin:20261025T040000",
            "2026-10-25T02:59:59",
            True,
        ),  # 4 h: the fold
        ("DTSTART;TZID=Europe/Berlin:20260329T020000\nDURATION:PT1H", "2026-03-29T01:30:00", True),  # 02:00 does not exist: 03:00
        ("DTSTART:20251231T230000Z\nDURATION:PT2H", "2026-01-01T00:59:59", True),  # from one year into the next
        (
            "DTSTART;TZID=Europe/Berlin:20260105T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20260106T070000Z",
            "2026-01-06T07:30:00",
            False,
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260105T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260106",
            "2026-01-06T07:30:00",
            False,
        ),
        ("DTSTART:20260105T080000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20260404T020000Z/PT1H", "2026-04-04T02:30:00", True),
        ("DTSTART:20260105T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260106T080000Z", "2026-01-06T08:30:00", True),
        ("DTSTART:20260105T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260106T080000Z", "2026-01-07T08:30:00", False),
        ("DTSTART;VALUE=DATE:20261224", "2026-12-24T12:00:00", False),  # an all-day one is no span
    ],
)
def test_timed_events_are_spans(event: str, utc: str, inside: bool) -> None:
    assert covers(event, utc) is inside


def test_a_zone_that_the_file_describes_is_known() -> None:
    event = "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Headquarters:20261224T120000\nDURATION:PT1H\nEND:VEVENT"
    content = f"BEGIN:VCALENDAR\n{ZONE_OF_ITS_OWN}\n{event}\nEND:VCALENDAR\n".encode()
    spans = parse(content, "x.ics").spans(BERLIN)
    assert spans.covers(datetime(2026, 12, 24, 8, 30, tzinfo=UTC))
    assert not spans.covers(datetime(2026, 12, 24, 9, 30, tzinfo=UTC))


def test_a_file_is_worked_out_once_for_all_who_ask() -> None:
    events = parse(file_of("DTSTART;VALUE=DATE:20261224"), "x.ics")
    assert events.spans(BERLIN) is events.spans(ZoneInfo("Europe/Berlin"))
    assert date(2026, 12, 24) in events.days


def test_to_dos_and_alarms_mean_nothing() -> None:
    alarm = "BEGIN:VALARM\nTRIGGER:-PT10M\nACTION:DISPLAY\nDESCRIPTION:soon\nEND:VALARM"
    todo = b"BEGIN:VTODO\r\nUID:9\r\nDTSTART;VALUE=DATE:20260505\r\nEND:VTODO\r\nEND:VCALENDAR"
    content = file_of(f"DTSTART;VALUE=DATE:20261224\n{alarm}").replace(b"END:VCALENDAR", todo)
    assert list(parse(content, "x.ics").days_of(2026)) == [date(2026, 12, 24)]


UNKNOWN_ZONE = "which is neither known nor described in the file"
NOON = "2026-12-24 12:00:00+00:00"
EVERY_FIVE_MINUTES = "FREQ=DAILY;BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55;BYHOUR=0,1"
DAY = "DTSTART;VALUE=DATE:20261224"
NOON_IN_BERLIN = "DTSTART;TZID=Europe/Berlin:20261224T120000\nDURATION:PT1H"
WRONG = {
    "SUMMARY:x": "this event has no DTSTART, so it never begins",
    "DTSTART:2026-12-24": "DTSTART of this event cannot be read: Expected datetime, date, or time. Got: '2026-12-24'",
    "DTSTART:20261224T120000Z\nDTEND:20261224T110000Z": f"this event ends (2026-12-24 11:00:00+00:00) before it begins ({NOON})",
    "DTSTART:20261224T120000Z\nDURATION:-PT1H": f"this event ends (-1 day, 23:00:00) before it begins ({NOON})",
    f"{DAY}\nDTEND:20261224T110000Z": "DTSTART and DTEND of this event are not alike: one is a day, the other a time of day",
    f"{DAY}\nDTEND;VALUE=DATE:21261224": "this event lasts 36,524 days; one may last 18,250",
    "DTSTART;TZID=Mars/Base:20261224T120000": f"DTSTART is of the zone Mars/Base, {UNKNOWN_ZONE}",
    f"{DAY}\nEXDATE;TZID=Mars:20261224T120000": f"EXDATE is of the zone Mars, {UNKNOWN_ZONE}",
    f"{DAY}\nDTSTART;VALUE=DATE:20261225": "this event has DTSTART 2 times; once is allowed",
    f"{DAY}\nthis is no line": "a line of this event cannot be read: Content line could not be parsed into parts: "
    "'this is no line': Invalid content line",
    f"{DAY}\nRDATE:soon": "RDATE of this event cannot be read: Expected datetime, date, or time. Got: 'soon'",
    f"{DAY}\nRECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20261223": "this event moves all later ones (RANGE=THISANDFUTURE), "
    "which is not read; end the first series and begin another",
    f"{DAY}\nRRULE:FREQ=SOMETIMES": "RRULE of this event cannot be read: Expected frequency, got: SOMETIMES",
    f"{DAY}\nRRULE:FREQ=DAILY;INTERVAL=0": "RRULE:FREQ=DAILY;INTERVAL=0 cannot be used: its INTERVAL is less than 1",
    f"{DAY}\nRRULE:FREQ=DAILY;COUNT=-1": "RRULE:FREQ=DAILY;COUNT=-1 cannot be used: its COUNT is less than 1",
    f"{DAY}\nRRULE:FREQ=DAILY;COUNT=3;UNTIL=20270101": "RRULE:FREQ=DAILY;UNTIL=20270101;COUNT=3 cannot be used: "
    "it has both COUNT and UNTIL; one is allowed",
    f"{DAY}\nRRULE:FREQ=MONTHLY;BYDAY=9MO": "RRULE:FREQ=MONTHLY;BYDAY=9MO cannot be used: list index out of range",
    f"{DAY}\nRRULE:RSCALE=GREGORIAN;FREQ=YEARLY": "RRULE:RSCALE=GREGORIAN;FREQ=YEARLY cannot be used: unknown parameter 'RSCALE'",
    f"{DAY}\nRRULE:BYDAY=MO": "RRULE:BYDAY=MO cannot be used: it has no FREQ",
    f"{DAY}\nRRULE:FREQ=HOURLY": "RRULE:FREQ=HOURLY cannot be used: it comes every hour; "
    "an event may come once a day, or write weekly windows",
    f"{DAY}\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": "RRULE:FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=2 cannot be used: it never comes",
    f"{DAY}\nRRULE:{EVERY_FIVE_MINUTES}": f"RRULE:{EVERY_FIVE_MINUTES} cannot be used: it comes more than 5,000 times a year",
}


@pytest.mark.parametrize(("event", "says"), WRONG.items())
def test_a_wrong_event_is_told_with_its_line(event: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"^closed\.ics") as caught:
        parse(file_of("DTSTART;VALUE=DATE:20260101", event), "closed.ics")
    assert str(caught.value) == f"closed.ics:8: {says}"


PARTS = """BYDAY=MO BYDAY=-1FR BYDAY=9MO BYMONTH=2 BYMONTH=13 BYMONTHDAY=31 BYMONTHDAY=-40 BYYEARDAY=366 BYWEEKNO=53 BYHOUR=25 BYMINUTE=0,30
BYSETPOS=1 BYSETPOS=0 COUNT=3 UNTIL=20270101 UNTIL=18000101T000000Z INTERVAL=7 WKST=SU"""
parts = st.sampled_from(PARTS.split())


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]),
    st.lists(parts, max_size=3, unique=True),
    st.sampled_from([DAY, NOON_IN_BERLIN]),
)
def test_any_rule_is_read_or_told(freq: str, more: list[str], start: str) -> None:
    try:
        found = parse(file_of(f"{start}\nRRULE:{';'.join([f'FREQ={freq}', *more])}"), "x.ics")
    except ValueError as error:
        assert str(error).startswith("x.ics:4: RRULE")  # noqa: PT017 - either is right
        return
    assert all(day.year == 2028 for day in found.days_of(2028))
    assert all(begin <= end for begin, end in found.spans_of(2028, BERLIN))


def test_what_no_time_hangs_on_may_be_broken() -> None:
    assert days("DTSTART;VALUE=DATE:20261224\nLAST-MODIFIED:yesterday") == ["2026-12-24"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "closed.ics is empty; an iCal file begins with BEGIN:VCALENDAR"),
        (b"<html>\n", "closed.ics:1: is no iCal: a file begins with BEGIN:VCALENDAR and ends with END:VCALENDAR"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VTODO\n", "closed.ics:3: END:VTODO ends what did not begin"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "closed.ics:2: BEGIN:VEVENT is never ended"),
        (
            b"BEGIN:VCALENDAR\ngarbage\nEND:VCALENDAR\n",
            "closed.ics: cannot be read as iCal: Content line could not be parsed into parts: 'garbage': Invalid content line",
        ),
        (b"BEGIN:VCALENDAR\nSUMMARY:\xfc\n", "closed.ics:2: is not UTF-8 text, which iCal wants"),
        (
            b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nmore",
            "closed.ics:3: is no iCal: a file begins with BEGIN:VCALENDAR and ends with END:VCALENDAR",
        ),
    ],
)
def test_what_is_no_ical_is_told(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "closed.ics").write_bytes(content)
    with pytest.raises(ValueError, match="closed") as caught:
        read(tmp_path / "closed.ics")
    assert str(caught.value).replace(f"{tmp_path}/", "") == says


def test_files_that_are_too_large_or_gone_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ical, "MOST_BYTES", 2**20)
    (tmp_path / "big.ics").write_bytes(b" " * (2**20 + 1))
    with pytest.raises(ValueError, match=r"/big\.ics has more than 1 MiB, which is no calendar of holidays or closures$"):
        read(tmp_path / "big.ics")
    with pytest.raises(ValueError, match=r"/none\.ics cannot be read: no such file or directory$"):
        read(tmp_path / "none.ics")


SINGLE = "DTSTART:20260101T080000Z"


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([SINGLE] * 10_001, "x:30002: is the 10,001th event; a calendar may have 10,000"),
        (
            [f"{SINGLE}\nRRULE:FREQ=DAILY"] * 150,
            "x: its events come more than 50,000 times in YEAR; split the file, or write weekly windows",
        ),
        (
            [f"{SINGLE}\nRRULE:FREQ=SECONDLY"],
            "x:2: RRULE:FREQ=SECONDLY cannot be used: it comes every second; an event may come once a day, or write weekly windows",
        ),
    ],
)
def test_a_feed_that_would_never_be_worked_out_is_told(events: list[str], says: str) -> None:
    with pytest.raises(ValueError, match="x:") as caught:
        parse(("BEGIN:VCALENDAR\n" + "".join(f"BEGIN:VEVENT\n{one}\nEND:VEVENT\n" for one in events) + "END:VCALENDAR\n").encode(), "x")
    assert str(caught.value) == says.replace("YEAR", str(utc_now().year))


def test_rules_that_take_too_long_are_told_and_a_huge_count_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(parse(file_of(f"{SINGLE}\nRRULE:FREQ=DAILY;COUNT=999999999"), "x").happenings) == 1
    monkeypatch.setattr(ical, "MOST_SECONDS", 0.0)
    with pytest.raises(ValueError, match=r"^x:\d+: the rules up to here take more than 0 s to work out; write fewer, or simpler ones$"):
        parse(file_of(f"{SINGLE}\nRRULE:FREQ=DAILY"), "x")
