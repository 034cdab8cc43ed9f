"""What a log file's name says about its age: numbers of logrotate, newsyslog and exicyclog, dates, Exchange's hours, Oracle's words.

    mail.log.3.gz  mail.log.2  mail.log.1  mail.log            a higher number is older
    mail.log-20261119.gz  mail.log-20261120  mail.log          dates; with hour, or with seconds since 1970, behind
    mail-20261119.log  mail.1.log                              the same in front of the ending
    MSGTRK2026112008-1.LOG  MSGTRK2026112008-2.LOG             Exchange: day [hour] - number within
    mail.log  mail.log_yesterday  mail.log_current             Oracle: the plain name is the oldest where there is a current one

Pure: names only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

PACKED = (".gz", ".bz2", ".xz", ".zst")
_DATE = r"(?P<date>(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?:[-T_.]?\d{2}(?:[-:]?\d{2}){0,2}|-\d{9,11})?)"
_RULES = tuple(
    re.compile(rule, re.IGNORECASE)
    for rule in (
        r"^(?P<base>MSGTRK\D{0,2}|RECV|SEND|CONNECTLOG)(?P<date>\d{8}(?:\d\d)?)-(?P<part>\d{1,9})\.log$",
        rf"^(?P<base>.*?)[-._]{_DATE}(?:[-.](?P<part>\d{{1,4}}))?$",
        rf"^(?P<base>.*?)[-._]?{_DATE}(?:[-.](?P<part>\d{{1,4}}))?(?P<end>\.(?:log|txt|csv|out))$",
        r"^(?P<base>.+)\.(?P<number>\d{1,4})$",
        r"^(?P<base>.+)\.(?P<number>\d{1,4})(?P<end>\.(?:log|txt))$",
        r"^(?P<base>.+)(?P<word>_current|_yesterday|[._-]old|[._-]prev(?:ious)?)$",
    )
)
_WORDS = {"_current": (3, 0), "_yesterday": (2, 1)}  # the others are the number 1


@dataclass(frozen=True, slots=True)
class Age:
    """Where a name stands in its series: the smaller, the older."""

    base: str  # what all names of the series share
    kind: str  # date, number, word or plain: two kinds cannot be compared by name
    rank: tuple[str, int]
    rotated: bool


def unpacked(name: str) -> str:
    """Return the name without its endings of packing."""
    while name.lower().endswith(PACKED):
        name = name.rpartition(".")[0]
    return name


@lru_cache(maxsize=1 << 16)  # whoever follows asks the same names each second
def age(name: str) -> Age:
    """Read a file's name (without its folder)."""
    bare = unpacked(name)
    for rule in _RULES:
        match = rule.match(bare)
        if match:
            return _age(match.groupdict())
    return Age(bare, "plain", ("", 0), rotated=False)


def _age(parts: dict[str, str | None]) -> Age:
    base = f"{parts['base']}{parts.get('end') or ''}"
    if date := parts.get("date"):
        exchange = "end" not in parts and "number" not in parts and base.upper().startswith(("MSGTRK", "RECV", "SEND", "CONNECTLOG"))
        return Age(base, "date", (_digits(date), int(parts.get("part") or 0)), rotated=not exchange)
    if number := parts.get("number"):
        return Age(base, "number", ("", -int(number)), rotated=True)
    word = (parts.get("word") or "").lower()
    if word in _WORDS:
        return Age(base, "word", ("", _WORDS[word][0]), rotated=word != "_current")
    return Age(base, "number", ("", -1), rotated=True)


def _digits(date: str) -> str:
    """Bring a date to digits that compare as text: the day, then what follows it."""
    day, rest = re.sub(r"\D", "", date[:10] if "-" in date[:8] else date[:8]), date[10:] if "-" in date[:8] else date[8:]
    return f"{day}{re.sub(r'[^0-9]', '', rest)}"
