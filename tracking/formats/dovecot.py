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
_FRONT = r"^(\w[\w-]*)(?:\((.*)\))?((?:(?:, session=)?<[^<>]*>)*)$"
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
                select *, regexp_extract(front, '{_FRONT}', ['service', 'name', 'marks']) as parts,
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
_ENDED = ("Disconnected", "Aborted login", "Login aborted", "Login failed", "Connection closed")
_LOGINS = "ends_with(program, '-login') and severity is null"
REFUSED = Rule(
    "refused",
    f"{_LOGINS} and {starts(*_ENDED)}",
    rf"(?P<what>{'|'.join(_ENDED)})(?::? (?P<reason>.*?))?: (?P<fields>(?:user=<|method=|rip=).*)",
    f"case when {' or '.join(f'contains(reason, {word(text)})' for text in _GUESSED)} then 'login-failed' else 'disconnect' end",
    {**_CLIENT, "original": "what", "said": "nullif(reason, '')"},
    (r"(?P<what>\w+(?: \w+)?)(?P<reason>.*?)(?P<fields>)",),
)
DOOR = Rule(  # what else the servers at the door say of a client: proxies, limits
    "door",
    _LOGINS,
    r"(?P<reason>.*?): (?P<fields>(?:user=<|method=|rip=).*)",
    "case when contains(reason, ': started proxying') then 'login' when contains(reason, ': disconnecting') then 'disconnect' "
    "else 'other' end",
    {**_CLIENT, "original": "split_part(reason, '(', 1)", "said": "left(reason, 1000)"},
    (r"(?P<reason>.*)(?P<fields>)",),
)
CLOSED = Rule(
    "closed",
    f"{of('imap', 'pop3', 'submission', 'managesieve', 'imap-hibernate', 'IMAP', 'POP3', 'MANAGESIEVE')} and severity is null and "
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
# A Message-ID is what its sender chose, and may end in brackets that are none: of the last words of Dovecot only those count that end the
# line as Dovecot ends it.
_MESSAGE_ID = r"nullif(regexp_extract(front, 'msgid=(.*?)(?:: [\w-]+ action)?(?:, [a-z_]+=.*)?$', 1), '')"
_ID = "case when starts_with(mid, '<') then mid when mid in ('', 'unspecified', '(nil)') then null else '<' || mid || '>' end"
_EVENTS = {  # how Dovecot's own words begin -> what became of the message; a message that was taken and then refused goes back
    "saved mail to": "deliver",
    "stored mail into mailbox": "deliver",
    "forwarded to": "redirect",
    "rejected message from": "fail",
    "rejected": "fail",
    "marked message to be discarded": "discard",
    "discarded message": "discard",
    "discarded duplicate forward to": "duplicate",
    "discarded": "discard",
}
_FAILED = ("save failed to open mailbox", "save failed to", "failed to store into mailbox")  # fail where it is for good, else tried again
_BESIDE = (  # what leaves the message where it was
    *("left message in mailbox", "sent vacation response to", "discarded duplicate vacation response to", "discarded vacation reply"),
    *("sent notification", "failed to send", "failed to forward", "failed to redirect", "not forwarded", "not sending"),
)
_SHAPES = (
    r"(?:stored mail into|left message in) mailbox '[^']*'", r"forwarded to <[^<>]*>", r"discarded duplicate forward to <[^<>]*>",
    r"rejected message from <.*> \([^()]*\)", r"(?:sent|discarded duplicate) vacation response to <.*>",
    r"marked message to be discarded if not explicitly delivered(?: \([\w ]+\))?",
)  # fmt: skip
_SHAPED = "|".join(_SHAPES)
_WORDS = (*_EVENTS, *_FAILED, *_BESIDE)
_LONGEST = sorted(_WORDS, key=len, reverse=True)
_WHAT = "|".join(_LONGEST)
_BEGUN = "case " + " ".join(f"when starts_with(lower(done), {word(what)}) then {word(what)}" for what in _LONGEST) + " end"
_ARMS = " ".join(f"when {word(what)} then {word(event)}" for what, event in _EVENTS.items())
_QUOTA = r"regexp_matches(said, '(?i)\bquota\b|too large')"
_TARGET = found("said", "^<([^>]+)>")
_FORWARDS = "what = 'forwarded to'"
_DELIVERED = {
    "message_id": _ID,
    "original": "what",
    "recipient": f"case when {_FORWARDS} then {_TARGET} else who end",
    "related_recipient": f"case when {_FORWARDS} and {_TARGET} is not null then who end",
    "mailbox": "case when ends_with(what, 'mailbox') then nullif(regexp_extract(said, '^''(.*?)''', 1), '') "
    "when what = 'saved mail to' then said when starts_with(what, 'save failed') then split_part(said, ': ', 1) end",
    "said": "left(done, 1000)",
    "next_host": "case when what = 'forwarded to' then null else 'local' end",
    "ends": f"what in ({', '.join(map(word, _EVENTS))})",
}
_BEFORE = r"(?P<front>.*?msgid=.*)"
DELIVERED = Rule(  # `[sieve: ]msgid=<id>: [redirect action: ]forwarded to <a>`; also with any other fields in front (deliver_log_format)
    "delivered",
    f"{_DELIVERING} and severity is null and contains(text, 'msgid=')",
    rf"{_BEFORE}(?:: |, )(?:[\w-]+ action: )?(?P<done>(?i:{_SHAPED}))",
    f"case what {_ARMS} when 'failed to store into mailbox' then {{failed}} when 'save failed to' then {{failed}} "
    "when 'save failed to open mailbox' then {failed} else 'other' end".format(failed=f"if({_QUOTA}, 'fail', 'defer')"),
    _DELIVERED,
    (rf"{_BEFORE}(?:: |, )(?:[\w-]+ action: )?(?P<done>(?i:{_WHAT}).*)", r"(?P<front>.*?msgid=.*?): (?P<done>.*)"),
    (
        {"what": f"coalesce({_BEGUN}, 'other')", "mid": _MESSAGE_ID},
        {"said": "ltrim(substr(done, length(what) + 1), ' :')"},
    ),
)
SIEVE = Rule(  # what Sieve says besides, also of messages that an IMAP client moves
    "sieve", "starts_with(text, 'sieve: ')", "sieve: (?P<said>.*)", word("other"), {"said": "left(said, 1000)", "original": word("sieve")}
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
    r"(?:.*?: )??(?P<what>[\w-]+)\((?P<account>.*?)(?:,(?P<ip>[0-9A-Fa-f.:]+))?(?:,<(?P<session>[^>]*)>)?\): (?P<said>.*)",
    word("other"),
    {
        "original": "what",
        "user_name": "nullif(account, '')",
        "client_ip": "nullif(ip, '')",
        "said": "left(said, 1000)",
        "source": word("auth"),
    },
    (r"(?P<what>)(?P<account>)(?P<ip>)(?P<session>)(?P<said>.*)",),
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
    "ssl-build-param",
    "quota-status",
    "health-check",
    "dsync-local",
    "dsync-server",
)
PROGRAM = Program(
    "dovecot",
    (
        Rule("debug", "program = 'debug'"), LOGIN, ERROR, DELIVERED, SIEVE, REFUSED, DOOR, CLOSED, CONNECTED, MAIL_LOG, AUTH,
        Rule("daemon", of(*_SILENT, "script-login", "dns-client", "ipc", "aggregator", "director", "dovecot")),
    ),
    LINES,
)  # fmt: skip
PROGRAMS = ("dovecot",)
