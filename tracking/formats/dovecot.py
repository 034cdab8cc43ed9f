"""Dovecot's lines, 2.0 to 2.4: deliveries by LMTP and LDA, Sieve, logins and their failures, ends of sessions (FORMATS 4). A table.

The formats of nearly all are settings of the server, so fields are found by their names. A Message-ID is foreign text and stands before
Dovecot's own words: the last words count. A user's name too: the last `rip=` counts.
"""

from __future__ import annotations

from tracking.formats.program import Program, Rule, found, of, starts, word

_SESSION = r"[\w+/=-]{20,}(?::[A-Z]\d+)*"
_AGENTS = ("lmtp", "lda", "deliver", "dovecot-lda")
_DELIVERING = of(*_AGENTS)
_SERVES = f"service in {_AGENTS}"
# `service(user)<pid><session>: Level: text`; before 2.3 `lmtp(pid, user): session: text`. Only files of Dovecot's own say `Info`.
LINES = rf"""
select * replace (case when early then substr(text, length(id) + 3) else text end as text) from (
    select n, time, uncertainty, server, instance, tag, text, early,
        case when level = 'Debug' then 'debug' else service end as program,
        case when level in ('Warning', 'Error', 'Fatal', 'Panic') then lower(level) end as severity,
        nullif(case when {_SERVES} then regexp_replace(name, '^\d+(?:, |$)', '') else name end, '') as who,
        case when early then split_part(text, ': ', 1) else nullif(regexp_extract(marks, '<([^<>]*[^<>0-9][^<>]*)>$', 1), '') end as id
    from (
        select *, {_SERVES} and marks = '' and regexp_matches(text, '^{_SESSION}: ') as early from (
            select *, parts.service as service, parts.name as name, parts.marks as marks,
                case when level in ('Info', 'Warning', 'Error', 'Fatal', 'Panic', 'Debug') then substr(body, length(level) + 3)
                     else body end as text
            from (
                select *, regexp_extract(front, '^(\w[\w-]*)(?:\((.*)\))?((?:<[^<>]*>)*)$', ['service', 'name', 'marks']) as parts,
                    substr(rest, length(front) + 3) as body, split_part(substr(rest, length(front) + 3), ': ', 1) as level
                from (select *, split_part(rest, ': ', 1) as front from heads where software = 'dovecot')
            )
        )
    )
)
"""
_CLIENT = {
    "user_name": found("fields", "^user=<(.*?)>(?:, |$)"),
    "method": found("fields", r"(?:^|, )method=([\w-]+)"),
    "client_ip": found("fields", r"^(?:.*, )?rip=([\w.:]+)"),
    "server_ip": found("fields", r"^.*, lip=([\w.:]+)"),
    "tls": found("fields", r"^.*, (TLS\b[^,:]*)"),
    "internal_message_id": found("fields", "^.*, session=<([^>]+)>"),
    "connector": "program",
}
LOGIN = Rule(
    "login", starts("Login: ", "Logged in: "), "(?P<what>Login|Logged in): (?P<fields>.*)", word("login"), {**_CLIENT, "original": "what"}
)
_GUESSED = ("auth failed", "plaintext auth", "cleartext auth", "finish SASL auth", "auth_failed")  # `no auth attempts` is not one
REFUSED = Rule(
    "refused",
    "ends_with(program, '-login') and severity is null",
    r"(?P<what>Disconnected|Aborted login|Login aborted|Login failed|Connection closed)(?::? (?P<reason>.*?))?"
    r": (?P<fields>(?:user=<|method=|rip=).*)",
    f"case when {' or '.join(f'contains(reason, {word(text)})' for text in _GUESSED)} then 'login-failed' else 'disconnect' end",
    {**_CLIENT, "original": "what", "said": "nullif(reason, '')"},
)
CLOSED = Rule(
    "closed",
    f"{of('imap', 'pop3', 'submission', 'managesieve', 'IMAP', 'POP3')} and severity is null and "
    + starts("Disconnected", "Logged out", "Connection closed", "Server shutting down", "Inactivity", "Too many ", "Remote closed"),
    "(?P<said>.*)",
    word("disconnect"),
    {"original": "split_part(said, ':', 1)", "said": "left(said, 1000)", "user_name": "who", "connector": "program"},
)
CONNECTED = Rule(
    "connected",
    f"{_DELIVERING} and " + starts("Connect from ", "Disconnect from "),
    r"(?P<what>Connect|Disconnect) from (?P<peer>\S+?)(?:: (?P<said>.*))?",
    "lower(what)",
    {"original": "what", "client_ip": "nullif(peer, 'local')", "said": "nullif(left(said, 1000), '')"},
)
_ID = "case when starts_with(mid, '<') then mid when mid in ('', 'unspecified', '(nil)') then null else '<' || mid || '>' end"
_OWN = {"message_id": _ID, "recipient": "who", "original": "lower(what)", "next_host": word("local")}
_QUOTA = r"regexp_matches(said, '(?i)\bquota\b|too large')"
SAVED = Rule(
    "saved",
    f"{_DELIVERING} and starts_with(text, 'msgid=')",
    r"msgid=(?P<mid>.*): (?P<what>saved mail to|save failed to open mailbox|save failed to|rejected|discarded)(?::? (?P<said>.*))?",
    "case what when 'saved mail to' then 'deliver' when 'rejected' then 'reject' when 'discarded' then 'discard' "
    f"else if({_QUOTA}, 'fail', 'defer') end",
    {
        **_OWN,
        "mailbox": "case when what = 'saved mail to' then said when starts_with(what, 'save failed') then split_part(said, ': ', 1) end",
        "said": "nullif(left(case when what = 'saved mail to' then '' else said end, 1000), '')",
        "ends": "not starts_with(what, 'save failed')",
    },
)
_EVENTS = {
    "stored mail into mailbox": "deliver",
    "forwarded to": "redirect",
    "rejected message from": "reject",
    "marked message to be discarded": "discard",
    "discarded message": "discard",
    "discarded duplicate forward to": "duplicate",
}
_DONE = (
    "failed to store into mailbox",
    "left message in mailbox",
    "sent vacation response to",
    "discarded vacation reply to",
    "sent notification",
)
_WHAT = "|".join((*_EVENTS, *_DONE))
_ARMS = " ".join(f"when {word(what)} then {word(event)}" for what, event in _EVENTS.items())
_FORWARDS = "lower(what) in ('forwarded to', 'discarded duplicate forward to')"
_TARGET = found("said", "^<([^>]+)>")
SIEVE = Rule(
    "sieve",
    "starts_with(text, 'sieve: ')",
    rf"sieve: (?:[\w-]+: )?msgid=(?P<mid>.*): (?:[\w-]+ action: )?(?P<what>(?i:{_WHAT})) ?(?P<said>.*)",
    f"case lower(what) {_ARMS} when 'failed to store into mailbox' then if({_QUOTA}, 'fail', 'defer') else 'other' end",
    {
        **_OWN,
        "recipient": f"case when {_FORWARDS} then {_TARGET} else who end",
        "related_recipient": f"case when {_FORWARDS} and {_TARGET} is not null then who end",
        "mailbox": "case when lower(what) like '%mailbox' then nullif(regexp_extract(said, '^''(.*?)''', 1), '') end",
        "said": "left(concat_ws(' ', nullif(what, ''), said), 1000)",
        "next_host": "case when lower(what) = 'forwarded to' then null else 'local' end",
        "ends": f"lower(what) in ({', '.join(map(word, _EVENTS))})",
    },
    (r"sieve: (?P<mid>)(?P<what>)(?P<said>.*)",),
)
MAIL_LOG = Rule(  # the plug-in mail_log: what users do with their mail
    "mail-log",
    "regexp_matches(text, '^[a-z_ ]+(?: [^:]*)?: box=')",
    r"(?P<what>[a-z_]+)(?: .*?)?: box=(?P<box>.*?)(?:, uid=(?P<uid>\d+))?(?:, msgid=(?P<mid>.*?))?"
    r"(?:, (?P<said>(?:from|subject|size|vsize|flags)=.*))?",
    word("other"),
    {"original": "what", "mailbox": "box", "message_id": _ID, "user_name": "who", "said": "nullif(left(said, 1000), '')"},
)
AUTH = Rule(  # the login line that follows tells of the same failure
    "auth",
    f"{of('auth', 'auth-worker')} and severity is null",
    r"(?:.*?: )??(?P<what>[\w-]+)\((?P<user>.*?)(?:,(?P<ip>[0-9A-Fa-f.:]+))?(?:,<(?P<session>[^>]*)>)?\): (?P<said>.*)",
    word("other"),
    {
        "original": "what",
        "user_name": "nullif(user, '')",
        "client_ip": "nullif(ip, '')",
        "said": "left(said, 1000)",
        "source": word("auth"),
    },
    (r"(?P<what>)(?P<user>)(?P<ip>)(?P<session>)(?P<said>.*)",),
)
ERROR = Rule(
    "error", "severity is not null", "(?P<said>.*)", word("error"), {"said": "left(said, 1000)", "original": "severity", "user_name": "who"}
)
_SILENT = (
    "master",
    "anvil",
    "config",
    "stats",
    "old-stats",
    "log",
    "indexer",
    "indexer-worker",
    "doveadm",
    "replicator",
    "dict",
    "ssl-params",
)
PROGRAM = Program(
    "dovecot",
    (
        Rule("debug", "program = 'debug'"), LOGIN, ERROR, SAVED, SIEVE, REFUSED, CLOSED, CONNECTED, MAIL_LOG, AUTH,
        Rule("daemon", of(*_SILENT, "script-login", "dns-client", "ipc", "aggregator", "director", "dovecot")),
    ),
    LINES,
)  # fmt: skip
PROGRAMS = ("dovecot",)
