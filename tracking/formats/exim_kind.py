"""What a kind of Exim's lines is, and how their fields are cut (FORMATS 5).

Quoted texts and comments of names are skipped as a whole, so that what a peer wrote there is no field. A field takes as little as will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.formats.postfix_rule import word

if TYPE_CHECKING:
    from collections.abc import Mapping

QUOTED = r'"(?:[^"\\]|\\.)*"'
_ASIDE = rf"{QUOTED}|\([^)]*\)"
WORDS = rf'(?: (?:[^\s"(]|{QUOTED}|\([^)]*\))+?)'  # a blank and the next field
RAW = rf'(?:[^\s"]|{QUOTED})+'
PEER = r"(?:^| )H=(?:([^\s(\[]\S*) )?(?:\(([^)]*)\) )?\[([^\]]+)\]"
ENHANCED = r"(?:^|[ :])[245]\d\d[- ]([245]\.\d{1,3}\.\d{1,3})\b"


@dataclass(frozen=True, slots=True)
class Kind:
    """Lines of one kind: SQL that cuts them, layer over layer, and what the parts mean."""

    name: str
    layers: tuple[Mapping[str, str], ...]  # names for SQL over those before it; the first reads `text`
    event: str
    columns: Mapping[str, str]
    where: str = "true"  # over the parts: a line that does not hold is unparsed


def cut(text: str, pattern: str, *names: str) -> str:
    """Return SQL: the groups of a pattern, a struct of these names; all empty where it does not fit."""
    return f"regexp_extract({text}, {word(pattern)}, [{', '.join(word(name) for name in names)}])"


def field_of(name: str, text: str) -> str:
    """Return SQL: the value of `name=value`, NULL where there is none."""
    return f"nullif(split_part(split_part(' ' || {text}, ' {name}=', 2), ' ', 1), '')"


def plain(text: str) -> str:
    """Return SQL: whether a text holds neither quotes nor parentheses with blanks: then its blanks part its fields."""
    return f"""not contains({text}, '"') and not (contains({text}, '(') and regexp_matches({text}, '\\([^)]*( |$)'))"""


def bare(text: str) -> str:
    """Return SQL: fields without what is quoted or in parentheses."""
    return f"case when {plain(text)} then {text} else regexp_replace({text}, {word(_ASIDE)}, '', 'g') end"


def before(text: str, mark: str) -> str:
    """Return SQL: what stands before the first of these marks."""
    return f"split_part({text}, {word(mark)}, 1)"


def behind(text: str, mark: str) -> str:
    """Return SQL: all that stands behind the first of these marks."""
    return f"substr({text}, length(split_part({text}, {word(mark)}, 1)) + {len(mark) + 1})"


def some(text: str) -> str:
    """Return SQL: the text, NULL when it is empty."""
    return f"nullif({text}, '')"


def seconds(text: str) -> str:
    """Return SQL: the seconds of `1d2h3m4.5s`, NULL of NULL."""
    units = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
    sums = (f"coalesce(try_cast(regexp_extract({text}, '([\\d.]+){unit}', 1) as double), 0) * {of}" for unit, of in units.items())
    return f"case when {text} is not null then {' + '.join(sums)} end"


FROM = {"client_host": some("peer.host"), "client_ip": some("peer.ip")}
AT = r"(?:^| )(?:H=)?(?:([^\s(\[]\S*) )?(?:\(([^)]*)\) )?\[([0-9a-fA-F:.]+)\]"  # a peer that has no `H=`
