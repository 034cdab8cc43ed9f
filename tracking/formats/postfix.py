"""Postfix's lines, 2.x to 3.11, as the head parser of syslog files hands them on: SQL made from the tables of rules (FORMATS 3.2 to 3.4).

Each line gets its kind from its program and the first words behind its queue id; a kind's one anchored expression runs on its lines alone.
A line with a severity that no rule knows is an `error`; any other that no rule knows, or whose rule it does not fit, is unparsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.formats import postfix_entrance, postfix_exit
from tracking.formats.postfix_ids import ID
from tracking.formats.postfix_quick import QUICK, Quick
from tracking.formats.postfix_rule import AGENTS, ANY, Rule, noise, word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_SILENT = (  # daemons whose lines without severity tell of themselves alone
    *(
        "anvil",
        "scache",
        "tlsproxy",
        "tlsmgr",
        "proxymap",
        "proxywrite",
        "dnsblog",
        "postfix-script",
        "master",
        "trivial-rewrite",
        "verify",
    ),
    *("flush", "showq", "postlog", "postlogd", "postqueue", "postsuper", "postfix", "postmulti", "postalias", "postmap", "postconf"),
    *("postdrop", "sendmail", "qmqpd", "spawn", "postcat", "postkick", "postlock", "aliasesdb", "postfix-wrapper", "postfix-tls-script"),
)
_DAEMONS = ("smtpd", "cleanup", "qmgr", "nqmgr", "oqmgr", "pickup", "bounce", "defer", "trace", "postscreen", *AGENTS)
PROGRAMS = (*_DAEMONS, *_SILENT)
_SELF = (  # what any daemon says of itself
    *("daemon started", "terminating on signal", "reload ", "refreshing ", "table ", "statistics: ", "using backwards-compatible default "),
    *(
        "setting up TLS connection",
        "initializing the ",
        "discarding EHLO keywords: ",
        "deliverability ",
        "starting TLS engine",
        "idle timeout",
    ),
    *(
        "Postfix is running with ",
        "See http",
        "To disable backwards",
        "To get rid of ",
        "auto_clnt",
        "name_mask: ",
        "connect to subsystem ",
    ),
)
_WARNED = ("hostname ", "numeric hostname", "dict_", "dnsblog", "DNSBL", "Connection rate limit", "Connection concurrency limit")
ERROR = Rule("error", ANY, ("",), r"(?P<said>.*)", word("error"), {"said": "left(said, 1000)", "original": "severity"}, severe=True)
RULES: tuple[Rule, ...] = (
    *postfix_exit.RULES,
    *postfix_entrance.RULES,
    Rule("name", ("smtpd", "postscreen"), _WARNED[:2], "", severe=True),  # a client whose name and address disagree
    ERROR,
    noise("daemon", ANY, *_SELF),
    noise("daemon", _SILENT, ""),
)


def _begins(rule: Rule) -> str:
    starts = [f"starts_with(text, {word(start)})" for start in rule.starts if start]
    gates = [f"({' or '.join(starts)})"] if starts else []
    if rule.severe:
        gates.append("severity is not null")
    elif not rule.pattern:
        gates.append("severity is null")
    if rule is postfix_entrance.SASL:
        gates.append("contains(text, ': SASL ')")
    return " and ".join(gates) or "true"


def _kind(rule: Rule) -> str:
    return word(rule.kind if rule.pattern else f"postfix/{rule.kind}")


def _arms(rules: Iterable[Rule]) -> str:
    return " ".join(f"when {_begins(rule)} then {_kind(rule)}" for rule in rules)


def _program(name: str) -> str:
    return f"when {word(name)} then case {_arms(rule for rule in RULES if rule.programs in (ANY, ()) or name in rule.programs)} end"


_ID = f"(?:{ID}|NOQUEUE)"
# Nearly all lines, known by their first words alone: no rule before these has words that begin so, but for lines with a severity.
_FREQUENT = (*(quick.rule for quick in QUICK), postfix_entrance.CONNECTED)


def _frequent(rule: Rule) -> str:
    programs = ", ".join(word(name) for name in rule.programs or AGENTS)
    return f"when {_begins(rule)} and program in ({programs}) then {_kind(rule)}"


_CUT = f"""
create or replace temp table postfix_cut as
select *, case when severity is null then case {" ".join(_frequent(rule) for rule in _FREQUENT)} end end as kind
from (
    select n, time, uncertainty, server, instance, program, tag, severity,
           case when named and not starts_with(rest, 'NOQUEUE:') then left(rest, ending - 1) end as id,
           case when named then substr(rest, ending + 2) else rest end as text
    from (
        select *, ending between 2 and 40 and regexp_full_match(left(rest, ending - 1), '{_ID}') as named
        from (select *, strpos(rest, ': ') as ending from heads where software = 'postfix')
    )
)
"""
_REST = """
create or replace temp table postfix_rest as
select * exclude (kind), case program {arms} end as kind from postfix_cut where kind is null
"""
_LINES = "create or replace temp view postfix_lines as from postfix_cut where kind is not null"
_ALL = f"{_LINES} union all from postfix_rest"
_NOISE = "insert into noise select n, kind from postfix_lines where contains(kind, '/')"
_OWN = {
    "n": "n", "part": "0", "server": "server", "software": "'postfix'", "instance": "instance", "program": "program", "time": "time",
    "uncertainty_seconds": "uncertainty", "internal_message_id": "id",
}  # fmt: skip
_LEFT = " and n not in (select n from parsed)"


def _columns(rule: Rule) -> dict[str, str]:
    return {**_OWN, "event": rule.event, **rule.columns}


def _layered(rule: Rule, rows: str) -> str:
    for layer in rule.within:
        rows = f"select *, {', '.join(f'{sql} as {name}' for name, sql in layer.items())} from ({rows})"
    return rows


def _found(rule: Rule, pattern: str, left: str) -> str:
    names = ", ".join(word(name) for name in ("whole", *re.findall(r"\(\?P<(\w+)>", rule.pattern)))
    plain = re.sub(r"\?P<\w+>", "", pattern)
    groups = f"unnest(regexp_extract(text, {word(f'^({plain})$')}, [{names}]))"
    return f"select *, {groups} from postfix_lines where kind = {word(rule.kind)}{left}"


def insert(rule: Rule, pattern: str, left: str = "") -> str:
    """Return the statement that makes events of a rule's lines that fit a pattern. Materialised, or the filter would match all twice."""
    columns, rows = _columns(rule), _layered(rule, "select * from found where whole <> ''")
    return f"""insert into parsed ({", ".join(columns)})
        with found as materialized ({_found(rule, pattern, left)}) select {", ".join(columns.values())} from ({rows})"""


