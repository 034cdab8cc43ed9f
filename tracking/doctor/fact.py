"""What a fact is: a question to the lines that were looked at, and what is said where the answer is that something is missing. Pure.

A question counts, per server, the lines that could have it (`could`) and those of them that lack it (`lacks`), with one that does. It reads
`events` (columns of schema.PARSED, with `w`, the window, and `line`, the text) and `lines` (`w`, `n`, `line`, `state`). What it must not do
is guess: a fact that was seen once on a line is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tracking.doctor.values import Finding, Weight

Commands = Mapping[str, tuple[str, ...]]  # which generation of the software (`GENERATIONS`) -> its commands; "" = any other
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?")
ALL = 1.0
ORDER = "w * 10000000000 + n"  # of lines, over all windows


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a source may lack."""

    name: str
    weight: Weight
    question: str  # SQL: rows of (server, could, lacks, example)
    says: str  # {lacks} and {could} are the counts
    commands: Commands
    least: int = 3  # with fewer that lack it nothing is said
    share: float = ALL  # of those that could have it, how many must lack it
    format: str = ""  # of the file; "" = any


def asked(could: str, lacks: str, *, of: str = "events", counted: str = "*", each_server: bool = True) -> str:
    """Return the question that counts rows of `of` which fulfil `could`, and those of them that fulfil `lacks`."""
    server = "coalesce(server, '')" if each_server else "''"
    distinct = "" if counted == "*" else "distinct "
    return f"""
select {server} as server, count({distinct}{counted}) as could, count({distinct}{counted}) filter (where {lacks}) as lacks,
       min_by(line, {ORDER}) filter (where {lacks}) as example
from {of} where {could} group by 1 order by 1"""  # noqa: S608 our own words


def finding(fact: Fact, answer: tuple[str, int, int, str | None], generation: str) -> Finding | None:
    """Return what an answer means; None where nothing is missing."""
    server, could, lacks, example = answer
    if lacks < fact.least or lacks < fact.share * could:
        return None
    commands = fact.commands.get(generation, fact.commands.get("", ()))
    said = fact.says.format(lacks=f"{lacks:,}", could=f"{could:,}")
    return Finding(fact.name, fact.weight, said, filled(commands, "NAME", server), server, example or "")


def filled(commands: tuple[str, ...], word: str, name: str) -> tuple[str, ...]:
    """Put a server's name into commands. One that is no plain host name stays out: a log is no place to take commands from."""
    return tuple(re.sub(rf"\b{word}\b", name, one) for one in commands) if _NAME.fullmatch(name) else commands
