"""Logs of formats that we do not know, read by the user's own expression: what comes out, and what is said when it does not fit."""

# ruff: noqa: E501, DTZ001  messages stand as they are; the tables hold naive UTC
from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.generic_plan import EXAMPLE, plan

EXPRESSION = (
    r"^(?P<time>\S+ \S+) \[(?P<internal_message_id>\w+)\] (?P<original>\w+) from=(?P<sender>\S*) to=(?P<recipient>\S+)"
    r"(?: size=(?P<bytes>\w+))?(?: mid=(?P<message_id>\S+))?(?: via=(?P<next_host>\S+))?(?: (?P<said>.*))?$"
)
OPTIONS = f"{EXPRESSION}\nsoftware: haraka\nserver: MX9.example.\nevent queued: receive\nevent sent: send\nevent: other"
LINES = (
    "2026-11-20 08:00:01.250 [A1] queued from=<a@x.example> to=<b@y.example> size=1200 mid=1@x.example",
    "2026-11-20 08:00:02 [A1] sent from=<> to=<b@y.example> size=many via=MX.y.example. 250 2.0.0 Ok: queued as 4ABCDEF",
    "2026-11-20 08:00:03 [A1] gone from=<a@x.example> to=<b@y.example>",
    "",
    "something else",
    "2026-13-20 08:00:03 [A1] gone from=<a@x.example> to=<b@y.example>",
)


def test_groups_are_columns() -> None:
    """Types, brackets, hosts, constants, the log's own words; a reply ties to the next server."""
    done = parse("generic", "\n".join(LINES), options=OPTIONS, timezone="Europe/Berlin")
    assert (done.noise, done.unparsed) == ({"blank": 1}, list(LINES[4:]))
    first, second, third = done.events
    assert first == {
        "n": 1,
        "part": 0,
        "server": "mx9.example",
        "software": "haraka",
        "event": "receive",
        "original": "queued",
        "time": datetime(2026, 11, 20, 7, 0, 1, 250000),
        "uncertainty_seconds": pytest.approx(0.001),
        "internal_message_id": "A1",
        "message_id": "<1@x.example>",
        "bytes": 1200,
        "sender": "a@x.example",
        "recipient": "b@y.example",
    }
    assert {
        name: second.get(name) for name in ("event", "sender", "bytes", "next_host", "link_rule", "link_id", "link_host", "link_way")
    } == {
        "event": "send",
        "sender": "",
        "bytes": None,
        "next_host": "mx.y.example",
        "link_rule": "queued-as",
        "link_id": "4ABCDEF",
        "link_host": "mx.y.example",
        "link_way": "out",
    }
    assert (third["event"], third["uncertainty_seconds"]) == ("other", 1.0)


@pytest.mark.parametrize(
    ("stamp", "form", "time"),
    [
        ("2026-11-20T08:00:01+01:00", "", datetime(2026, 11, 20, 7, 0, 1)),
        ("2026-11-20T08:00:01Z", "", datetime(2026, 11, 20, 8, 0, 1)),
        ("1795161601.5", "", datetime(2026, 11, 20, 8, 0, 1, 500000)),
        ("20/Nov/2026:08:00:01 -0500", "%d/%b/%Y:%H:%M:%S %z", datetime(2026, 11, 20, 13, 0, 1)),
        ("20.11.2026 08:00:01", "%d.%m.%Y %H:%M:%S", datetime(2026, 11, 20, 7, 0, 1)),
    ],
)
def test_times_in_many_forms(stamp: str, form: str, time: datetime) -> None:
    """ISO and seconds need no form; a zone in the stamp goes before the source's."""
    options = r"^(?P<time>[^|]+)\|(?P<recipient>.*)$" + (f"\ntime: {form}" if form else "")
    (event,) = parse("generic", f"{stamp}|b@y.example", options=options, timezone="Europe/Berlin").events
    assert event["time"] == time


