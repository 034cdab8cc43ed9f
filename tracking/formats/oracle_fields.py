"""The fields of the Oracle (Sun, iPlanet) Messaging Server's `mail.log` lines, whatever `log_format` wrote them (FORMATS 7): SQL.

Each form fills `oracle_rows` with the same columns, named as the XML form names them. Here: XML (4) and JSON (5, 6). A key that we do not
know is passed over; the order of keys is free.
"""

from __future__ import annotations

from tracking.formats.postfix_rule import word

KEYS = (
    *("no", "pi", "sc", "dc", "ac", "sz", "so", "od", "de", "fi", "ei", "mi", "us", "ss", "re", "di", "tr", "ap", "qt", "dr"),
    *("fl", "rf", "se", "pr"),
)
MADE = (
    "create or replace temp table oracle_rows (n BIGINT, element VARCHAR, stamp VARCHAR, "
    + ", ".join(f"{key} VARCHAR" for key in KEYS)
    + ")"
)
_LINES = "select n, line from landed where "
_PLAIN = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def _unescaped(text: str) -> str:
    plain = text
    for escape, character in _PLAIN.items():
        plain = f"replace({plain}, {word(escape)}, {word(character)})"
    return f"case when contains({text}, '&') then {plain} else {text} end"


def _attribute(key: str) -> str:
    """Quotes inside a value are escaped, so that nothing in it looks like an attribute."""
    return f"nullif(regexp_extract(line, ' {key}=\"([^\"]*)\"', 1), '')"


_ELEMENT = r'<(en|co|he)((?: [\w:.-]+="[^"]*")+) ?(?:/>|>.*)'
XML = f"""
insert into oracle_rows by name
select n, element, {_unescaped("stamp")} as stamp, {", ".join(f"{_unescaped(key)} as {key}" for key in KEYS)}
from (select n, line[2:3] as element, {_attribute("ts")} as stamp, {", ".join(f"{_attribute(key)} as {key}" for key in KEYS)}
      from ({_LINES} starts_with(line, '<') and regexp_full_match(line, {word(_ELEMENT)})))
"""


def _member(key: str) -> str:
    """Flat, or inside a member that is named as the element is."""
    paths = (f"json_extract_string(line, '$.{element}{key}')" for element in ("", "en.", "co.", "he."))
    return f"nullif(coalesce({', '.join(paths)}), '')"


_KIND = "case when coalesce(json_extract_string(line, '$.co.ac'), json_extract_string(line, '$.ac')) in ('O', 'C', 'X', 'Y', 'U', 'I')"
JSON = f"""
insert into oracle_rows by name
select n, {_KIND} or json_exists(line, '$.co') then 'co' when {_member("ac")} is null then 'he' else 'en' end as element,
       {_member("ts")} as stamp, {", ".join(f"{_member(key)} as {key}" for key in KEYS)}
from ({_LINES} starts_with(line, '{{') and json_valid(line))
"""