def _quick(quick: Quick) -> str:
    lines = f"(select * exclude (kind) from postfix_lines where kind = {word(quick.rule.kind)})"
    empty = "".join(f", '' as {name}" for name in quick.empty)
    rows = _layered(quick.rule, f"select *{empty} from ({quick.rows.format(lines=lines)})")
    return f"select {', '.join(f'{sql} as {name}' for name, sql in _columns(quick.rule).items())} from ({rows})"


def ordinary(kinds: Iterable[str]) -> str:
    """Return the one statement that makes events of all ordinary lines of these kinds: a row of many columns is dear, an insert too."""
    rows = " union all by name ".join(_quick(quick) for quick in QUICK if quick.rule.kind in kinds)
    return f"insert into parsed by name {rows}"


STATEMENTS = {rule.kind: [insert(rule, pattern, _LEFT) for pattern in (rule.pattern, *rule.fallbacks)] for rule in RULES if rule.pattern}
_COUNT = "select kind, count(*) from postfix_lines where kind is not null and not contains(kind, '/'){left} group by kind"


def _inserted(con: DuckDBPyConnection, statement: str) -> int:
    return int((con.execute(statement).fetchone() or (0,))[0])


def _tell_kinds(con: DuckDBPyConnection) -> None:
    """Make `postfix_lines`, each with its kind. All rules at once take longer to plan than to run: only those of programs that occur."""
    con.execute(_CUT)
    left = {program for (program,) in con.execute("select distinct program from postfix_cut where kind is null").fetchall()}
    arms = " ".join(_program(name) for name in PROGRAMS if name in left)
    con.execute(_REST.format(arms=arms or "when '' then ''"))
    con.execute(_ALL if left else _LINES)


def parse(con: DuckDBPyConnection, context: Context) -> None:  # noqa: ARG001 what a parser is; the head has told all
    """Turn Postfix's lines of `heads` into events and noise."""
    _tell_kinds(con)
    con.execute(_NOISE)
    counts = dict(con.execute(_COUNT.format(left="")).fetchall())
    quick = {each.rule.kind for each in QUICK} & counts.keys()
    if quick and _inserted(con, ordinary(quick)) == sum(counts.values()):
        return
    for kind, count in con.execute(_COUNT.format(left=_LEFT)).fetchall():
        left = count
        for statement in STATEMENTS[kind]:
            left -= _inserted(con, statement)
            if not left:
                break