def test_the_source_names_the_server() -> None:
    """The setting of the source goes before group and constant; a link of the log's own is one."""
    options = r"^(?P<time>\S+) (?P<server>\S+) (?P<internal_message_id>\S+) (?P<link_id>\S+)?"
    line = "2026-11-20T08:00:01Z MX1. A1 B2"
    (event,) = parse("generic", line, options=options).events
    assert {name: event[name] for name in ("server", "link_id", "link_rule", "link_way", "event", "software")} == {
        "server": "mx1",
        "link_id": "B2",
        "link_rule": "queued-as",
        "link_way": "out",
        "event": "other",
        "software": "generic",
    }
    assert parse("generic", line, options=options, server="Other").events[0]["server"] == "other"


TIME = r"^(?P<time>\S+)"
WRONG: list[tuple[str, str]] = [
    ("", f"the format generic needs a regular expression whose named groups are columns, for example `{EXAMPLE}`"),
    (r"^(?P<recipient>\S+)", "the expression has no group `time`: without it no line can be placed; add `(?P<time>...)`"),
    (TIME + r" (?<time>\S+)", "`time` is told twice; give it once"),
    (f"{TIME}\nevent: sent", "`sent` is no event; there are receive, submit, resolve, "),
    (f"{TIME}\nevent ok: delivered", "`delivered` is no event; there are receive, submit, resolve, "),
    (f"{TIME}\ntime: %b %d %H:%M:%S", "`time: %b %d %H:%M:%S` has no year (%Y): such lines cannot be placed"),
    (f"{TIME}\nsoftware", "`software` is no `name: value`; behind the expression stand lines such as `time: %d.%m.%Y %H:%M:%S`"),
    (f"{TIME} (?P<to>.*)", "the group `to` is no column; there are arrived_at, bytes, begins, client_host, "),
    (f"{TIME}\nn: 3", "the name `n` is no column; there are arrived_at, begins, bytes, client_host, "),
]


@pytest.mark.parametrize(("options", "said"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_what_is_wrong_is_said(options: str, said: str) -> None:
    """One sentence, before any line is read."""
    with pytest.raises(ValueError, match=r"^.") as caught:
        plan(options)
    assert str(caught.value).startswith(said.replace("bytes, begins", "begins, bytes"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (r"^(?P<time>\S+", "the expression cannot be read: missing ): ^(?P<time>\\S+"),
        (r"^(?P<time>\S+)(?=x)", "the expression cannot be read: invalid perl operator: (?="),
        (f"{TIME}\ntime: %Y %Q", "`time: %Y %Q` cannot be read: Failed to parse format specifier %Y %Q: Unrecognized format for strftime/strptime: %Q"),
        (r"^(?P<time>\S+)$", "the expression fits none of the first 2 lines of test.log: the first is `Nov 20 what`"),
        (r"^(?P<time>\S+)", "no time of test.log can be read: the first is `Nov`; say how it is written with `time: ...`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(options: str, said: str) -> None:
    """The engine's own words where it refuses; the first line where none fits."""
    with pytest.raises(ValueError, match=r"^.") as caught:
        parse("generic", "Nov 20 what\nNov 21 else\n", options=options)
    assert str(caught.value) == said


def test_a_later_batch_may_fit_nowhere() -> None:
    """Only a file's first lines show that the expression is for others."""
    first = parse("generic", LINES[0], options=OPTIONS)
    assert parse("generic", "stack trace", options=OPTIONS, carry=first.carry).unparsed == ["stack trace"]


def test_groups_without_a_name_are_none() -> None:
    """Alternatives, classes and escapes do not shift the columns."""
    options = r"^(\w+|\()[(?P<x>)] (?P<time>\S+) (?:a|(b)) (?P<recipient>\S+)"
    (event,) = parse("generic", "ab( 2026-11-20T08:00:01Z b c@y.example", options=options).events
    assert event["recipient"] == "c@y.example"


def test_the_expression_is_never_sql() -> None:
    """Quotes in it are text."""
    options: Any = r"^(?P<time>\S+) '(?P<said>.*)'\) from landed; --"
    (event,) = parse("generic", "2026-11-20T08:00:01Z 'x') from landed; --", options=options).events
    assert event["said"] == "x"
