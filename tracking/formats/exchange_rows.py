"""Exchange's rows into events: `exchange_raw` with its columns named, each row's own facts worked out once, then one event per recipient.

Who names whom: `own` of exchange_events says whose stay a row tells of. Links: a SEND claims what the next server's reply names, RECEIVE
from a store names the store's event (as NOTIFYMAPI and SUBMIT do), a fork names the id it came from. RESOLVE and EXPAND log the new
address and relate the old one; REDIRECT logs the old one and relates the new: here the new one is always the recipient. Stamps from before
1990 or after 2100 are damage: such a line stays unparsed. DuckDB alone has: TRY_CAST to TIMESTAMPTZ, regexp_extract, to_json, parallel
unnest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.formats import replies
from tracking.formats.exchange_columns import selected
from tracking.formats.exchange_events import known_events
from tracking.formats.exchange_extra import EXTRA
from tracking.formats.exchange_recipients import MANY, SEVERAL, several, single

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MILLISECOND = 0.001
UTC_STAMP = """coalesce(try_cast(stamp as timestamptz)::timestamp, case when contains(stamp, ':60')
    then try_cast(replace(stamp, ':60', ':59') as timestamptz)::timestamp + interval 1 second end)"""  # a leap second is the next one


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows of one format are read."""

    names: tuple[str, ...]  # of the columns of `exchange_raw`, as the file has them
    program: str | None = None
    time: str = UTC_STAMP  # SQL over `stamp`: TIMESTAMP in UTC, NULL = not readable
    uncertainty: str = str(MILLISECOND)  # SQL: seconds
    replaced: str = ""  # SQL: columns of the row in other words (`expression as name, ..`)
    absent: str = ""  # what the format writes for no value


_NUMERIC = "try_cast({} as hugeint) > 0"
_FORKED = "('TRANSFER', 'RESUBMIT', 'RECEIVE', 'EXPAND', 'REDIRECT')"
_REPLY = "regexp_extract(context, '^[^;]*;([245][0-9][0-9][ -].*?)(?:;ClientSubmitTime:.*)?$', 1)"
_GUID = (
    "case when length(network_id) = 32 then concat_ws('-', network_id[1:8], network_id[9:12], network_id[13:16], network_id[17:20], "
    "network_id[21:32]) else network_id end"
)
_LAST = "info[length(info) - strpos(reverse(info), ';') + 2:]"  # the local server's block of the latency tree
_TOTAL = f"nullif(regexp_extract({_LAST}, '^L?SRV=[^|:]*:([^|:]*)', 1), '')"  # anchored: its end is not looked at, and it is long
_SAID = r"""case when regexp_matches(status, '^[2-5][0-9][0-9][ -]') then status
    when contains(status, '{LED=') then nullif(regexp_extract(status, '\{LED=([^}]*)', 1), '') end"""
_CONTEXT_SAYS = "('fail', 'defer', 'discard', 'poison', 'reject')"

_LEFT = "(meaning in ('send', 'submit') or (meaning in ('fail', 'defer') and client_host is not null))"
_PARTNER = """case when time_of_day is null then server_host
    when upper(partner) not in ('SMTP', 'STORE', 'X400', 'MAPI', 'IMAP4', 'POP3') then partner end"""  # 2003: a service, or the next server
_RECIPIENTS = """case when meaning = 'redirect' and related is not null then related
    when meaning = 'expand' then coalesce(recipients, related) else nullif(trim(recipients, '; '), '') end"""
_RELATED = """case when meaning = 'redirect' and related is not null then recipients
    when meaning = 'expand' and recipients is null then null else related end"""
# facts of the row, worked out once however many recipients it has
_FACTS = f"""select *,
    lower(rtrim(coalesce(case own when 'client' then coalesce(client_host, server_host) else coalesce(server_host, client_host) end,
        case when contains(connector, '\\') then split_part(connector, '\\', 1) end), '.')) as owner,
    case when {_NUMERIC.format("internal_id")} then internal_id end as stay,
    case when meaning = 'send' then nullif({_REPLY}, '') end as reply,
    case when starts_with(context, 'MDB:') then nullif(regexp_replace(context,
        '^.*Mailbox:([0-9A-Fa-f-]+), Event:([0-9]+),.*$', 'mapi:\\1:\\2'), context) end as mapi,
    case when contains(info, 'SRV=') then {_TOTAL} end as delays,
    {EXTRA} as extra"""

