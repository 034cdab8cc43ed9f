"""Postfix's lines of leaving mail: qmgr, the delivery agents, bounce (FORMATS 3.3, 3.4). A table.

Nothing of the delivery line is quoted: what the peer says stands at the end, in parentheses, and only the position counts.
"""

from __future__ import annotations

from tracking.formats import replies
from tracking.formats.postfix_ids import ID, arrived_sql
from tracking.formats.postfix_rule import ADDRESS, AGENTS, ANY, Rule, noise, some, word

_FIELDS = (
    r", relay=(?P<relay>[^,]+)(?:, conn_use=\d+)?, delay=(?P<delay>[\d.]+)(?:, delays=(?P<delays>[\d./]+))?"
    r"(?:, tls=(?P<tls>[^,]+))?(?:, dsn=(?P<dsn>[\d.]+))?, status=(?P<state>[\w-]+)(?: \((?P<said>.*))?"
)
_DELIVERY = rf"to=<(?P<recipient>{ADDRESS})>(?:, orig_to=<(?P<orig>{ADDRESS})>)?{_FIELDS}"
_UNQUOTED = rf"to=<(?P<recipient>.*?)>(?:, orig_to=<(?P<orig>.*?)>)?{_FIELDS}"  # before 3.5 addresses were logged as they are inside
_CUT = (  # a record ends at 2000 bytes, wherever that is
    r"to=<(?P<recipient>[^>]*)>?(?:, orig_to=<(?P<orig>[^>]*)>)?(?:, relay=(?P<relay>[^,]+))?(?:, delay=(?P<delay>[\d.]+))?"
    r"(?:, delays=(?P<delays>[\d./]+))?(?:, tls=(?P<tls>[^,]+))?(?:, dsn=(?P<dsn>[\d.]+))?(?P<state>)(?P<said>).*"
)
_EVENT = """
case state when 'sent' then case when program = 'discard' or relay = 'discard' then 'discard'
                                 when starts_with(reply, '250 2.7.0 Ok, discarded, id=') then 'discard' -- amavis
                                 when forwarded then 'redirect'
                                 when ended then 'deliver' else 'send' end
           when 'deferred' then 'defer' when 'bounced' then 'fail' when 'undeliverable' then 'fail'
           when 'expired' then 'fail' else 'other' end
"""
# `reply`: said without its parenthesis, which a cut record has not. `ended`: into a mailbox or a program here.
_WORDS = {
    "reply": "case when ends_with(said, ')') then left(said, length(said) - 1) else nullif(said, '') end",
    "ended": "program in ('local', 'virtual', 'pipe') or relay in ('local', 'virtual')",
    "bracket": "strpos(relay, '[')",
}
_MEANING = {
    "forwarded": f"coalesce(starts_with(reply, 'forwarded as ') and regexp_full_match(substr(reply, 14), '{ID}'), false)",
    "host": "case when bracket > 1 then lower(left(relay, bracket - 1)) when bracket = 1 or relay in ('none', '') then null "
    "when ended then 'local' else lower(relay) end",
    "ip": "case when bracket > 0 and not contains(relay, '/') then split_part(substr(relay, bracket + 1), ']', 1) end",
    "rule": f"case when state = 'sent' and not ended and program <> 'discard' then {replies.rule('reply')} end",
}
DELIVERY = Rule(
    "delivery",
    ANY,
    ("to=<",),
    _DELIVERY,
    _EVENT,
    {
        **some("recipient", "delays", "tls"),
        "original": "case when state = '' then 'cut' else 'status=' || state end",
        "related_recipient": "nullif(orig, '')",
        "status": "nullif(dsn, '')",
        "delay_seconds": "try_cast(delay as double)",
        "arrived_at": f"coalesce({arrived_sql('id')}, time - to_microseconds(least(try_cast(delay as double) * 1e6, 1e17)::bigint))",
        "next_host": "host",
        "next_ip": "ip",
        "said": "left(reply, 1000)",
        "link_rule": "case when forwarded then 'forwarded-as' else rule end",
        "link_id": f"case when forwarded then substr(reply, 14) when rule is not null then {replies.claimed('reply')} end",
        "link_way": "case when forwarded or rule is not null then 'out' end",
        "link_host": f"case when rule is not null then coalesce({replies.host('reply')}, host, ip) end",
    },
    (_UNQUOTED, _CUT),
    (_WORDS, _MEANING),
)
_ENDED = r"status=(?P<state>[\w-]+), (?P<said>.*)"
ACTIVE = Rule(
    "active",
    ("qmgr", "nqmgr", "oqmgr"),
    ("from=<",),
    rf"from=<(?P<sender>{ADDRESS})>, (?:size=(?P<size>\d+), nrcpt=(?P<recipients>\d+) \((?P<what>[^)]*)\)|{_ENDED})",
    "case when ends_with(state, 'expired') then 'fail' else 'other' end",
    {
        "original": "case when state <> '' then 'status=' || state else what end",
        "sender": "sender",
        "bytes": "try_cast(size as bigint)",
        "recipient_count": "try_cast(recipients as integer)",
        **some("said"),
    },
    (rf"from=<(?P<sender>.*?)>, (?:size=(?P<size>\d+), nrcpt=(?P<recipients>\d+) \((?P<what>[^)]*)\)|{_ENDED})",),
)
REMOVED = Rule(
    "removed", ("qmgr", "nqmgr", "oqmgr"), ("removed",), r"(?P<what>removed)", word("other"), {"original": "what", "ends": "true"}
)
NOTIFICATION = Rule(
    "notification",
    ("bounce", "defer", "trace"),
    ("sender ", "postmaster "),
    rf"(?P<what>sender (?:non-delivery|delay|delivery status)|postmaster (?:non-delivery|delay)) notification: (?P<report>{ID})",
    word("dsn"),
    {"original": "what || ' notification'", "link_rule": word("notification"), "link_id": "report", "link_way": word("out")},
)
UNTOLD = Rule(
    "untold",
    ("bounce", "defer", "trace"),
    ("sender notification failed", "postmaster notification failed"),
    rf"(?P<what>\w+ notification failed)(?: to <(?P<recipient>{ADDRESS})>)?:? ?(?P<said>.*)",
    word("error"),
    {"original": "what", **some("said", "recipient")},
)
_TO = r"(?P<host>[^\s\[]*)\[(?P<ip>[^\]]+)\](?::\d+)?"
_NEXT = {"next_host": "nullif(lower(host), '')", "next_ip": "nullif(ip, '')", "said": "left(said, 1000)"}
TRIED = Rule(  # one server of several: the final line follows
    "tried",
    AGENTS,
    ("host ", "lost connection with ", "conversation with ", "connect to ", "Protocol error: host "),
    rf"(?P<what>(?:Protocol error: )?host|lost connection with|conversation with|connect to) {_TO}:? (?P<said>.*)",
    "case when what = 'connect to' then 'error' else 'other' end",
    {**_NEXT, "original": "what"},
    (r"(?P<what>connect to) (?P<host>[^\s\[]+)\[(?P<ip>[^\]]+)\]: (?P<said>.*)",),
)
PASSING = Rule(
    "passing", AGENTS, ("passing <",), rf"(?P<what>passing) <(?P<recipient>{ADDRESS})> to (?P<said>.*)", word("other"),
    {**some("recipient", "said"), "original": "what"},
)  # fmt: skip
CERTIFICATE = Rule(
    "certificate", AGENTS, ("certificate verification failed for ", "server certificate verification failed for ", "Server certificate "),
    rf"(?P<what>(?:server )?certificate verification failed) for {_TO}:? (?P<said>.*)", word("error"), {**_NEXT, "original": "what"},
)  # fmt: skip
RULES = (
    DELIVERY, REMOVED, ACTIVE, NOTIFICATION, UNTOLD, TRIED, PASSING, CERTIFICATE,
    noise("skipped", ("qmgr", "nqmgr", "oqmgr"), "skipped, still being delivered"),
    noise("workaround", AGENTS, "enabling PIX ", "disabling PIX ", "breaking line ", "Host offered STARTTLS", "SASL authentication "),
)  # fmt: skip
