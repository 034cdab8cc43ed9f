r"""What the user says about logs of a format that we do not know: a regular expression, and what its groups mean. No SQL, no I/O.

The first line is the expression (RE2); its named groups are columns of `tracking.schema.PARSED`. Lines behind it: `time: %d.%m.%Y %H:%M:%S`
(how the group `time` is written; ISO 8601 and seconds since 1970 need none), `software: haraka` (and any other column that has one value on
all lines), `event: other`, and `event sent: deliver`: which event the log's own word `sent`, in the group `original`, is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.schema import PARSED
from tracking.values import CANONICAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TYPES = {column.name: column.type for column in PARSED if column.name not in {"n", "part", "uncertainty_seconds"}}
# an escape, a class, a group with a name, one without
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P?<(?P<name>[^>]*)>|\((?!\?)")
EXAMPLE = r"^(?P<time>\S+) (?P<internal_message_id>\w+) (?P<original>\w+) to=<(?P<recipient>[^>]*)>"


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read the lines."""

    expression: str  # as it was written
    pattern: str  # the same, but only groups with names are groups
    groups: tuple[str, ...]  # columns, in the order of the groups
    stamp: str  # strptime's form of the group `time`; "" = ISO 8601 or seconds since 1970
    constants: Mapping[str, str]  # column -> the same on all lines
    events: Mapping[str, str]  # the log's own word -> event


def plan(options: str) -> Plan:
    """Read what the user wrote. Raises ValueError with one sentence that says what to change."""
    expression, *lines = [line.strip() for line in options.strip().splitlines() if line.strip()] or [""]
    if not expression:
        raise ValueError(f"the format generic needs a regular expression whose named groups are columns, for example `{EXAMPLE}`")
    stamp, constants, events = _said(lines)
    return Plan(expression, _bare(expression), _groups(expression, constants), stamp, constants, events)


def _groups(expression: str, constants: Mapping[str, str]) -> tuple[str, ...]:
    groups = tuple(token["name"] for token in _TOKEN.finditer(expression) if token["name"] is not None)
    for name in groups:
        _column(name, "group")
        if groups.count(name) > 1 or name in constants:
            raise ValueError(f"`{name}` is told twice; give it once")
    if "time" not in groups:
        raise ValueError("the expression has no group `time`: without it no line can be placed; add `(?P<time>...)`")
    return groups


def _bare(expression: str) -> str:
    """Groups are counted, so those without a name must not be any."""
    return _TOKEN.sub(lambda token: "(" if token["name"] is not None else "(?:" if token[0] == "(" else token[0], expression)


def _column(name: str, what: str) -> None:
    if name not in TYPES:
        raise ValueError(f"the {what} `{name}` is no column; there are {', '.join(sorted(TYPES))}")


def _said(lines: Sequence[str]) -> tuple[str, dict[str, str], dict[str, str]]:
    stamp, constants, events = "", dict[str, str](), dict[str, str]()
    for line in lines:
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not value:
            raise ValueError(f"`{line}` is no `name: value`; behind the expression stand lines such as `time: %d.%m.%Y %H:%M:%S`")
        if name == "time":
            stamp = _stamp(value)
        elif name.startswith("event "):
            events[name.removeprefix("event ").strip()] = _event(value)
        else:
            _column(name, "name")
            constants[name] = _event(value) if name == "event" else value
    return stamp, constants, events


def _event(name: str) -> str:
    if name not in CANONICAL:
        raise ValueError(f"`{name}` is no event; there are {', '.join(CANONICAL)}")
    return name


def _stamp(form: str) -> str:
    if not re.search(r"%[Yyc]", form):
        raise ValueError(f"`time: {form}` has no year (%Y): such lines cannot be placed")
    return form
