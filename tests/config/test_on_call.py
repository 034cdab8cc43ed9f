"""When nobody is on call, in words: in each week, or, where single days count, in the next four."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from config.on_call import nobody
from config.settings import Settings

Reader = Callable[[str], Settings]
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 14, 9, tzinfo=UTC)
WEEK = ["mon-fri 08:00-18:00", "mon-thu 18:00-08:00", "fri 18:00-24:00", "sat,sun", "mon 00:00-08:00"]


def when(read: Reader, *calendars: str) -> str:
    lines = "".join(f"  c{index}: {text}\n" for index, text in enumerate(calendars))
    settings = read(f"timezone: Europe/Berlin\ncalendars:\n{lines}")
    found = [settings.calendar(name) for name in settings.calendars]
    return nobody([one for one in found if one is not None], BERLIN, NOW)


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        (WEEK, ""),
        (["mon-sun"], ""),
        (["mon-fri 08:00-18:00"], "from Mon 18:00 to Tue 08:00 (Europe/Berlin), and at 4 more times of the week"),
        (WEEK[:3] + WEEK[4:], "from Sat 00:00 to Mon 00:00 (Europe/Berlin)"),
        (["mon-sun 00:00-23:59"], "from Mon 23:59 to Tue 00:00 (Europe/Berlin), and at 6 more times of the week"),
    ],
)
def test_what_weekly_windows_leave_open(settings_of: Reader, windows: list[str], says: str) -> None:
    assert when(settings_of, *(f'{{weekly: ["{window}"]}}' for window in windows)) == says


def test_a_calendar_of_another_zone_counts_on_its_own_clock(settings_of: Reader) -> None:
    days, nights = '{weekly: ["mon-sun 08:00-20:00"]}', '{weekly: ["mon-sun 19:00-06:00"], timezone: UTC}'
    assert when(settings_of, days, nights) == "from Mon 07:00 to Mon 08:00 (Europe/Berlin), and at 6 more times of the week"


def test_an_exception_leaves_a_day_open(settings_of: Reader) -> None:
    days = '{weekly: ["mon-sun"], except: [2026-12-24]}'
    assert when(settings_of, days) == "from Thu 2026-12-24 00:00 to Fri 2026-12-25 00:00 (Europe/Berlin)"


def test_single_days_alone_leave_much_open(settings_of: Reader) -> None:
    says = "from Mon 2026-12-14 10:00 to Thu 2026-12-24 00:00 (Europe/Berlin), and at 1 more times of the next 4 weeks"
    assert when(settings_of, "{dates: [2026-12-24]}") == says


def test_an_event_of_a_file_begins_and_ends_on_the_minute(settings_of: Reader) -> None:
    event = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261224T101500Z\nDTEND:20261224T113000Z\nEND:VEVENT\nEND:VCALENDAR\n"
    with open("away.ics", "w", encoding="utf-8") as file:  # noqa: PTH123 - the fixture made its folder the current one
        file.write(event)
    says = "from Thu 2026-12-24 11:15 to Thu 2026-12-24 12:30 (Europe/Berlin)"
    assert when(settings_of, '{weekly: ["mon-sun"], except: ["ical:away.ics"]}') == says
