"""What the Oracle (Sun, iPlanet) Messaging Server's rows mean: `oracle_rows` into `parsed` (FORMATS 7). A table of its action codes.

A stay is named by the envelope id, which a message keeps through all channels of a host, else by its queue file, whose name changes only in
what stands around the unique part; else only the Message-ID ties its lines. The address of a mailbox here (`bob@ims-ms-daemon`) is told
as the mailbox, and with the domain of the address before it.
"""

from __future__ import annotations

from tracking.formats import replies
from tracking.formats.exim_kind import ENHANCED
from tracking.formats.postfix_rule import word

EVENTS = {  # first letter of the action -> event
    "E": "receive",
    "D": "send",
    "Q": "defer",
    "Z": "defer",
    "R": "fail",
    "K": "discard",
    "J": "reject",
    "V": "other",
    "W": "other",
    "B": "error",
    "O": "connect",
    "C": "disconnect",
    "X": "reject",
    "Y": "error",
    "U": "login",
    "I": "other",
}
_INSIDE = (  # channels that hand on to another channel of the same host
    *("process", "reprocess", "conversion", "defragment", "bitbucket", "filter_discard", "hold", "script", "mailserv", "autoreply"),
)
_STORES = ("ims-ms", "ims-ms-daemon", "native", "local_store", "tcp_lmtpcs", "sms")
_BLOCK = 1024  # bytes: the size is in these, rounded up


def _in(value: str, names: tuple[str, ...]) -> str:
    return f"coalesce({value} in ({', '.join(map(word, names))}), false)"


def _plain(address: str) -> str:
    return rf"regexp_replace(case when {address} = '<>' then '' else {address} end, '^(?i:rfc822;)', '')"


_STAMP = "coalesce(try_strptime(left(stamp, 23), '%d-%b-%Y %H:%M:%S.%f'), try_cast(replace(stamp, 'Z', '') as timestamp))"
CUT = (
    f"""create or replace temp table timed as
        select n, {_STAMP} as local, null::timestamp as time, 0.01::float as uncertainty from oracle_rows where {_STAMP} is not null""",
    "create or replace temp table times (stamp VARCHAR, local TIMESTAMP, time TIMESTAMP)",
    "create or replace temp table cut as select n, stamp, false as iso, coalesce(no, '') as who, '' as rest from oracle_rows",
)
SPAN = "select min(local)::date, max(local)::date from timed"
_FILE = r"regexp_extract(fi, '([^/.]+)(?:\.[^/]*)?$', 1)"
_LAYERS: tuple[dict[str, str], ...] = (
    {
        "code": "ac[1]",
        "inside": _in("sc", _INSIDE),
        "stored": f"{_in('coalesce(dc, sc)', _STORES)} or ends_with(lower(de), '-daemon')",
        "file": rf"nullif(ltrim({_FILE}, 'Z'), '')",
        "original_to": _plain("od"),
        "current": _plain("de"),
        "sender": f"coalesce({_plain('so')}, '')",
        "ips": r"regexp_extract(coalesce(tr, di, ''), 'TCP\|([^|\s]*)\|\d*\|([^|\s]*)\|\d*', ['here', 'there'])",
        "peer": r"lower(nullif(regexp_extract(coalesce(di, ''), '^(?:dns;)?([\w.-]+) \((?:TCP\||\[|[\w.-]+ )', 1), ''))",
        "asked": r"lower(nullif(regexp_extract(coalesce(ss, ''), '^(?:dns;)?([\w.-]+)', 1), ''))",
        "said": r"nullif(regexp_replace(coalesce(re, di), '^.*?(?:smtp|x-lmtp|lmtp);', ''), '')",
    },
    {
        "recipient": "case when contains(current, '@') and ends_with(lower(current), '-daemon') and contains(original_to, '@') "
        "then split_part(current, '@', 1) || '@' || split_part(original_to, '@', -1) else current end",
        "rule": f"case when code = 'D' and not stored and not inside then {replies.rule('said')} end",
    },
)
_ARMS = " ".join(f"when {word(code)} then {word(event)}" for code, event in EVENTS.items() if code not in {"E", "D", "U"})
_REFUSED = "fail|error|bad|invalid|denied"
_EVENT = f"""
case code when 'E' then case when inside then 'other' else 'receive' end
          when 'D' then case when inside then 'other' when stored then 'deliver' else 'send' end
          when 'U' then case when regexp_matches(lower(coalesce(mi, di, '')), '{_REFUSED}') then 'login-failed' else 'login' end
          {_ARMS} end
"""
_HOST = f"coalesce({replies.host('said')}, peer, nullif(ips.there, ''))"
_COLUMNS = {
    "n": "n", "part": "0", "server": "coalesce(nullif($server, ''), lower(rtrim(no, '.')))", "software": "'oracle'",
    "program": "case when element = 'en' and code in ('E', 'J', 'V') then sc else coalesce(dc, sc) end",
    "time": "time", "uncertainty_seconds": "uncertainty", "event": _EVENT, "original": "ac",
    "begins": "case when code = 'E' and not inside then true end",
    "client_ip": "case when code in ('E', 'J', 'V', 'O', 'C', 'X', 'U', 'B') and coalesce(dr, '+') = '+' then nullif(ips.there, '') end",
    "client_host": "case when code in ('E', 'J', 'V') then coalesce(asked, peer) end",
    "server_ip": "case when code in ('E', 'J', 'V', 'O', 'C', 'X', 'U', 'B') then nullif(ips.here, '') end",
    "connector": "concat_ws('/', sc, dc)", "source": "ap",
    "internal_message_id": "case when element = 'en' then coalesce(ei, file) end",
    "message_id": "case when element = 'en' then mi end",
    "recipient": "case when element = 'en' then recipient end",
    "related_recipient": "case when element = 'en' and lower(original_to) <> lower(recipient) then original_to end",
    "sender": "case when element = 'en' then sender end",
    "bytes": f"try_cast(nullif(sz, '0') as bigint) * {_BLOCK}",
    "status": f"nullif(regexp_extract(said, {word(ENHANCED)}, 1), '')",
    "mailbox": "case when stored and current <> recipient then current end",
    "next_host": "case when code in ('D', 'Q', 'Z', 'R') then case when inside then null when stored then 'local' else peer end end",
    "next_ip": "case when code in ('D', 'Q', 'Z', 'R') and not inside and not stored then nullif(ips.there, '') end",
    "said": "left(coalesce(said, case when code = 'U' then mi end), 1000)", "delay_seconds": "try_cast(qt as double)",
    "user_name": "us", "reference": "fi",
    "link_rule": "rule", "link_id": f"case when rule is not null then {replies.claimed('said')} end",
    "link_way": "case when rule is not null then 'out' end", "link_host": f"case when rule is not null then {_HOST} end",
}  # fmt: skip


def _rows() -> str:
    rows = "select * from oracle_rows join timed using (n) where element in ('en', 'co') and ac is not null"
    for layer in _LAYERS:
        rows = f"select *, {', '.join(f'{sql} as {name}' for name, sql in layer.items())} from ({rows})"
    return rows


INSERT = f"""
insert into parsed ({", ".join(_COLUMNS)})
with rows as materialized ({_rows()}) select {", ".join(_COLUMNS.values())} from rows where ({_EVENT}) is not null
"""
NOISE = "insert into noise select n, 'oracle/header' from oracle_rows where element = 'he' and n in (select n from timed)"
