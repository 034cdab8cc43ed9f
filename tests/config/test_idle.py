"""Thresholds that can never be in force, each with its exact warning; and calendars from iCal files in a whole configuration."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from config.settings import Settings
from thresholds.limits import Limits
from thresholds.values import Aspect, Sample

Reader = Callable[[str], Settings]
HEAD = """servers:
  imap: {kind: imap, host: mail.isp.example}
  submission: {kind: submission, host: mail.isp.example}
domains:
  - name: abc.example
    servers: [imap]
    mailbox: {address: probe@abc.example, password: {env: PROBE_PASSWORD}}
"""
SHADOWED = "thresholds[1] below says something else of the very same, NEVER"
CALENDARS = """calendars:
  office: {weekly: ["mon-fri 08:00-18:00"]}
  past: {dates: [2001-01-01]}
  nothing: {dates: [2099-12-24], except: [2099-12-24]}
thresholds:
"""
LINE = 13  # of the first threshold


@pytest.mark.parametrize(
    ("written", "warnings"),
    [
        ("{match: {server: imap}, warning: 1s}", ""),
        ("{match: {server: imapp}, warning: 1s}", "22: thresholds[0].match.server: matches no server, so this threshold never applies"),
        ("{match: {domain: abd.*}, warning: 1s}", "22: thresholds[0].match.domain: matches no domain, so this threshold never applies"),
        ("{match: {trip: total}, warning: 1s}", "13: thresholds[0].match.server: matches no trip, so this threshold never applies"),
        ("{match: {site: bonn}, warning: 1s}", ""),  # one file may serve several probers
        ("{match: {queue: 'x', server: nobody}, warning: 1}", ""),  # who has queues is not known
        ("{calendar: office, warning: 1s}", ""),
        ("{calendar: past, warning: 1s}", "16: thresholds[0].calendar: calendar past holds at no time in the next 2 years, NEVER"),
        ("{calendar: nothing, warning: 1s}", "16: thresholds[0].calendar: calendar nothing holds at no time in the next 2 years, NEVER"),
        ("{warning: 1s}\n  - {warning: 2s}", "5: thresholds[0]: SHADOWED"),
        (
            "{match: {server: IMAP}, warning: 1s}\n  - {match: {server: imap}, warning: 2s}",
            "5: thresholds[0]: SHADOWED",
        ),
        ("{warning: 1s}\n  - {calendar: office, warning: 2s}", ""),
        ("{warning: 1s}\n  - {match: {step: '*'}, warning: 2s}", ""),
        ("{warning: 1s}\n  - {baseline: {warning: 2}}", ""),  # it holds until the history is covered
        ("{baseline: {warning: 3}}\n  - {warning: 2s}", "5: thresholds[0]: SHADOWED"),
        ("{baseline: {warning: 3, history: 1w}}\n  - {baseline: {warning: 2, history: 4w}}", ""),
        ("{baseline: {warning: 3, history: 4w}}\n  - {baseline: {warning: 2, history: 1w}}", "5: thresholds[0]: SHADOWED"),
    ],
)  # fmt: skip
def test_a_threshold_that_never_applies_is_a_warning(written: str, warnings: str, settings_of: Reader) -> None:
    settings = settings_of(f"{HEAD}{CALENDARS}  - {written}\n")
    expected = warnings.replace("SHADOWED", SHADOWED).replace("NEVER", "so this threshold never applies")
    assert "\n".join(settings.warnings) == (f"mailsonde.yml:{LINE}:{expected}" if expected else "")


def test_a_threshold_of_a_trip_names_trips(settings_of: Reader) -> None:
    head = HEAD.replace("[imap]", "[imap, submission]") + "    roundtrip: {submit: submission, fetch: imap}\n"
    assert settings_of(f"{head}thresholds:\n  - {{match: {{trip: total, server: abc.example}}, warning: 1s}}\n").warnings == ()


def test_with_discovery_domains_are_not_known_beforehand(settings_of: Reader) -> None:
    discovery = (
        "  directory: {kind: ldap, host: ldap.isp.example, base: dc=isp}\ndiscovery:\n  server: directory\n"
        "  filter: (objectClass=*)\n  name: dc\n  servers: {imap: imap}\n"
        "  mailbox: {address: 'probe@{domain}', password: {env: PROBE_PASSWORD}}\n"
    )
    text = "servers:\n  imap: {kind: imap, host: mail.isp.example}\n" + discovery
    assert settings_of(f"{text}thresholds:\n  - {{match: {{domain: whoever.example}}, warning: 1s}}\n").warnings == ()
    loops = text.replace(
        "  servers: {imap: imap}", "  servers: {imap: imap, smtp: submission}\n  roundtrip: {submit: submission, fetch: imap}"
    )
    loops = loops.replace("discovery:", "  submission: {kind: submission, host: mail.isp.example}\ndiscovery:")
    assert settings_of(f"{loops}thresholds:\n  - {{match: {{trip: total, server: whoever.example}}, warning: 1s}}\n").warnings == ()


def test_thousands_of_thresholds_of_thousands_of_domains_are_looked_up(settings_of: Reader) -> None:
    mailbox = "{address: probe@abc.example, password: {env: PROBE_PASSWORD}}"
    names = range(2_000)
    domains = "".join(f"  - {{name: d{number}.example, servers: [imap], mailbox: {mailbox}}}\n" for number in names)
    thresholds = "".join(f"  - {{match: {{domain: D{number}.example}}, warning: 1s}}\n" for number in (*names, 7, 10_000))
    head = "servers:\n  imap: {kind: imap, host: mail.isp.example}\n"
    warnings = settings_of(f"{head}domains:\n{domains}thresholds:\n{thresholds}").warnings
    assert [warning.partition("thresholds")[2] for warning in warnings] == [
        "[7]: thresholds[2000] below says something else of the very same, so this threshold never applies",
        "[2001].match.domain: matches no domain, so this threshold never applies",
    ]


ICAL = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261120
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20261123T120000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize(
    ("utc", "origin"),
    [
        ("2026-11-19T09:00:00", "thresholds[1]"),
        ("2026-11-20T09:00:00", "thresholds[0]"),  # the whole Friday is excepted
        ("2026-11-23T10:59:59", "thresholds[1]"),
        ("2026-11-23T11:00:00", "thresholds[0]"),  # from 12:00 in Berlin for an hour
        ("2026-11-23T12:00:00", "thresholds[1]"),
        ("2026-11-22T09:00:00", "thresholds[0]"),
    ],
)
def test_an_ical_file_takes_its_events_out_of_a_calendar(utc: str, origin: str, settings_of: Reader) -> None:
    Path("closed.ics").write_text(ICAL)
    calendar = "calendars:\n  open: {weekly: [mon-fri], except: ['ical:closed.ics'], timezone: Europe/Berlin}\n"
    settings = settings_of(f"{HEAD}{calendar}thresholds:\n  - {{warning: 1s}}\n  - {{calendar: open, warning: 2s}}\n")
    limit = Limits(settings.limits).in_force(Sample("abc.example", "imap", Aspect.TOTAL, "", 1.0, datetime.fromisoformat(f"{utc}+00:00")))
    assert limit is not None
    assert (limit.origin, settings.warnings) == (origin, ())


@pytest.mark.parametrize(
    ("utc", "origin"),
    [
        ("2026-11-20T09:00:00", "thresholds[1]"),
        ("2026-11-23T11:30:00", "thresholds[1]"),
        ("2026-12-25T11:30:00", "thresholds[1]"),
        ("2026-11-24T09:00:00", "thresholds[0]"),
    ],
)
def test_events_and_holidays_can_be_what_counts(utc: str, origin: str, settings_of: Reader) -> None:
    Path("works.ics").write_text(ICAL)
    calendar = "calendars:\n  works: {dates: ['ical:works.ics', 'holidays:DE'], timezone: Europe/Berlin}\n"
    settings = settings_of(f"{HEAD}{calendar}thresholds:\n  - {{warning: 1s}}\n  - {{calendar: works, warning: 2s}}\n")
    limit = Limits(settings.limits).in_force(Sample("abc.example", "imap", Aspect.TOTAL, "", 1.0, datetime.fromisoformat(f"{utc}+00:00")))
    assert limit is not None
    assert (limit.origin, settings.warnings) == (origin, ())
