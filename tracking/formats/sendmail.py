"""Sendmail's lines, 8.9 to 8.18: `QID: key=value, key=value, ..` (FORMATS 6), with those of its submission queue. A table.

Values may hold commas and whatever looks like the next field; the order is fixed, so the fields are cut in that order, addresses with
their quotes as a whole, and only the position counts.
"""

from __future__ import annotations

from tracking.formats import replies
from tracking.formats.program import ADDRESS, Program, Rule, found, starts, word
from tracking.formats.sendmail_ids import ID, arrived_sql

PROGRAMS = ("sendmail", "sm-mta", "sm-msp-queue", "sm-msp", "sm-acceptingconnections", "sm-queue", "sm-mta-queue")
LINES = rf"""
select n, time, uncertainty, server, instance, program, severity, case when front <> 'NOQUEUE' then front end as id,
       case when front is not null then substr(rest, length(front) + 3) else rest end as text
from (
    select *, case when regexp_full_match(split_part(rest, ': ', 1), '{ID}|NOQUEUE') then split_part(rest, ': ', 1) end as front
    from heads where software = 'sendmail'
)
"""
_RELAY = r"(?P<relay>[^,\s]+(?: \[(?:[^\[\]\s]+|\[UNIX: [^\[\]]*\])\])?(?: \(may be forged\))?)"  # name, name [ip], [ip], user@host
_IP = r"nullif(regexp_replace(regexp_extract(relay, '\[((?:IPv6:)?[0-9A-Fa-f.:]+)\](?: \(may be forged\))?$', 1), '^IPv6:', ''), '')"
_HOST = r"nullif(rtrim(regexp_extract(relay, '^([^\[\s]+)', 1), '.'), '')"
_PEER = {
    "client_host": f"case when not contains({_HOST}, '@') then {_HOST} end",
    "client_ip": _IP,
    "user_name": f"case when contains({_HOST}, '@') then split_part({_HOST}, '@', 1) end",
}
_ARRIVED = {"arrived_at": arrived_sql("id", "time")}
FROM = Rule(
    "from",
    starts("from="),
    rf"from=(?P<sender><{ADDRESS}>|[^,\s]*), size=(?P<size>-?\d+), class=-?\d+(?:, pri=\d+)?, nrcpts=(?P<recipients>\d+)"
    r"(?:, msgid=(?P<mid>.*?))?(?:, bodytype=(?P<body>[\w-]+))?(?:, proto=(?P<proto>[\w-]+))?(?:, daemon=(?P<daemon>[^,]*))?"
    rf"(?:, tls_verify=(?P<tls>[^,]*))?(?:, auth=(?P<auth>[^,]*))?(?:, mech=(?P<mech>[^,]*))?, relay={_RELAY}",
    "case when recipients = '0' then 'other' else 'receive' end",  # none was left, or the client went away
    {
        **_PEER,
        **_ARRIVED,
        "original": word("from="),
        "sender": "trim(sender, '<>')",
        "bytes": "case when recipients <> '0' then try_cast(size as bigint) end",
        "recipient_count": "try_cast(recipients as integer)",
        "message_id": "nullif(nullif(mid, ''), '<>')",
        "connector": "nullif(daemon, '')",
        "source": "coalesce(nullif(proto, ''), 'local')",
        "method": "nullif(mech, '')",
        "begins": "case when recipients <> '0' then true end",
    },
)
_ONE = r'(?:<(?:[^">]|"(?:[^"\\]|\\.)*")*>|(?:[^",\s<]|"(?:[^"\\]|\\.)*")+)'
_LIST = rf"(?P<whom>{_ONE}(?:,{_ONE})*),?"
_SPAN = r"(?:\d+\+)?\d+:\d\d:\d\d"
_SECONDS = (
    r"case when delay <> '' then coalesce(try_cast(nullif(regexp_extract(delay, '^(\d+)\+', 1), '') as bigint), 0) * 86400"
    r" + epoch(try_cast(regexp_extract(delay, '(\d+:\d\d:\d\d)$', 1) as interval)) end"
)
_ENDING = ", ".join(map(word, ("local", "prog", "*file*", "*include*", "procmail", "cyrus", "cyrusv2", "discard")))  # if no host answered
_OUTCOME = """
case when starts_with(stat, 'Sent') and reply_rule is not null then 'send'
     when starts_with(stat, 'Sent') or dsn like '2.%' then if(kept, if(mailer = 'discard', 'discard', 'deliver'), 'send')
     when stat = 'queued' then 'other' when stat = 'quarantined' then 'quarantine'
     when starts_with(stat, 'Deferred') or dsn like '4.%' then 'defer' else 'fail' end
"""
TO = Rule(
    "to",
    starts("to="),
    rf"to={_LIST}(?: \[more\])?(?:, ctladdr=(?P<ctladdr>{_ONE}(?: \(\d+/\d+\))?))?(?:, intvl=[^,]*)?, delay=(?P<delay>{_SPAN})"
    rf"(?:, xdelay=(?P<xdelay>{_SPAN}))?(?:, mailer=(?P<mailer>[^,\s]+))?(?:, tls_verify=[^,]*)?(?:, pri=\d+)?(?:, quarantine=.*?)?"
    rf"(?:, relay={_RELAY})?(?:, dsn=(?P<dsn>\d\.\d+\.\d+))?(?:, ntries=\d+)?(?:, reply=(?P<answer>.*?))?(?:\.\.\.)?, stat=(?P<stat>.*)",
    _OUTCOME,
    {
        **_ARRIVED,
        "part": "seat - 1",
        "recipient": "case when starts_with(one, '<') then substr(one, 2, length(one) - 2) else one end",
        "original": "concat('stat=', regexp_extract(stat, '^([A-Za-z]+(?: [a-z]+){0,2})', 1))",
        "status": "nullif(dsn, '')",
        "delay_seconds": _SECONDS,
        "connector": "nullif(mailer, '')",
        "next_host": "case when kept then 'local' else host end",
        "next_ip": "ip",
        "said": "left(coalesce(nullif(concat_ws(': ', nullif(answer, ''), stat), ''), stat), 1000)",
        "link_rule": "reply_rule",
        "link_id": f"case when reply_rule is not null then {replies.claimed('reply')} end",
        "link_host": f"case when reply_rule is not null then coalesce({replies.host('reply')}, host, ip) end",
        "link_way": "case when reply_rule is not null then 'out' end",
        "extra": "case when ctladdr <> '' then json_object('ctladdr', ctladdr) end",
    },
    (),
    (
        {
            "reply": r"case when starts_with(stat, 'Sent (') and ends_with(stat, ')') then substr(stat, 7, length(stat) - 7) end",
            "host": rf"lower(coalesce({_HOST}, {_IP}))",
            "ip": _IP,
        },
        {"reply_rule": replies.rule("reply")},
        {"kept": f"mailer in ({_ENDING}) and reply_rule is null and coalesce(host, 'local') in ('local', '')"},
        {"each": f"regexp_extract_all(whom, '{_ONE.replace(chr(39), chr(39) * 2)}')"},
        {"one": "unnest(each)", "seat": "generate_subscripts(each, 1)"},
    ),
)
_NEW = {  # what a line tells of another id is an event of that stay
    "part": "seat",
    "internal_message_id": "if(seat = 0, id, report)",
    "begins": "case when seat = 1 then true end",
    "arrived_at": f"if(seat = 0, {arrived_sql('id', 'time')}, {arrived_sql('report', 'time')})",
}
_BOTH = ({"seat": "unnest([0, 1])"},)
CLONE = Rule(  # some recipients go on under an id of their own, with the list's owner as sender
    "clone",
    f"contains(text, ': clone: ') and regexp_matches(text, '^(?:{ID}): clone: owner=')",
    rf"(?P<report>{ID}): (?P<what>clone): owner=(?P<owner>.*)",
    "if(seat = 0, 'other', 'receive')",
    {
        **_NEW,
        "original": "what",
        "sender": "case when seat = 1 then trim(owner, '<>') end",
        "link_rule": "case when seat = 1 then 'fork' end",
        "link_id": "case when seat = 1 then id end",
        "link_way": "case when seat = 1 then 'in' end",
    },
    (),
    _BOTH,
)
REPORT = Rule(
    "report",
    f"regexp_matches(text, '^(?:{ID}): [A-Za-z][\\w -]*: ')",
    rf"(?P<report>{ID}): (?P<what>[A-Za-z][\w -]*): (?P<said>.*)",
    "if(seat = 0, 'dsn', 'receive')",
    {
        **_NEW,
        "original": "what",
        "said": "left(said, 1000)",
        "sender": "case when seat = 1 then '' end",  # the null sender
        "link_rule": "case when seat = 0 then 'notification' end",
        "link_id": "case when seat = 0 then report end",
        "link_way": "case when seat = 0 then 'out' end",
    },
    (),
    _BOTH,
)
SPLIT = Rule(
    "split",
    starts("split: "),
    r"(?P<what>split): .*id\(s\)=(?P<ids>[\w, ]+)",
    word("receive"),
    {
        "part": "seat - 1",
        "internal_message_id": "trim(one)",
        "begins": "true",
        "arrived_at": arrived_sql("trim(one)", "time"),
        "original": "what",
        "link_rule": word("fork"),
        "link_id": "id",
        "link_way": word("in"),
    },
    (),
    ({"each": "string_split(ids, ',')"}, {"one": "unnest(each)", "seat": "generate_subscripts(each, 1)"}),
)
ALIAS = Rule(  # logged from level 11 on
    "alias",
    "id is not null and starts_with(text, 'alias ') and contains(text, ' => ')",
    r"alias (?P<before>\S+) => (?P<after>.+)",
    word("expand"),
    {
        "part": "seat - 1",
        "original": word("alias"),
        "recipient": "trim(one, '<> ')",
        "related_recipient": "trim(before, '<>')",
    },
    (),
    ({"each": "string_split(after, ',')"}, {"one": "unnest(each)", "seat": "generate_subscripts(each, 1)"}),
)
DONE = Rule("done", starts("done; "), r"(?P<what>done); .*", word("other"), {"original": "what", "ends": "true"})
_STATUS = r"nullif(regexp_extract(said, '^(?:\d{3} )?([245]\.\d+\.\d+) ', 1), '')"
RULESET = Rule(
    "ruleset",
    starts("ruleset="),
    rf"ruleset=(?P<ruleset>\w+), arg1=(?P<first>.*?)(?:, arg2=(?P<second>.*?))?(?:, relay={_RELAY})?, (?P<what>reject|discard|quarantine)"
    r"(?:=(?P<said>.*))?",
    "case what when 'quarantine' then 'quarantine' when 'discard' then 'discard' else 'reject' end",
    {
        **_PEER,
        "original": "concat_ws(' ', ruleset, what)",
        "sender": "case when ruleset = 'check_mail' then trim(first, '<>') end",
        "recipient": "case when ruleset in ('check_rcpt', 'check_compat') then nullif(trim(first, '<>'), '') end",
        "said": "nullif(left(said, 1000), '')",
        "status": _STATUS,
    },
)
MILTER = Rule(
    "milter",
    starts("milter=", "Milter ", "Milter: "),
    r"(?:milter=(?P<name>[^,]*), (?:action=[^,]*, )?|Milter:? ?\(?(?P<label>[\w.-]*)\)?,? ?:? ?)(?P<said>.*)",
    "case when contains(said, 'reject=') then 'reject' when contains(said, 'discard') then 'discard' when contains(said, 'quarantine=') "
    "then 'quarantine' else 'agent' end",
    {"original": word("milter"), "source": "coalesce(nullif(name, ''), nullif(label, ''))", "said": "left(said, 1000)"},
)
AUTH = Rule(
    "auth",
    starts("AUTH=", "AUTH failure", "AUTH warning"),
    r"AUTH(?P<side>=\w+|\s\w+)(?: \((?P<way>[^)]*)\))?[:,] (?P<said>.*)",
    "case when side like '% failure' then 'login-failed' when side = '=server' then 'login' else 'other' end",
    {
        "original": "concat('AUTH', side)",
        "method": f"coalesce(nullif(way, ''), {found('said', 'mech=([A-Z0-9-]+)')})",
        "user_name": "nullif(regexp_extract(said, '(?:authid|user)=([^,]*)', 1), '')",
        "client_ip": r"nullif(regexp_replace(regexp_extract(said, '^.*relay=.*\[([^\]]+)\]', 1), '^IPv6:', ''), '')",
        "said": "left(said, 1000)",
    },
)
TLS = Rule(
    "tls",
    starts("STARTTLS=client, relay=", "STARTTLS=server, relay="),
    rf"STARTTLS=(?P<side>\w+), relay={_RELAY}, (?P<tls>.*)",
    word("other"),
    {
        "original": "concat('STARTTLS=', side)",
        "tls": "left(tls, 1000)",
        "client_ip": f"case when side = 'server' then {_IP} end",
        "next_host": f"case when side = 'client' then lower({_HOST}) end",
        "next_ip": f"case when side = 'client' then {_IP} end",
    },
    (r"STARTTLS=(?P<side>\w+), (?P<relay>)(?P<tls>.*)",),
)
REFUSED = Rule(
    "refused",
    "starts_with(text, '<') and contains(text, '>... ')",
    rf"<(?P<recipient>{ADDRESS})>\.\.\. (?P<said>.*)",
    word("reject"),
    {"original": word("rcpt"), "recipient": "recipient", "said": "left(said, 1000)", **_ARRIVED},
)
_LEFT = (
    "did not issue MAIL",
    "lost input channel from ",
    "timeout waiting for input from ",
    "rejecting commands from ",
    "possible SMTP attack",
)
CLIENT = Rule(
    "client",
    " or ".join(f"contains(text, {word(what)})" for what in _LEFT).join("()"),
    r"(?P<said>.*)",
    word("disconnect"),
    {
        "original": f"regexp_extract(said, '{'|'.join(_LEFT)}')",
        "client_ip": r"nullif(regexp_replace(regexp_extract(said, '\[([0-9A-Fa-f.:]+|IPv6:[^\]]+)\]', 1), '^IPv6:', ''), '')",
        "said": "left(said, 1000)",
    },
)
ERROR = Rule(
    "error",
    f"severity is not null or {starts('SYSERR', 'NOQUEUE: SYSERR')}",
    "(?P<said>.*)",
    word("error"),
    {"original": "coalesce(severity, 'SYSERR')", "said": "left(said, 1000)"},
)
REST = Rule("rest", "id is not null", "(?P<said>.*)", word("other"), {"said": "left(said, 1000)", "original": "split_part(said, ' ', 1)"})
RULES = (FROM, TO, ERROR, CLONE, REPORT, SPLIT, ALIAS, DONE, RULESET, MILTER, AUTH, TLS, REFUSED, CLIENT, REST, Rule("daemon", "true"))
PROGRAM = Program("sendmail", RULES, LINES)
