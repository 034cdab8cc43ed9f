"""Filters and policy services beside the mail server: whose queue id, or which client, sender and recipient they judged (FORMATS 8).

None of them is a hop and none makes an id of its own. What they say of themselves is noise.
"""

from __future__ import annotations

from tracking.formats.postfix_ids import ID as POSTFIX_ID
from tracking.formats.program import Program, Rule, found, starts, word
from tracking.formats.sendmail_ids import ID as SENDMAIL_ID

_ID = f"{POSTFIX_ID}|{SENDMAIL_ID}"
_TIED = {
    "link_rule": "case when id is not null then 'filter-id' end",
    "link_id": "id",
    "link_way": "case when id is not null then 'in' end",
}
_NOISE = Rule("daemon", "severity is null")
ERROR = Rule("error", "severity is not null", "(?P<said>.*)", word("error"), {"original": "severity", "said": "left(said, 1000)", **_TIED})


def _lines(software: str, before: str = "") -> str:
    """Return lines whose text may begin with a queue id and a colon (opendmarc leaves the colon out at times)."""
    return rf"""
        select n, time, uncertainty, server, instance, program, tag, severity, nullif(front, '') as id,
               case when front <> '' and {word(before)} = '' then ltrim(substr(rest, length(front) + 1), ': ') else rest end as text
        from (select *, regexp_extract(rest, '^{before}({_ID}):? ', 1) as front from heads where software = {word(software)})
    """


def _verdict(where: str, columns: dict[str, str], pattern: str = "(?P<said>.*)") -> Rule:
    return Rule("verdict", where, pattern, word("agent"), {"said": "left(said, 1000)", **_TIED, **columns})


def _address(*names: str) -> str:
    return found("said", rf"(?:^|[\s,;])(?:{'|'.join(names)})=<?([^<>,;\s]*)")


_OF = {  # policy services judge before there is an id
    "client_ip": _address("client_address", "client-ip", "<?client"),
    "client_host": f"nullif({_address('client_name', 'helo')}, 'unknown')",
    "sender": _address("sender", "envelope-from", "from"),
    "recipient": _address("recipient", "to"),
}
_NAMED = {"original": "split_part(said, ' ', 1)"}
_BEGINNINGS = starts("action=", "prepend ", "decided action=", "Policy action=", "rule=", "spfcheck: ", "[RULES]")
_POLICY = f"severity is null and ({_BEGINNINGS} or contains(text, 'identity=') or regexp_matches(text, '^[45]\\d\\d '))"
_JUDGED = _verdict(_POLICY, {**_OF, "original": r"regexp_extract(said, '^(?:.*?action=)?([\w:.-]+)', 1)"})
_SPAMD = _verdict(
    starts("spamd: result: "),
    {
        "original": "flag",
        "message_id": "nullif(nullif(mid, ''), '(unknown)')",
        "bytes": "try_cast(size as bigint)",
        "delay_seconds": "try_cast(took as double)",
    },
    r"(?P<said>spamd: result: (?P<flag>[.Y]) -?\d+ - \S* scantime=(?P<took>[\d.]+),size=(?P<size>\d+),.*?(?:,mid=(?P<mid>.*?))?"
    r"(?:,(?:rmid|bayes|autolearn|shortcircuit)=.*)?)",
)
_CLAMAV = _verdict(
    "contains(text, 'infected by ') or starts_with(text, 'Clean message from ')",
    {
        "original": "if(contains(said, 'infected by '), 'infected', 'clean')",
        "sender": found("said", "essage (?:[0-9A-Za-z]+ )?from <([^<>]*)>"),
        "recipient": found("said", "^[^<>]*<[^<>]*> to <([^<>]*)>"),
    },
)
_TOLD = _verdict("severity is null and id is not null", _NAMED)
_NONE = ()
_TABLE: dict[str, tuple[tuple[str, ...], tuple[Rule, ...], str]] = {  # software -> its tags, its rules, what stands before its id
    "opendkim": (_NONE, (_TOLD,), ""),
    "opendmarc": (_NONE, (_TOLD,), ""),
    "dkimpy": (("dkimpy-milter",), (_TOLD,), ""),
    "mimedefang": (("mimedefang.pl",), (_TOLD,), ""),
    "postgrey": (_NONE, (_JUDGED,), ""),
    "policyd-spf": (("policy-spf",), (_JUDGED,), ""),
    "policyd-weight": (_NONE, (_JUDGED,), ""),
    "postfwd": (("postfwd2", "postfwd3"), (_JUDGED,), ""),
    "spamd": (_NONE, (_SPAMD,), ""),
    "clamav-milter": (_NONE, (_CLAMAV,), "Message "),
}
FILTERS = {
    software: Program(software, (*rules, ERROR, _NOISE), _lines(software, before)) for software, (_, rules, before) in _TABLE.items()
}
PROGRAMS = {tag: software for software, (tags, _, _) in _TABLE.items() for tag in (software, *tags)}
