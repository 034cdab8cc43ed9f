"""Exim's lines of leaving mail: deliveries, failures, deferrals, the end (FORMATS 5). A table."""

from __future__ import annotations

from tracking.formats import replies
from tracking.formats.exim_kind import ENHANCED, RAW, WORDS, Kind, before, behind, cut, field_of, plain, seconds
from tracking.formats.postfix_rule import ADDRESS, word

_TARGET = {
    "head": cut("text", rf"^(:\w+:|{RAW}?)((?: \([^()]*\))*)(?: <({ADDRESS})>)?((?: .*|: .*)?)$", "address", "parents", "original", "tail"),
}
_PATHS = cut("text", rf"^(.*?)((?: \([^()]*\))*) <({ADDRESS})>((?: .*|: .*)?)$", "address", "parents", "original", "tail")
_PATH = {  # a file or a program has blanks of its own: what stands before the original address
    "head": f"case when text[1] in ('/', '|') and contains(text, ' <') then {_PATHS} else head end"
}
_FRONT = rf"^(?: F=<{ADDRESS}>)?(?: SRS=<[^>]*>)?(?: P=<{ADDRESS}>)?"
_MEANT = {
    "address": "head.address",
    "former": "nullif(head.original, '')",
    "here": "head.address[1] in ('/', '|', ':') or head.address in ('discarded')",
    "sender": f"case when contains(head.tail, ' F=<') then regexp_extract(head.tail, {word(rf'^ F=<({ADDRESS})>')}, 1) end",
    "fields": f"case when head.tail[2:4] in ('F=<', 'P=<', 'SRS') then regexp_replace(head.tail, {word(_FRONT)}, '') else head.tail end",
}
_WHO = {
    "recipient": "case when here then coalesce(former, nullif(nullif(address, ':blackhole:'), 'discarded')) "
    "when former is null or contains(address, '@') then address "
    "when lower(split_part(former, '@', 1)) = lower(address) then former else address || '@' || split_part(former, '@', -1) end",
}
_HOST = {
    "peer": cut("fields", r" H=(\S+) \[([^\]]+)\]", "host", "ip"),
    "router": field_of("R", "fields"),
    "transport": field_of("T", "fields"),
}
_WAY = {
    "recipient": "recipient",
    "related_recipient": "case when former <> recipient then former end",
    "sender": "sender",
    "connector": "nullif(concat_ws('/', router, transport), '')",
    "original": "flag",
    "next_host": "nullif(lower(rtrim(peer.host, '.')), '')",
    "next_ip": "nullif(peer.ip, '')",
}
_REPLY = r'((?:[^"\\]|\\.)*)"(.*)$'
_ANSWER = cut("fields", rf'^({WORDS}*?) C="{_REPLY}', "before", "reply", "behind")
_REST = cut("rest", f"^()(?:{_REPLY})", "before", "reply", "behind")
_PLAIN_REST = f"""struct_pack(before := '', reply := {before("rest", '"')}, behind := {behind("rest", '"')})"""
_QUICK = f"case when contains(rest, chr(92)) then {_REST} else {_PLAIN_REST} end"
DELIVERY = Kind(
    "delivery",
    (
        _TARGET,
        _PATH,
        _MEANT,
        _WHO,
        {**_HOST, "front": before("fields", ' C="'), "rest": behind("fields", ' C="')},
        {"answer": f"case when {plain('front')} then {_QUICK} else {_ANSWER} end"},
        {
            "reply": r"""nullif(replace(replace(answer.reply, '\"', '"'), '\\', '\'), '')""",
            "measured": "case when answer.reply <> '' then answer.behind else fields end",
            "shown": "case when answer.reply <> '' then coalesce(nullif(answer.before, ''), front) else fields end",
        },
        {
            "queued": field_of("QT", "measured"),
            "took": field_of("DT", "measured"),
            "last": r"split_part(reply, '\n', -1)",  # Exim writes a line's end as two characters
        },
        {
            "rule": f"case when flag <> '*>' then {replies.rule('last')} end",
        },
    ),
    "case when address in (':blackhole:', 'discarded') or text like 'discarded%' then 'discard' when flag = '*>' then 'other' "
    "when peer.ip <> '' then 'send' else 'deliver' end",
    {
        **_WAY,
        "next_host": "coalesce(nullif(lower(rtrim(peer.host, '.')), ''), "
        "case when address not in (':blackhole:', 'discarded') then 'local' end)",
        "bytes": f"try_cast({field_of('S', 'shown')} as bigint)",
        "tls": field_of("X", "shown"),
        "said": "left(reply, 1000)",
        "status": f"nullif(regexp_extract(reply, {word(ENHANCED)}, 1), '')",
        "delay_seconds": seconds("queued"),
        "mailbox": "case when address[1] = '/' then address end",
        "extra": "case when took is not null then json_object('delivery_time', took) end",
        "link_rule": "rule",
        "link_id": f"case when rule is not null then {replies.claimed('last')} end",
        "link_way": "case when rule is not null then 'out' end",
        "link_host": f"case when rule is not null then coalesce({replies.host('last')}, "
        "nullif(lower(peer.host), ''), nullif(peer.ip, '')) end",
    },
    "address <> ''",
)
_TIMES = r"(?: (?:QT|DT)=[\d.wdhms]+)+$"  # behind the words, too
_ENDED = {
    **_WAY,
    "said": "left(nullif(said, ''), 1000)",
    "status": f"nullif(regexp_extract(said, {word(ENHANCED)}, 1), '')",
}
FAILURE = Kind(
    "failure",
    (
        _TARGET,
        _PATH,
        _MEANT,
        _WHO,
        {"text_cut": cut("fields", rf"^()({WORDS}*?): (.*)$", "whole", "before", "said"), "uncut": "fields"},
        {
            "fields": "case when text_cut.said <> '' then text_cut.before else uncut end",
            "said": f"regexp_replace(text_cut.said, {word(_TIMES)}, '')",
        },
        _HOST,
    ),
    "'fail'",
    _ENDED,
    "address <> ''",
)
DEFERRAL = Kind(
    "deferral",
    (
        _TARGET,
        _PATH,
        _MEANT,
        _WHO,
        {"text_cut": cut("fields", rf"^({WORDS}*?) defer \((-?\d+)\)(.*)$", "before", "code", "behind")},
        {"said_cut": cut("text_cut.behind", rf"^({WORDS}*?): (.*)$", "before", "said")},
        {"fields": "text_cut.before || said_cut.before", "said": "said_cut.said"},
        _HOST,
    ),
    "'defer'",
    {**_ENDED, "extra": "json_object('code', try_cast(text_cut.code as int))"},
    "text_cut.code <> ''",
)
COMPLETED = Kind(
    "completed",
    ({"queued": field_of("QT", "text")},),
    "'other'",
    {"original": "'Completed'", "ends": "true", "delay_seconds": seconds("queued")},
)
KINDS = (DELIVERY, FAILURE, DEFERRAL, COMPLETED)
