"""A mail program's lines in a syslog file, read by a table of rules: which lines a rule is for, one anchored expression, what it tells.

The rule that is first in the table takes a line; one that does not fit the expression of its rule, or that no rule takes, is unparsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

# An address may be quoted, and then hold `>` and whatever looks like the next field (FORMATS 13): skip the quoted part as a whole.
ADDRESS = r'(?:[^">]|"(?:[^"\\]|\\.)*")*'
_HEAD = "n, time, uncertainty, server, instance, program, tag, severity"
PLAIN = f"select {_HEAD}, null::varchar as id, rest as text from heads where software = {{}}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of line. Its expression names its groups; columns are SQL over them and over the columns of the lines."""

    kind: str  # short, unique in its program
    where: str  # SQL over the lines
    pattern: str = ""  # RE2, over the whole text; "" = these lines are noise of kind `SOFTWARE/KIND`
    event: str = ""  # SQL; a plain word is quoted by `word`
    columns: Mapping[str, str] = field(default_factory=dict)  # column -> SQL
    fallbacks: tuple[str, ...] = ()  # further expressions with the same groups in the same order, for what those before did not fit
    within: tuple[Mapping[str, str], ...] = ()  # names for SQL that `columns` use, layer over layer; an unnest makes several events


def word(text: str) -> str:
    """Return SQL: the text."""
    return "'" + text.replace("'", "''") + "'"


def starts(*texts: str) -> str:
    """Return SQL: whether the text begins with one of these."""
    return "(" + " or ".join(f"starts_with(text, {word(text)})" for text in texts) + ")"


def of(*programs: str) -> str:
    """Return SQL: whether one of these programs wrote the line."""
    return f"program in ({', '.join(map(word, programs))})"


def some(*names: str) -> dict[str, str]:
    """Return columns that take the group of the same name, NULL when it is empty."""
    return {name: f"nullif({name}, '')" for name in names}


def found(text: str, pattern: str) -> str:
    """Return SQL: the first group where a pattern fits a part of an expression; NULL where it does not."""
    return f"nullif(regexp_extract({text}, {word(pattern)}, 1), '')"


@dataclass(frozen=True, slots=True)
class Program:
    """A software: how its lines are had from `heads`, and its rules."""

    software: str
    rules: tuple[Rule, ...]
    lines: str = ""  # SQL with the columns of PLAIN; "" = PLAIN

    def parse(self, con: DuckDBPyConnection, context: Context) -> None:  # noqa: ARG002 what a parser is; the head has told all
        """Turn this software's lines of `heads` into events and noise."""
        con.execute(self._gate())
        con.execute("insert into noise select n, kind from program_lines where contains(kind, '/')")
        count = "select kind, count(*) from program_lines where kind is not null and not contains(kind, '/') group by kind"
        counts = dict(con.execute(count).fetchall())
        for rule in self.rules:
            if counts.get(rule.kind):
                self._insert(con, rule, counts[rule.kind])

    def _gate(self) -> str:
        arms = " ".join(
            f"when {rule.where} then {word(rule.kind if rule.pattern else f'{self.software}/{rule.kind}')}" for rule in self.rules
        )
        lines = self.lines or PLAIN.format(word(self.software))
        return f"create or replace temp table program_lines as select *, case {arms} end as kind from ({lines})"

    def _insert(self, con: DuckDBPyConnection, rule: Rule, count: int) -> None:
        left = count
        for at, pattern in enumerate((rule.pattern, *rule.fallbacks)):
            con.execute(_statement(rule, pattern, " and n not in (select n from parsed)" if at else ""))
            left -= (con.execute("select count(*) from program_found where whole <> ''").fetchone() or (0,))[0]
            con.execute(_events(self.software, rule))
            if not left:
                break


def _statement(rule: Rule, pattern: str, left: str) -> str:
    """Materialised, or the filter on what fits would match every line twice."""
    names = ", ".join(word(name) for name in ("whole", *re.findall(r"\(\?P<(\w+)>", rule.pattern)))
    plain = re.sub(r"\?P<\w+>", "", pattern)
    groups = f"unnest(regexp_extract(text, {word(f'^({plain})$')}, [{names}]))"
    return f"create or replace temp table program_found as select *, {groups} from program_lines where kind = {word(rule.kind)}{left}"


def _events(software: str, rule: Rule) -> str:
    rows = "select * from program_found where whole <> ''"
    for layer in rule.within:
        rows = f"select *, {', '.join(f'{sql} as {name}' for name, sql in layer.items())} from ({rows})"
    own = {"n": "n", "part": "0", "server": "server", "software": word(software), "instance": "instance", "program": "program"}
    stamp = {"time": "time", "uncertainty_seconds": "uncertainty", "internal_message_id": "id"}
    columns = {**own, **stamp, "event": rule.event, **rule.columns}
    return f"insert into parsed ({', '.join(columns)}) select {', '.join(columns.values())} from ({rows})"
