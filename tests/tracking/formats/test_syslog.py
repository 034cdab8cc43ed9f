"""The prefixes of syslog files, the programs in them, and what is neither."""

from __future__ import annotations

from datetime import UTC

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.registry import FORMATS, named, recognise

REMOVED = "0892C41E8CD: removed"
PREFIXES = [
    (f"Nov  2 08:00:01 mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 8, 0, 1, 0), 1.0),
    (f"<22>Nov  2 08:00:01 mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 8, 0, 1, 0), 1.0),
    (f"2026-11-02T08:00:01.123456+01:00 mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 7, 0, 1, 123456), 1e-6),
    (f"2026-11-02T08:00:01.123Z mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 8, 0, 1, 123000), 1e-3),
    (f"2026-11-02T08:00:01.123+01:00 mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 7, 0, 1, 123000), 1e-3),
    (f"2026-11-02T08:00:01+0100 MX1. postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 7, 0, 1, 0), 1.0),
    (f"2026-11-02T08:00:01,5-05:00 mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 13, 0, 1, 500000), 0.1),
    (f"2026-11-02T08:00:60Z mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 8, 0, 59, 0), 1.0),
    (f"<22>1 2026-11-02T08:00:01.123Z mx1 postfix/qmgr 4711 - - {REMOVED}", (2026, 11, 2, 8, 0, 1, 123000), 1e-3),
    (f'<22>1 2026-11-02T08:00:01Z mx1 postfix/qmgr - ID [a@1 b="c\\]: x"] \ufeff{REMOVED}', (2026, 11, 2, 8, 0, 1, 0), 1.0),
    (f"Nov  2 08:00:01 mx1 postfix/qmgr[47]: [ID 197553 mail.info] {REMOVED}", (2026, 11, 2, 8, 0, 1, 0), 1.0),
    (f"Nov  2 08:00:60 mx1 postfix/qmgr[47]: {REMOVED}", (2026, 11, 2, 8, 0, 59, 0), 1.0),
]


@pytest.mark.parametrize(("line", "when", "uncertainty"), PREFIXES, ids=[line[:34] for line, _, _ in PREFIXES])
def test_every_prefix_says_host_and_time(line: str, when: tuple[int, ...], uncertainty: float) -> None:
    done = parse("syslog", line)
    (event,) = done.events
    at = event["time"].replace(tzinfo=UTC)
    assert (*at.timetuple()[:6], at.microsecond) == when
    assert event["uncertainty_seconds"] == pytest.approx(uncertainty)
    assert (event["server"], event["program"], event["original"]) == ("mx1", "qmgr", "removed")


def test_a_stamp_without_zone_is_local() -> None:
    (event,) = parse("syslog", f"2026-07-02T08:00:01 mx1 postfix/qmgr[47]: {REMOVED}", timezone="Europe/Berlin").events
    assert event["time"].hour == 6


def test_the_server_that_was_told_is_right() -> None:
    (event,) = parse("syslog", f"Nov  2 08:00:01 localhost postfix/qmgr[47]: {REMOVED}", server="Hub1.example.").events
    assert event["server"] == "hub1.example"


def test_a_repeated_message_is_unwrapped() -> None:
    text = "message repeated 3 times: [ connect to mx[192.0.2.1]:25: Connection refused]"
    (event,) = parse("syslog", f"Nov  2 08:00:01 mx1 postfix/smtp[1]: {text}").events
    assert (event["said"], event["extra"]) == ("Connection refused", '{"repeated":3}')


def test_what_stands_for_nothing_is_counted_by_kind() -> None:
    lines = ["",
             "Nov  2 08:00:01 mx1 last message repeated 2 times", "Nov  2 08:00:01 mx1 -- MARK --",
             "Nov  2 08:00:01 mx1 kernel: [1.2] oops",
             "Nov  2 08:00:01 mx1 a`b$(c)[1]: x", "Nov  2 08:00:01 mx1 /usr/sbin/cron[1]: (root) CMD (x)"]  # fmt: skip
    done = parse("syslog", "\n".join(lines))
    assert done.noise == {"blank": 1, "other/cron": 1, "other/kernel": 1, "other/odd": 1, "syslog/mark": 1, "syslog/repeated": 1}
    assert (done.events, done.unparsed) == ([], [])


def test_a_line_within_a_line_is_only_its_outer_program() -> None:
    line = "Nov  2 08:00:01 mx1 sshd[1]: bad user Nov  2 08:00:01 mx1 postfix/qmgr[47]: 0892C41E8CD: removed"
    assert parse("syslog", line).noise == {"other/sshd": 1}


HOSTILE = [
    "Nov  2 25:61:61 mx1 postfix/qmgr[1]: 0892C41E8CD: removed",
    "Foo 99 08:00:01 mx1 postfix/qmgr[1]: 0892C41E8CD: removed",
    "2026-13-45T08:00:01Z mx1 postfix/qmgr[1]: 0892C41E8CD: removed",
    "Nov  2 08:00:01 mx1 postfix/qmgr[1]: warning",
    "\u2400\u202e\x1b[31m: x",
    ": ",
    "<",
    "<22>1 ",
    "<22>1 2026-11-02T08:00:01Z mx1",
    "x" * 100_000,
    "Nov  2 08:00:01 mx1 postfix/smtp[1]: 0892C41E8CD: to=<" + "a" * 3000,
]


def test_hostile_lines_are_each_told_once() -> None:
    done = parse("syslog", "\n".join(HOSTILE))  # the harness adds them up
    assert done.unparsed == HOSTILE[:-1]
    (cut,) = done.events
    assert cut["original"] == "cut"


def test_a_file_is_recognised_by_most_of_its_first_lines() -> None:
    assert recognise([line for line, _, _ in PREFIXES]) is FORMATS["syslog"]
    assert recognise(["hello", "world"]) is None
    assert recognise([]) is None
    assert named("postfix") is FORMATS["syslog"]
    with pytest.raises(ValueError, match=r"there is no format 'postfax': there are .*postfix"):
        named("postfax")
