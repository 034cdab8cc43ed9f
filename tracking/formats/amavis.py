"""Amavis's line of a message's end: `(pid-nn-m) Passed CLEAN {..}, [ip] <from> -> <to>, Queue-ID: A, .., queued_as: B, ..` (FORMATS 8).

It ties the id before the filter to the ids after it. Senders choose the Message-ID and the subject in its middle: an id is taken only
where it stands once. What it logs of its work besides is noise.
"""

from __future__ import annotations

from tracking.formats.program import ADDRESS, Program, Rule, found, word

_ONE = f"<{ADDRESS}>"
_HEAD = (
    r"\((?P<task>[\w-]+)\) (?P<what>Passed|Blocked)(?: (?P<verdict>[A-Z][A-Z0-9-]*))?(?: \((?P<names>.*?)\))?(?: \{(?P<did>[^}]*)\})?"
    rf",(?P<route>[^<>]*) <(?P<sender>{ADDRESS})> -> (?P<given>{_ONE}(?:,{_ONE})*)(?P<fields>(?:, .*)?)"
)


def _once(key: str, pattern: str) -> str:
    """Return SQL: the value of a field that stands once in the line; NULL where it does not."""
    text = word(f", {key}: ")
    times = f"(length(fields) - length(replace(fields, {text}, ''))) / length({text})"
    return f"case when {times} = 1 then {found('fields', f', {key}: ({pattern})(?:,|$)')} end"


_ID = r"[0-9A-Za-z]{6,40}"
ENDED = Rule(
    "ended",
    "regexp_matches(text, '^\\([\\w-]+\\) (?:Passed|Blocked)[ ,]')",
    _HEAD,
    word("agent"),
    {
        "part": "seat - 1",
        "internal_message_id": "coalesce(mail_id, task)",
        "original": "concat_ws(' ', what, nullif(verdict, ''))",
        "sender": "sender",
        "recipient": "trim(each.who, '<>')",
        "recipient_count": "length(whom)",
        "client_ip": r"nullif(regexp_extract(route, '\[([0-9A-Fa-f.:]+)\](?::\d+)?(?: \[[^\]]*\])?$', 1), '')",
        "original_client_ip": r"nullif(regexp_extract(route, '\] \[([0-9A-Fa-f.:]+)\]$', 1), '')",
        "message_id": _once("Message-ID", r"<[^<>]*>"),
        "bytes": f"try_cast({_once('size', '[0-9]+')} as bigint)",
        "reference": _once("quarantine", r"\S+"),
        "delay_seconds": r"try_cast(nullif(regexp_extract(fields, ', (\d+) ms\b', 1), '') as double) / 1000",
        "said": "left(concat_ws(' ', what, nullif(verdict, ''), nullif(names, ''), nullif(did, ''), 'Hits: ' || hits), 1000)",
        "link_rule": "case when each.claim.id is not null then 'filter-id' end",
        "link_id": "each.claim.id",
        "link_way": "each.claim.way",
    },
    (),
    (
        {
            "whom": f"regexp_extract_all(given, {word(_ONE)})",
            "mail_id": _once("mail_id", r"[\w-]+"),
            "hits": _once("Hits", r"[-+.\d/]+"),
            "before": _once("Queue-ID", _ID),
            "after": f"string_split({_once('queued_as', rf'{_ID}(?:/{_ID})*')}, '/')",
        },
        {
            "claims": "list_concat(case when before is null then [] else [{'id': before, 'way': 'in'}] end, "
            "coalesce(list_transform(after, lambda id: {'id': id, 'way': 'out'}), []))"
        },
        {"rows": "list_transform(range(greatest(length(whom), length(claims))), lambda i: {'who': whom[i + 1], 'claim': claims[i + 1]})"},
        {"each": "unnest(rows)", "seat": "generate_subscripts(rows, 1)"},
    ),
)
ERROR = Rule(
    "error",
    "severity is not null or regexp_matches(text, '^(?:\\([\\w-]+\\) )?\\(!+\\)')",
    "(?P<said>.*)",
    word("error"),
    {"original": "coalesce(severity, '(!)')", "said": "left(said, 1000)"},
)
PROGRAM = Program("amavis", (ENDED, ERROR, Rule("detail", "true")))
PROGRAMS = ("amavis", "amavisd", "amavisd-new", "amavis-mc")