# column of schema.PARSED -> SQL over one event
_EVENT = {
    "n": "n",
    "part": "part",
    "server": "owner",
    "software": "'exchange'",
    "time": "time",
    "uncertainty_seconds": "uncertainty",
    "event": "meaning",
    "original": "event",
    "begins": "nullif(starts and not (event = 'RECEIVE' and server_host is null), false)",  # an agent adding a recipient begins nothing
    "client_ip": "client_ip",
    "client_host": "client_host",
    "server_ip": "server_ip",
    "server_host": "server_host",
    "source_context": f"case when part = 0 or recipients_here <= {MANY} then context end",
    "connector": "connector",
    "source": "source",
    "internal_message_id": "stay",
    "message_id": "coalesce(message_id, case when stay is null and contains(internal_id, '@') then internal_id end)",
    "recipient": "nullif(trim(recipient, '<> '), '')",
    "status": "status",
    "bytes": "try_cast(bytes as bigint)",
    "recipient_count": "try_cast(count as integer)",
    "related_recipient": "related",
    "reference": "reference",
    "subject": "subject",
    "sender": "trim(coalesce(return_path, sender_address), '<> ')",
    "return_path": "return_path",
    "message_info": f"case when part = 0 or recipients_here <= {MANY} then info end",
    "directionality": "directionality",
    "tenant_id": "tenant_id",
    "original_client_ip": "original_client_ip",
    "original_server_ip": "original_server_ip",
    "network_id": "lower(network)",
    "known_as": "case when meaning in ('submit', 'defer', 'fail') then mapi end",
    "link_rule": f"""case when reply is not null then reply_rule
        when meaning = 'receive' and mapi is not null then 'mapi-event'
        when event in {_FORKED} and {_NUMERIC.format("reference")} and reference is distinct from stay then 'fork'
        when meaning = 'dsn' and starts_with(reference, '<') then 'notification' end""",
    "link_id": f"""case when reply is not null then {replies.claimed("reply")}
        when meaning = 'receive' and mapi is not null then mapi
        when event in {_FORKED} and {_NUMERIC.format("reference")} and reference is distinct from stay then reference
        when meaning = 'dsn' and starts_with(reference, '<') then reference end""",
    "link_host": f"""case when reply is not null then {replies.host("reply")}
        when meaning = 'receive' and mapi is not null then lower(client_host) end""",
    "link_way": f"""case when reply is not null then case when reply_rule is not null then 'out' end
        when (meaning = 'receive' and mapi is not null) or (meaning = 'dsn' and starts_with(reference, '<'))
            or (event in {_FORKED} and {_NUMERIC.format("reference")} and reference is distinct from stay) then 'in' end""",
    "next_host": f"lower(case when meaning = 'deliver' then 'local' when {_LEFT} then {_PARTNER} end)",
    "next_ip": f"case when {_LEFT} and time_of_day is null then server_ip end",
    "said": f"left(coalesce(reply, {_SAID}, case when meaning in {_CONTEXT_SAYS} then context end), 1000)",
    "delay_seconds": "try_cast(split_part(delays, '=', 2) as double)",
    "delays": "delays",
    "mailbox": f"case when event = 'DELIVER' and ({_SAID}) is null then status end",
    "extra": f"""case when (part = 0 or recipients_here <= {MANY}) and (extra <> '' or shared)
        then '{{' || concat_ws(',', nullif(extra, ''), case when shared then '"status_shared":true' end) || '}}' end""",
}


def _facts(reading: Reading, named: str, which: str) -> str:
    """Return SQL: the rows of `exchange_raw` that fit a condition, with all that is worked out once a row."""
    whole = f" replace ({reading.replaced})" if reading.replaced else ""
    rows = f"select * from (select *{whole} from (select n, damaged, {named} from exchange_raw)) where {which}"  # noqa: S608
    return f"""select *, {replies.rule("reply")} as reply_rule from ({_FACTS}
        from (select * replace ({_RECIPIENTS} as recipients, {_RELATED} as related, trim(statuses, '; ') as statuses)
        from (select * replace (coalesce(meaning, 'other') as meaning, coalesce(own, 'server') as own),
                {reading.time} as time, {reading.uncertainty} as uncertainty, {_GUID} as network
            from ({rows}) left join {known_events()} on kind = event)
        where event is not null and time between timestamp '1990-01-01' and timestamp '2100-01-01'))"""  # noqa: S608 names come from tables here


def tell(con: DuckDBPyConnection, reading: Reading) -> None:
    """Insert the events of `exchange_raw` into `parsed`."""
    named, strange = selected(reading.names, reading.absent)
    columns, values = ", ".join([*_EVENT, "program"]), ", ".join([*_EVENT.values(), "?::varchar"])
    for explode, which in ((single, f"not coalesce({SEVERAL}, false)"), (several, SEVERAL)):
        events = explode(_facts(reading, named, which))
        con.execute(f"insert into parsed ({columns}) select {values} from ({events})", [reading.program, *strange])  # noqa: S608
