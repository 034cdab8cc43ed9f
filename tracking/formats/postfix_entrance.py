"""Postfix's lines of arriving mail: smtpd, pickup, cleanup, postscreen (FORMATS 3.3). A table."""

from __future__ import annotations

from tracking.formats.postfix_ids import ID, arrived_sql
from tracking.formats.postfix_rule import ADDRESS, ANY, PEER, Rule, noise, some, word

_SAID = r'(?P<said>(?:[^"]|"(?:[^"\\]|\\.)*")*?)'
_ENVELOPE = (
    rf"(?:; (?:from=<(?P<sender>{ADDRESS})>,? ?)?(?P<rcpt>to=<(?P<recipient>{ADDRESS})>,? ?)?(?:proto=(?P<proto>[^\s,]+),? ?)?"
    r"(?:helo=<?(?P<helo>[^>]*)>?)?(?: sasl_method=(?P<method>\S+))?"
    r"(?: sasl_username=<?(?P<user_name>[^\s>]+)>?)?(?: sasl_sender=<?\S+>?)?)?"
)
_ACTIONS = (
    *("reject", "reject_warning", "warn", "filter", "hold", "redirect", "discard", "bcc", "prepend", "info", "permit", "delay", "trigger"),
    *("milter-reject", "milter-hold", "milter-discard", "proxy-accept", "proxy-reject"),
)
_EVENT = """
case when action in ('reject', 'milter-reject', 'proxy-reject') then 'reject' when action in ('discard', 'milter-discard') then 'discard'
     when action in ('hold', 'milter-hold') then 'quarantine' else 'other' end
"""
_SERVICE = {"connector": "case when tag like '%/%/%' then split_part(tag, '/', 2) end"}  # postfix/submission/smtpd
_FROM = {"client_host": "nullif(nullif(host, ''), 'unknown')", "client_ip": "ip"}
_ARRIVED = {"begins": "true", "arrived_at": arrived_sql("id")}
_STAGE = r"(?P<stage>[A-Z][\w-]*(?: [A-Z]+)?)"
_REFUSED = {
    **_FROM,
    **_SERVICE,
    **some("recipient", "method", "user_name"),
    "original": "action || ' ' || stage",
    "sender": "case when rcpt <> '' or sender <> '' then sender end",
    "said": "left(said, 1000)",
    "status": r"nullif(regexp_extract(said, '^(?:\d{3} )?([245]\.\d+\.\d+) ', 1), '')",
    "ends": "case when program = 'cleanup' and action in ('reject', 'milter-reject', 'discard', 'milter-discard') then true end",
    "extra": "case when helo <> '' then json_object('helo', helo, 'proto', proto) end",
}
RESTRICTION = Rule(
    "restriction",
    ("smtpd", "cleanup", "postscreen"),
    tuple(f"{action}: " for action in _ACTIONS),
    rf"(?P<action>[\w-]+): {_STAGE} from {PEER}: {_SAID}{_ENVELOPE}",
    _EVENT,
    _REFUSED,
    (rf"(?P<action>[\w-]+): {_STAGE} from {PEER}: (?P<said>.*?){_ENVELOPE.replace(ADDRESS, '.*?')}",),
)
_CHECKED = {
    **_REFUSED,
    "original": "action || ' ' || place",
    "said": "nullif(left(note, 1000), '')",
    "status": r"nullif(regexp_extract(note, '^([245]\.\d+\.\d+) ', 1), '')",
    "subject": "case when place = 'header' and header ilike 'subject:%' then trim(substr(header, 9)) end",
    "client_host": "case when peer = 'local' then null else nullif(regexp_extract(peer, '^([^\\[]*)', 1), 'unknown') end",
    "client_ip": "nullif(regexp_extract(peer, '\\[([^\\]]+)', 1), '')",
    "extra": "json_object(place, header)",
}
_MILTER = tuple(f"milter-header-{action}" for action in ("reject", "warn", "hold", "discard", "redirect", "filter", "replace", "prepend"))
CONTENT = Rule(  # header_checks, body_checks: the text is the sender's, and may say anything: the last ` from PEER; from=<` counts
    "content",
    ("cleanup",),
    tuple(
        f"{action}: {place} "
        for action in (
            "reject",
            "warning",
            "hold",
            "discard",
            "redirect",
            "filter",
            "replace",
            "prepend",
            "info",
            "strip",
            "bcc",
            "delay",
            *_MILTER,
        )
        for place in ("header", "body", "mime-header", "nested-header")
    ),
    r"(?P<action>[\w-]+): (?P<place>[\w-]+) (?P<header>.*) from (?P<peer>local|[^\s\[]*\[[^\]]+\])"
    + _ENVELOPE.removesuffix("?")
    + r"(?:: (?P<note>.*))?",
    _EVENT,
    _CHECKED,
)
CLIENT = Rule(
    "client",
    ("smtpd",),
    ("client=",),
    rf"client={PEER}(?:, sasl_method=(?P<method>[^,]+))?(?:, sasl_username=(?P<user_name>.*?))?(?:, sasl_sender=(?P<authorized>.*?))?"
    rf"(?:, orig_queue_id=(?P<orig>{ID}|unknown))?(?:, orig_client=(?P<orig_host>[^\s\[]*)\[(?P<orig_ip>[^\]]+)\])?",
    word("receive"),
    {
        **_FROM,
        **_SERVICE,
        **_ARRIVED,
        **some("method", "user_name"),
        "original": word("client="),
        "source": word("SMTP"),
        "original_client_ip": "nullif(orig_ip, '')",
        "link_rule": "case when orig <> '' and orig <> 'unknown' then 'filter-id' end",
        "link_id": "nullif(nullif(orig, ''), 'unknown')",
        "link_way": "case when orig <> '' and orig <> 'unknown' then 'in' end",
    },
)
PICKUP = Rule(
    "pickup",
    ("pickup",),
    ("uid=",),
    rf"uid=(?P<uid>\d+) from=<(?P<sender>.*?)>(?: orig_id=(?P<orig>{ID}))?",
    word("receive"),
    {
        **_ARRIVED,
        "original": word("pickup"),
        "source": word("PICKUP"),
        "sender": "sender",
        "user_name": "'uid ' || uid",
        "link_rule": "case when orig <> '' then 'filter-id' end",
        "link_id": "nullif(orig, '')",
        "link_way": "case when orig <> '' then 'in' end",
    },
)
MESSAGE_ID = Rule(
    "message-id",
    ("cleanup",),
    ("message-id=", "resent-message-id="),
    r"(?P<name>(?:resent-)?message-id)=(?P<value>.*)",
    word("other"),
    {"original": "name", "message_id": "nullif(nullif(value, ''), '<>')"},
)
CANCELED = Rule(
    "canceled",
    ("cleanup",),
    ("removed (", "canceled"),
    r"(?P<why>removed \(\w+\)|canceled)",
    word("other"),
    {"original": "why", "ends": "true"},
)
CONNECTED = noise("connect", ("smtpd",), "connect from ")
DISCONNECTED = Rule(
    "disconnect",
    ("smtpd",),
    ("disconnect from ",),
    rf"disconnect from {PEER}(?: (?P<said>.*))?",
    word("disconnect"),
    {**_FROM, **_SERVICE, **some("said"), "original": word("disconnect")},
)
LOST = Rule(
    "lost",
    ("smtpd", "postscreen"),
    ("lost connection after ", "timeout after ", "too many errors after ", "improper command pipelining after ", "concurrency limit "),
    rf"(?P<what>lost connection|timeout|too many errors|improper command pipelining) after (?P<stage>.*?) from {PEER}(?:: ?(?P<said>.*))?",
    word("other"),
    {**_FROM, **_SERVICE, "original": "what", "said": "concat_ws(': ', stage, nullif(left(said, 900), ''))"},
)
SASL = Rule(
    "sasl",
    ("smtpd",),
    ("",),
    rf"{PEER}: SASL (?P<method>\S+) authentication (?P<what>failed|aborted)(?:: ?(?P<said>.*?))?(?:, sasl_username=(?P<user_name>.*))?",
    word("login-failed"),
    {
        **_FROM,
        **_SERVICE,
        **some("method", "said"),
        "original": "'authentication ' || what",
        "user_name": "nullif(nullif(user_name, ''), '(unavailable)')",
    },
    severe=True,
)
TLS = Rule(
    "tls",
    ANY,
    ("Anonymous TLS ", "Untrusted TLS ", "Trusted TLS ", "Verified TLS "),
    rf"(?P<trust>\w+) TLS connection (?:established|reused) (?P<way>from|to) {PEER}(?: to (?P<sni>\S+))?: (?P<tls>.*)",
    word("other"),
    {
        **_SERVICE,
        "original": "trust || ' TLS'",
        "tls": "tls",
        "client_host": "case when way = 'from' then nullif(nullif(host, ''), 'unknown') end",
        "client_ip": "case when way = 'from' then ip end",
        "next_host": "case when way = 'to' then host end",
        "next_ip": "case when way = 'to' then ip end",
    },
)
HANDSHAKE = Rule(
    "handshake", ("smtpd", "tlsproxy"), ("SSL_accept error from ",), rf"SSL_accept error from {PEER}: (?P<said>.*)", word("error"),
    {**_FROM, **_SERVICE, **some("said"), "original": word("SSL_accept")},
)  # fmt: skip
SCREENED = Rule(
    "screened",
    ("postscreen",),
    (
        "PREGREET ",
        "DNSBL ",
        "HANGUP ",
        "BARE NEWLINE ",
        "COMMAND ",
        "NON-SMTP COMMAND ",
        "DENYLISTED ",
        "BLACKLISTED ",
        "WHITELIST VETO ",
        "ALLOWLIST VETO ",
    ),
    r"(?P<what>[A-Z][A-Z-]*(?: [A-Z]+){0,2})(?P<count> (?:rank )?\d+)?(?: after [\d.]+)?(?: for| from)? \[(?P<ip>[^\]]+)\]:\d+(?P<said>.*)",
    word("other"),
    {"client_ip": "ip", "original": "what", "said": "left(trim(concat(trim(count), said)), 1000)"},
)
RULES = (
    CONNECTED, DISCONNECTED, CLIENT, MESSAGE_ID, PICKUP, RESTRICTION, CONTENT, CANCELED, SASL, LOST, TLS, HANDSHAKE, SCREENED,
    noise("postscreen", ("postscreen",), "CONNECT from ", "PASS ", "DISCONNECT ", "ALLOWLISTED ", "WHITELISTED ", "cache ", "Reset "),
)  # fmt: skip
