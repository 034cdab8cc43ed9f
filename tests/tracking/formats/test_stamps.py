"""Stamps without year and zone: a year's end, Feb 29, ids that know better, the repeated hour, a batch after another."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats import postfix_ids, stamps

BERLIN = "Europe/Berlin"


def times(text: str, **context: Any) -> list[str]:
    done = parse("syslog", text, **context)
    assert not done.unparsed
    return [f"{event['time']:%Y-%m-%d %H:%M:%S}" for event in done.events]


def lines(*stamps_: str, host: str = "mx1") -> str:
    return "\n".join(f"{stamp} {host} postfix/qmgr[1]: 0892C41E8CD: removed" for stamp in stamps_)


JANUARY = datetime(2026, 1, 3, tzinfo=UTC)
YEARS = [
    ("a year's end, backwards from the file's own time", ("Dec 31 23:59:59", "Jan  1 00:00:01"), {"until": JANUARY}, ["2025", "2026"]),
    (
        "disorder around midnight",
        ("Dec 31 23:59:59", "Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:01"),
        {"until": JANUARY},
        ["2025", "2026"] * 2,
    ),
    ("more than a day after the file's own time", ("Nov 20 08:00:00",), {"until": JANUARY}, ["2025"]),
    ("a day that few years have", ("Feb 29 08:00:00",), {"until": JANUARY}, ["2024"]),
    ("the year that was told is of the first line", ("Dec 31 08:00:00", "Jan  1 08:00:00"), {"year": 2019}, ["2019", "2020"]),
    (
        "more than a year in one batch",
        ("Nov  1 08:00:00", "Mar  1 08:00:00", "Nov  1 08:00:00"),
        {"until": JANUARY},
        ["2024", "2025", "2025"],
    ),
    ("after the batch before", ("Jan  1 08:00:00",), {"carry": '{"date": "2019-12-31"}'}, ["2020"]),
]


@pytest.mark.parametrize(("stamps_", "context", "wanted"), [case[1:] for case in YEARS], ids=[case[0] for case in YEARS])
def test_the_year_is_found(stamps_: tuple[str, ...], context: dict[str, Any], wanted: list[str]) -> None:
    assert [time[:4] for time in times(lines(*stamps_), **context)] == wanted


def test_a_long_id_knows_the_year_better_than_the_file() -> None:
    text = "Nov 20 08:00:00 mx1 postfix/smtpd[1]: 4jW76S0sf8zRhS4: client=h[192.0.2.1]\n" + lines("Nov 20 08:00:01")
    done = parse("syslog", text, until=datetime(2031, 1, 1, tzinfo=UTC))
    assert {event["time"].year for event in done.events} == {2026}
    assert done.events[0]["arrived_at"].replace(tzinfo=UTC) == datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "when"), [("FACADE", None), ("DEADBEEF01", None), ("4jW76S0sf8zRhS4", "2026-11-20 08:00:00.123456+00:00"), ("", None)]
)
def test_only_long_ids_tell_the_time(word: str, when: str | None) -> None:
    found = postfix_ids.arrived(word)
    assert (str(found) if found else None) == when


def test_the_repeated_hour_is_told_by_a_fall() -> None:
    text = lines("Oct 25 01:59:59", "Oct 25 02:00:01", "Oct 25 02:59:59", "Oct 25 02:00:00", "Oct 25 02:59:59", "Oct 25 03:00:00")
    wanted = ["23:59:59", "00:00:01", "00:59:59", "01:00:00", "01:59:59", "02:00:00"]
    assert [time[11:] for time in times(text, timezone=BERLIN)] == wanted


def test_each_host_of_a_file_is_decided_for_itself() -> None:
    text = lines("Oct 25 02:59:59") + "\n" + lines("Oct 25 02:30:00", host="mx2") + "\n" + lines("Oct 25 02:00:00")
    done = parse("syslog", text, timezone=BERLIN)
    assert [(f"{event['time']:%H:%M}", event["uncertainty_seconds"]) for event in done.events] == [
        ("00:59", 1),
        ("00:30", 3601),
        ("01:00", 1),
    ]


def test_an_id_tells_the_pass_of_the_repeated_hour() -> None:
    queue_id = next(word for word in _ids(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) if postfix_ids.arrived(word))
    text = f"Oct 25 02:30:00 mx1 postfix/smtpd[1]: {queue_id}: client=h[192.0.2.1]"
    assert times(text, timezone=BERLIN) == ["2026-10-25 01:30:00"]


def _ids(at: datetime) -> list[str]:
    digits, seconds = "", int(at.timestamp())
    while seconds:
        seconds, digit = divmod(seconds, 52)
        digits = postfix_ids.DIGITS[digit] + digits
    return [f"{digits}0000z1"]


def test_the_second_pass_goes_on_in_the_next_batch() -> None:
    first = parse("syslog", lines("Oct 25 02:59:59", "Oct 25 02:00:00"), timezone=BERLIN)
    assert times(lines("Oct 25 02:10:00"), timezone=BERLIN, carry=first.carry) == ["2026-10-25 01:10:00"]
    only = parse("syslog", lines("Oct 25 02:59:59"), timezone=BERLIN)
    assert times(lines("Oct 25 02:10:00"), timezone=BERLIN, carry=only.carry) == ["2026-10-25 01:10:00"]


def test_an_hour_that_does_not_exist_is_read_all_the_same() -> None:
    assert times(lines("Mar 29 02:30:00"), timezone=BERLIN) == ["2026-03-29 00:30:00"]


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no time zone 'Europe/Bärlin': name one like Europe/Berlin"):
        parse("syslog", lines("Oct 25 02:10:00"), timezone="Europe/Bärlin")


def test_a_zone_without_summer_time_has_one_offset() -> None:
    assert len(stamps.periods(stamps.zone("Asia/Tokyo"), date(2026, 1, 1), date(2026, 12, 31))) == 1
