"""One event per recipient: the `;` lists of recipients and statuses taken apart and put side by side.

The two lists are documented as parallel, but a status holds `;` itself (`[{LED=..};{MSG=}]`, a reply's free text). So: one recipient has
the whole status; equal counts pair by position; else the statuses are split only where one can begin (a reply code, `[{LED=`, To, Cc,
Bcc); if the counts still differ, every recipient has the whole text, marked as shared. No recipient is ever dropped. Linear in the length
of the row.
"""

from __future__ import annotations

SEVERAL = "contains(trim(recipients, '; '), ';')"  # SQL: this row must be taken apart
MANY = 64  # recipients: beyond, what belongs to the row stands on its first event alone, or 10,000 copies of it would fill the memory
_QUOTED = r"""regexp_extract_all(recipients || ';', '((?:"(?:[^"\\]|\\.)*"|[^;"]|")*);', 1)"""  # a quoted local part may hold the separator
_CAPPED = 1000  # characters of a status that is shared
_STARTS = r"regexp_replace(statuses, ';(\s*(?:[2-5]\d\d[ -]|\[\{LED=|(?:To|Cc|Bcc|Unknown)\b))', chr(1) || '\1', 'g')"


def single(rows: str) -> str:
    """Return SQL: the rows of at most one recipient, as events."""
    return f"""select *, 0 as part, 1 as recipients_here, recipients as recipient, statuses as status, false as shared
        from ({rows})"""  # noqa: S608 our own words


def several(rows: str) -> str:
    """Return SQL: the rows of several recipients, one event each."""
    lists = f"""select *, case when contains(recipients, '"') then {_QUOTED} else string_split(recipients, ';') end as addresses,
        string_split(statuses, ';') as plain, string_split({_STARTS}, chr(1)) as begun from ({rows})"""  # noqa: S608
    paired = """select *, case
            when statuses is null then null
            when not contains(statuses, '[{LED=') and len(plain) = len(addresses) then plain
            when len(begun) = len(addresses) then begun
            when len(plain) = len(addresses) then plain end as paired,
        statuses is not null and paired is null as shared"""
    told = f"""select * exclude (addresses, plain, begun, paired), len(addresses) as recipients_here,
        unnest(range(len(addresses)))::integer as part, unnest(addresses) as recipient,
        unnest(case when shared then list_transform(addresses, lambda x: left(statuses, {_CAPPED}))
            when paired is null then list_transform(addresses, lambda x: null::varchar) else paired end) as status"""
    names = "part, recipients_here, recipient, status, shared"
    apart = f"{told} from ({paired} from ({lists}))"
    plain = "part, recipients_here, trim(recipient) as recipient, nullif(trim(status), '') as status, shared"
    return f"select * exclude ({names}), {plain} from ({apart}) where trim(recipient) <> ''"  # noqa: S608 our own words
