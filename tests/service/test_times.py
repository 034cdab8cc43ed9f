"""Times as people write them on the command line, each with what it means or its exact error."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from service.commands.times import moment, to_come

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
WAYS = "2026-11-20T09:00+01:00, 2026-11-20 09:00 (in Europe/Berlin), now, today, yesterday, or how long ago: 90m, 7d"
BOUNDS = "is out of bounds: times lie between 1970-01-01 and 2200-01-01"


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("now", "2026-11-20T09:30:00"),
        ("today", "2026-11-19T23:00:00"),
        ("yesterday", "2026-11-18T23:00:00"),
        ("90m", "2026-11-20T08:00:00"),
        ("7d", "2026-11-13T09:30:00"),
        ("1d12h", "2026-11-18T21:30:00"),
        ("2026-11-20", "2026-11-19T23:00:00"),
        ("2026-11-20 09:00", "2026-11-20T08:00:00"),
        ("2026-07-20T09:00:30", "2026-07-20T07:00:30"),
        ("2026-11-20T09:00Z", "2026-11-20T09:00:00"),
        ("2026-11-20 09:00 UTC", "2026-11-20T09:00:00"),
        ("2026-11-20T09:00+05:45", "2026-11-20T03:15:00"),
        ("2026-11-20T09:00-0330", "2026-11-20T12:30:00"),
        ("2026-11-20 09:00 America/St_Johns", "2026-11-20T12:30:00"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30:00"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00"),
        (" 2026-11-20 ", "2026-11-19T23:00:00"),
    ],
)
def test_times(written: str, utc: str) -> None:
    assert moment(written, BERLIN, NOW) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("tomorrow", f"`tomorrow` is no time; write {WAYS}"),
        ("", f"`` is no time; write {WAYS}"),
        ("9:00", f"`9:00` is no time; write {WAYS}"),
        ("2026-02-30", f"`2026-02-30` is no time; write {WAYS}"),
        ("2026-11-20T09:00+25:00", f"`2026-11-20T09:00+25:00` is no time; write {WAYS}"),
        ("2026-11-20 25:00", f"`2026-11-20 25:00` is no time; write {WAYS}"),
        ("0s", "`0s` is no time at all; give more than zero"),
        ("9999y", "`9999y` ago is before all time"),
        ("100y", f"`100y ago` {BOUNDS}"),
        ("0001-01-01T00:00+14:00", f"`0001-01-01T00:00+14:00` {BOUNDS}"),
        ("0001-01-01", f"`0001-01-01` {BOUNDS}"),
        ("9999-12-31 23:59", f"`9999-12-31 23:59` {BOUNDS}"),
        ("2026-11-20 09:00 Mars/Base", "`Mars/Base` is no time zone; one looks like Europe/Berlin, or +01:00"),
        ("2026-03-29 02:30", "2026-03-29 02:30 does not exist in Europe/Berlin: clocks leap over it"),
        ("2026-10-25 02:30", "2026-10-25 02:30 comes twice in Europe/Berlin; write 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00"),
    ],
)
def test_what_is_no_time_is_told(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        moment(written, BERLIN, NOW)
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("written", "utc"),
    [("2h", "2026-11-20T11:30:00"), (" 1d12h", "2026-11-21T21:30:00"), ("2026-12-01 08:00", "2026-12-01T07:00:00")],
)
def test_times_to_come(written: str, utc: str) -> None:
    assert to_come(written, BERLIN, NOW) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-11-20 10:30", "`2026-11-20 10:30` is past"),
        ("now", "`now` is no time to come; write how long: 90m, 2h, 7d, or 2026-12-01 08:00 (in Europe/Berlin)"),
        ("2026-13-01", f"`2026-13-01` is no time; write {WAYS}"),
        ("9999999d", "`9999999d` from now is after all time"),
        ("7000y", f"`7000y from now` {BOUNDS}"),
        ("9999-12-31T23:59:59-12:00", f"`9999-12-31T23:59:59-12:00` {BOUNDS}"),
        ("2200-01-01T01:01", f"`2200-01-01T01:01` {BOUNDS}"),
    ],
)
def test_times_that_do_not_come(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        to_come(written, BERLIN, NOW)
    assert str(error.value) == said
