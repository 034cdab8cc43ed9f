"""The rules of incidents and the times of planned work, as thresholds know them."""

from collections.abc import Callable
from datetime import UTC, datetime

from config.incidents import maintenances
from config.settings import Settings
from thresholds.incident_values import Maintenance, Rules, Scene

Reader = Callable[[str], Settings]
WHOLE = """\
timezone: Europe/Berlin
incidents: {bad: 3, of: 5, good: 4, recovery: 80%, again: 1s, gather: 2s, remind: 1h, flapping: {closings: 2, within: 30m, steady: 5m}}
calendars: {nights: {weekly: ["mon-sun 22:00-24:00"]}}
maintenance:
  - {match: {domain: "abc.*", server: imap, site: berlin, cause: "server:*"}, calendar: nights, reason: nightly backup}
  - {from: "2026-12-01 22:00", until: "2026-12-02T02:00:30", reason: new disks}
  - {from: 2026-10-25 02:30, until: 2026-10-25 02:40, reason: the hour that comes twice}
  - {calendar: nights, until: 2027-01-01, reason: this year}
"""
BY = "the configuration"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type] # year to second


def test_without_a_word_the_rules_are_those_of_thresholds(settings_of: Reader) -> None:
    assert settings_of("site: a\n").incidents.rules() == Rules()


def test_each_rule_can_be_set(settings_of: Reader) -> None:
    assert settings_of(WHOLE).incidents.rules() == Rules(3, 5, 4, 0.8, 1.0, 2.0, 3600.0, 2, 1800.0, 300.0)


def test_planned_work_is_meant_on_the_wall_clock_of_the_configuration(settings_of: Reader) -> None:
    settings = settings_of(WHOLE)
    nights = settings.calendar("nights")
    scene = Scene("abc.*", "imap", "berlin", "server:*")
    assert maintenances(settings) == (
        Maintenance("maintenance[0]", scene, "nightly backup", BY, calendar=nights),
        Maintenance("maintenance[1]", Scene(), "new disks", BY, utc(2026, 12, 1, 21), utc(2026, 12, 2, 1, 0, 30)),
        Maintenance("maintenance[2]", Scene(), "the hour that comes twice", BY, utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 40)),
        Maintenance("maintenance[3]", Scene(), "this year", BY, ends_at=utc(2026, 12, 31, 23), calendar=nights),
    )


def test_no_name_is_no_calendar(settings_of: Reader) -> None:
    assert settings_of("site: a\n").calendar(None) is None
