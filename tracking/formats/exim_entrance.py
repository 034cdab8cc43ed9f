"""Exim's lines at its door: arrivals, rejections, failed logins (FORMATS 5). A table."""

from __future__ import annotations

from tracking.formats.exim_ids import arrived_sql
from tracking.formats.exim_kind import AT, ENHANCED, FROM, PEER, RAW, WORDS, Kind, bare, before, behind, cut, field_of, plain
from tracking.formats.postfix_rule import ADDRESS, word

_SHORT_ID = "regexp_matches(after, '^(?: [A-Z]\\S*)*$')"
_HEAD = cut("text", rf"^({RAW})({WORDS}*?) S=(\d+)(.*)$", "sender", "fields", "size", "after")
_SIZE = "split_part(rest, ' ', 1)"
_PLAIN_HEAD = f"""struct_pack(sender := {before("front", " ")}, fields := ' ' || {behind("front", " ")}, size := {_SIZE},
    after := substr(rest, length({_SIZE}) + 1))"""
_TAIL = cut(
    "head.after",
    rf'^()(?: [A-Z]\S*)*?(?: id\*?=(\S+))?(?: T="((?:[^"\\]|\\.)*)")?(?: from <{ADDRESS}>)?(?: for (.*))?$',
    *("whole", "id", "subject", "recipients"),
)
_ID_ALONE = "starts_with(head.after, ' id=') and not contains(substr(head.after, 2), ' ')"
_ONLY_ID = "struct_pack(whole := '', id := substr(head.after, 5), subject := '', recipients := '')"
ARRIVAL = Kind(
    "arrival",
    (
        {"front": before("text", " S="), "rest": behind("text", " S=")},
        {"head": f"case when {plain('front')} and contains(front, ' ') and rest <> '' then {_PLAIN_HEAD} else {_HEAD} end"},
        {
            "fields": bare("head.fields"),
            "after": "head.after",
            "peer": cut("head.fields", PEER, "host", "helo", "ip"),
            "tail": f"case when {_ID_ALONE} then {_ONLY_ID} else {_TAIL} end",
        },
        {
            "auth": field_of("A", "fields"),
            "known": "tail.id <> '' or tail.subject <> '' or tail.recipients <> ''",
            "told": "list_filter(string_split(tail.recipients, ' '), lambda one: one <> '')",
        },
        {
            "message": f"case when known then nullif(tail.id, '') when {_SHORT_ID} then null "
            "else nullif(regexp_extract(after, ' id\\*?=(.*)$', 1), '') end",
            "reported": "case when head.sender = '<>' then nullif(regexp_extract(fields, '^ R=(\\S+)', 1), '') end",
            "recipients": "case when len(told) > 0 then told else [null] end",
        },
        {"recipient": "unnest(recipients)", "part": "unnest(range(len(recipients))) * 2"},
    ),
    "'receive'",
    {
        **FROM,
        "part": "part",
        "original": "flag",
        "begins": "true",
        "arrived_at": arrived_sql("id", "time", "uncertainty"),
        "source": field_of("P", "fields"),
        "sender": "case when head.sender = '<>' then '' else head.sender end",
        "recipient": "recipient",
        "recipient_count": "nullif(len(told), 0)",
        "bytes": "try_cast(head.size as bigint)",
        "message_id": "case when message is null or starts_with(message, '<') then message else '<' || message || '>' end",
        "subject": r"""nullif(replace(replace(tail.subject, '\"', '"'), '\\', '\'), '')""",
        "reference": "nullif(regexp_extract(fields, '^ R=(\\S+)', 1), '')",
        "method": "split_part(auth, ':', 1)",
        "user_name": "coalesce(nullif(split_part(auth, ':', 2), ''), case when peer.ip = '' then " + field_of("U", "fields") + " end)",
        "tls": field_of("X", "fields"),
        "server_ip": r"nullif(regexp_extract(fields, ' I=\[([^\]]+)\]', 1), '')",
        "extra": "case when peer.helo <> '' then json_object('helo', peer.helo) end",
    },
    "head.size <> ''",
)
REJECTION = Kind(
    "rejection",
    (
        {"head": cut("' ' || text", rf"^({WORDS}*?) (temporarily )?rejected (.*)$", "fields", "passing", "what")},
        {
            "fields": bare("head.fields"),
            "peer": cut("head.fields", PEER, "host", "helo", "ip"),
            "refused": cut("head.what", rf"^RCPT (?:<({ADDRESS})>|({RAW}?))(?:: (.*))?$", "address", "bare", "said"),
            "sender": cut(r"regexp_replace(head.fields, '\([^)]*\)', '')", rf" F=(?:(<)({ADDRESS})>|({RAW}))", "open", "address", "bare"),
        },
    ),
    "'reject'",
    {
        **FROM,
        "original": "head.passing || 'rejected ' || split_part(head.what, ' ', 1)",
        "recipient": "nullif(coalesce(nullif(refused.address, ''), refused.bare), '')",
        "sender": "case when sender.open <> '' then sender.address else nullif(sender.bare, '') end",
        "user_name": "nullif(split_part(" + field_of("A", "fields") + ", ':', 2), '')",
        "said": "left(case when refused.said <> '' then refused.said "
        "else coalesce(nullif(regexp_extract(head.what, '^[^:]*: (.*)$', 1), ''), head.what) end, 1000)",
        "ends": "case when id is not null then true end",
        "status": f"nullif(regexp_extract(head.what, {word(ENHANCED)}, 1), '')",
        "extra": "case when peer.helo <> '' then json_object('helo', peer.helo) end",
    },
    "head.what <> ''",
)
LOGIN = Kind(
    "login",
    (
        {"head": cut("text", rf"^(\S+) authenticator failed for({WORDS}+?): (.*)$", "method", "fields", "said")},
        {"peer": cut("head.fields", AT, "host", "helo", "ip")},
    ),
    "'login-failed'",
    {
        **FROM,
        "original": "'authenticator failed'",
        "method": "head.method",
        "said": "left(head.said, 1000)",
        "user_name": r"nullif(regexp_extract(head.said, '\(set_id=(.*)\)$', 1), '')",
    },
    "head.method <> ''",
)
KINDS = (ARRIVAL, REJECTION, LOGIN)
