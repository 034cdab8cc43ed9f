"""Two runs of one check held against each other, step by step and line by line: what has changed between then and now. Pure.

Lines are compared within their step. What differs in numbers and ids alone (a queue id, a time) is told apart from what was said otherwise;
a reply's code (RFC 5321 section 4.2) is no such number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from probe.values import Fault, Line, Step
    from thresholds.values import Level

CODE = re.compile(r"[2-5][0-9]{2}(?=[ -]|$)")
NUMBERED = re.compile(r"[\w.+/=-]*[0-9][\w.+/=-]*")  # a number, or a word with one in it


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs."""

    started_at: datetime  # aware
    level: Level
    steps: tuple[Step, ...] = ()  # () = they are not known: the run itself has gone by its age
    fault: Fault | None = None
    reasons: tuple[str, ...] = ()
    uncertainty_seconds: float = 0.0
    lines: tuple[Line, ...] | None = None  # None = the conversation was not kept

    @property
    def seconds(self) -> float | None:
        """Return the total; None where no step is known."""
        return sum(step.seconds for step in self.steps) if self.steps else None


# -- steps


@dataclass(frozen=True, slots=True)
class StepPair:
    """One step in both runs; None = it did not take place there."""

    name: str
    then_seconds: float | None
    now_seconds: float | None

    @property
    def difference_seconds(self) -> float | None:
        """Return how much longer it takes now; None where one of them is missing."""
        if self.then_seconds is None or self.now_seconds is None:
            return None
        return self.now_seconds - self.then_seconds


def pair_steps(then: Side, now: Side) -> list[StepPair]:
    """Return the steps of both in their order."""
    before, after = _by_name(then.steps), _by_name(now.steps)
    return [StepPair(name, before.get(name), after.get(name)) for name in merged(list(before), list(after))]


def _by_name(steps: Sequence[Step]) -> dict[str, float]:
    found: dict[str, float] = {}
    for step in steps:
        found[step.name] = found.get(step.name, 0.0) + step.seconds
    return found


def merged(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the names of both, each once, in an order that is that of each."""
    found: dict[str, None] = {}
    for _, begin, end, start, stop in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        found.update(dict.fromkeys((*one[begin:end], *other[start:stop])))
    return list(found)


# -- lines


class Mark(StrEnum):
    """What has become of a line."""

    SAME = "same"
    NUMBERS = "numbers"  # differs in numbers and ids alone
    CHANGED = "changed"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class LinePair:
    """One line in both conversations; at least one is there."""

    step: str
    then: Line | None
    now: Line | None

    @property
    def mark(self) -> Mark:
        """Return what has become of it."""
        if self.then is None:
            return Mark.NEW
        if self.now is None:
            return Mark.GONE
        if self.then.text == self.now.text:
            return Mark.SAME
        return Mark.NUMBERS if _shape(self.then) == _shape(self.now) else Mark.CHANGED


def pair_lines(then: Sequence[Line], now: Sequence[Line]) -> Iterator[LinePair]:
    """Yield the lines of both conversations, those that answer to each other together."""
    before, after = _by_step(then), _by_step(now)
    for step in merged(list(before), list(after)):
        yield from _pairs(step, before.get(step, []), after.get(step, []))


def _by_step(lines: Sequence[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.step, []).append(line)
    return found


def _shape(line: Line) -> tuple[bool, str]:
    """Return who spoke and what, without numbers and ids."""
    code = CODE.match(line.text)
    begin = code.end() if code else 0
    return line.ours, line.text[:begin] + NUMBERED.sub("0", line.text[begin:])


def _pairs(step: str, then: list[Line], now: list[Line]) -> Iterator[LinePair]:
    matcher = SequenceMatcher(None, [_shape(line) for line in then], [_shape(line) for line in now], autojunk=False)
    for _, begin, end, start, stop in matcher.get_opcodes():
        for one, other in zip_longest(then[begin:end], now[start:stop]):
            if one is not None and other is not None and one.ours is not other.ours:  # a question and an answer are no pair
                yield from (LinePair(step, one, None), LinePair(step, None, other))
            else:
                yield LinePair(step, one, other)
