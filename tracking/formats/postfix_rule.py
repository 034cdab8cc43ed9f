"""What a rule of Postfix's lines is: which lines it is for, one anchored expression, and what its groups mean as columns of an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENTS = ("smtp", "lmtp", "local", "virtual", "pipe", "error", "retry", "discard", "relay")  # what delivers; services have further names
ANY = ()

# An address may be quoted, and then hold `>` and whatever looks like the next field (FORMATS 13): skip the quoted part as a whole.
ADDRESS = r'(?:[^">]|"(?:[^"\\]|\\.)*")*'
PEER = r"(?P<host>[^\s\[]*)\[(?P<ip>[^\]]+)\](?::\d+)?"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of line. `pattern` names its groups; a line that it does not fit is unparsed."""

    kind: str  # short, unique
    programs: tuple[str, ...]  # empty = any
    starts: tuple[str, ...]  # the text behind the queue id begins with one of these
    pattern: str  # RE2, over the whole text; "" = these lines are noise of kind `postfix/KIND`
    event: str = ""  # SQL; a plain word is quoted by `word`
    columns: Mapping[str, str] = field(default_factory=dict)  # column -> SQL over the groups and over the columns of `postfix_lines`
    fallbacks: tuple[str, ...] = ()  # further patterns with the same groups in the same order, each for what those before it did not fit
    within: tuple[Mapping[str, str], ...] = ()  # names for SQL that `columns` use, layer over layer
    severe: bool = False  # only lines with a severity word


def word(text: str) -> str:
    """Return SQL: the text."""
    return "'" + text.replace("'", "''") + "'"


def some(*names: str) -> dict[str, str]:
    """Return columns that take the group of the same name, NULL when it is empty."""
    return {name: f"nullif({name}, '')" for name in names}


def noise(kind: str, programs: tuple[str, ...], *starts: str) -> Rule:
    """Return the rule of lines that say nothing about mail: counted, nothing more. An empty start is any text."""
    return Rule(kind, programs, starts, "")
