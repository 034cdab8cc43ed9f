"""Any log of lines, read by the user's own regular expression (`generic_plan`). Never recognised by itself: it is asked for by name.

Groups become columns of their type; what does not fit the type is NULL. Addresses lose their brackets, a Message-ID gets them. A reply in
`said` ties to the next server as everywhere. A line that the expression does not fit, or that has no readable time, is unparsed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracking.formats import replies, syslog_fold
from tracking.formats.generic_plan import TYPES, plan
from tracking.formats.postfix_rule import word
from tracking.values import CANONICAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context
    from tracking.formats.generic_plan import Plan

_ADDRESSES = ("sender", "recipient", "related_recipient", "return_path")
_HOSTS = ("server", "next_host", "link_host", "client_host", "server_host")
_ZONED = r"regexp_matches({0}, '\d(?:Z|[+-]\d\d(?::?\d\d)?)$')"
_UTC = f"""
case when regexp_full_match({{0}}, '\\d{{{{9,11}}}}(\\.\\d+)?') then make_timestamp(({{0}}::double * 1e6)::bigint)
     when {_ZONED} then try_cast({{0}} as timestamptz) at time zone 'UTC' end
"""
_RESOLUTION = r"case when {0} like '%._%' then power(10, -least(length(regexp_extract({0}, '\.(\d+)', 1)), 6)) else 1 end"
_BLANK = "insert into noise select n, 'blank' from landed where line = ''"
_PLACED = (
    "create or replace temp table times (stamp VARCHAR, local TIMESTAMP, time TIMESTAMP)",
    """create or replace temp table timed as
       select n, local, null::timestamp as time, uncertainty from generic_stamps where utc is null and local is not null""",
    "create or replace temp table cut as select n, stamp, false as iso, '' as who, '' as rest from generic_stamps",
)
_SPAN = "select min(local)::date, max(local)::date from timed"


def _value(name: str, told: Plan) -> str | None:
    if name in told.constants:
        text = word(told.constants[name])
    elif name in told.groups:
        text = f"nullif(rows.{name}, '')"
    else:
        return None
    if name in _ADDRESSES:
        text = f"case when {text} = '<>' then '' else regexp_replace({text}, '^<(.*)>$', '\\1') end"
    elif name in _HOSTS:
        text = f"lower(rtrim({text}, '.'))"
    elif name == "message_id":
        text = f"case when starts_with({text}, '<') then {text} else '<' || {text} || '>' end"
    return text if TYPES[name] == "VARCHAR" else f"try_cast({text} as {TYPES[name]})"


def _event(told: Plan) -> str:
    arms = " ".join(f"when {word(said)} then {word(event)}" for said, event in told.events.items())
    mapped = f"case rows.original {arms} end" if arms and "original" in told.groups else "null"
    own = _value("event", told) or "null"
    return f"coalesce({mapped}, case when {own} in ({', '.join(map(word, CANONICAL))}) then {own} end, 'other')"


def _links(told: Plan, columns: dict[str, str]) -> dict[str, str]:
    if "link_id" in columns:
        defaults = {"link_rule": "'queued-as'", "link_way": "'out'"}
        return {name: f"case when {columns['link_id']} is not null then {sql} end" for name, sql in defaults.items() if name not in columns}
    if "said" not in told.groups:
        return {}
    host = columns.get("link_host") or columns.get("next_host") or "null"
    rule = replies.rule("rows.said")
    given = {"link_id": replies.claimed("rows.said"), "link_way": "'out'", "link_host": f"coalesce({replies.host('rows.said')}, {host})"}
    return {"link_rule": rule} | {name: f"case when {rule} is not null then {sql} end" for name, sql in given.items()}


def _columns(told: Plan) -> dict[str, str]:
    own = {
        "n": "rows.n",
        "part": "0",
        "software": "'generic'",
        "time": "coalesce(utc, local_time)",
        "uncertainty_seconds": "coalesce(last_wide, first_wide)",
    }
    columns = {name: sql for name in TYPES if name not in {"time", "event"} and (sql := _value(name, told))}
    server = f"coalesce(nullif($server, ''), {columns.get('server', 'null')})"
    return own | columns | _links(told, columns) | {"server": server, "event": _event(told)}


def _cut(told: Plan) -> str:
    names = ", ".join(word(name) for name in ("whole", *told.groups))
    return f"""create or replace temp table generic_rows as
        select * from (select n, unnest(regexp_extract(line, {word(f"({told.pattern})")}, [{names}])) from landed) where whole <> ''"""


def _stamps(told: Plan) -> str:
    if told.stamp:
        read = f"try_strptime(time, {word(told.stamp)})"
        utc = f"{read} at time zone 'UTC'" if "%z" in told.stamp else "null::timestamp"
        local, wide = "null::timestamp" if "%z" in told.stamp else read, "0.001" if "%f" in told.stamp or "%g" in told.stamp else "1"
    else:
        utc, local = _UTC.format("time"), f"case when not {_ZONED.format('time')} then try_cast(time as timestamp) end"
        wide = _RESOLUTION.format("time")
    return f"""create or replace temp table generic_stamps as
        select n, time as stamp, {utc} as utc, {local} as local, ({wide})::float as uncertainty from generic_rows"""


def _run(con: DuckDBPyConnection, statement: str, what: str) -> None:
    import duckdb  # noqa: PLC0415 - the names of formats are asked for where DuckDB must not be loaded

    try:
        con.execute(statement)
    except duckdb.Error as error:
        why = str(error).splitlines()[0].partition(": ")[2].removeprefix("Pattern failed to parse: ")
        raise ValueError(f"{what} cannot be read: {why}") from None


def _time(con: DuckDBPyConnection, context: Context) -> dict[str, object]:
    for statement in _PLACED:
        con.execute(statement)
    first, last = con.execute(_SPAN).fetchone() or (None, None)
    return syslog_fold.place(con, context, [first, last]) if first else {}


def _check(con: DuckDBPyConnection, context: Context) -> None:
    """Refuse a file none of whose first lines fits: that is an expression for other lines, or a wrong form of the time."""
    readable = "select count(*), count(coalesce(utc, local)), min(stamp) from generic_stamps"
    lines = "select count(*), min_by(line, n) from landed where line <> ''"
    (fitting, timely, stamp), (count, first) = (con.execute(query).fetchone() or () for query in (readable, lines))
    if context.carry or not count or timely:
        return
    if fitting:
        raise ValueError(f"no time of {context.file} can be read: the first is `{stamp[:100]}`; say how it is written with `time: ...`")
    raise ValueError(f"the expression fits none of the first {count} lines of {context.file}: the first is `{first[:100]}`")


class Generic:
    """The format of the user's own expression."""

    name = "generic"
    about = "any log of lines, by a regular expression with named groups (options)"

    def recognises(self, head: Sequence[str]) -> bool:  # noqa: ARG002 - nothing tells it
        """Return no: it is asked for by name."""
        return False

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return the fold in which the batch ended, as JSON. Raises ValueError."""
        told = plan(context.options)
        con.execute(_BLANK)
        _run(con, f"select regexp_matches('', {word(told.expression)})", "the expression")
        con.execute(_cut(told))
        _run(con, _stamps(told), f"`time: {told.stamp}`")
        _check(con, context)
        carried = _time(con, context)
        columns = _columns(told)
        con.execute(
            f"""insert into parsed ({", ".join(columns)})
                select {", ".join(columns.values())} from generic_rows as rows
                join (select n, utc, uncertainty as first_wide from generic_stamps) using (n)
                left join (select n, time as local_time, uncertainty as last_wide from timed) as timed using (n)
                where coalesce(utc, local_time) is not null""",
            {"server": context.server.lower().rstrip(".")},
        )
        return json.dumps({"fits": True} | carried)
