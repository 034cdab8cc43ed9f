"""Strangers' words made harmless before anybody reads them: one line, bounded, without control, format or direction characters. Pure.

Servers, directories and mail headers write these words; a notice's subject becomes a header, its text goes to terminals and telephones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import combining, normalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SENTENCE = 500  # characters of one sentence that are shown
NAME = 120  # of a name
CUT = ".."  # stands for what was left out; ASCII, so that a telephone shows it
SHOWN = 20  # of a list
TO = " to "  # between the ends of a way
LEAST_END = 10  # characters of a name at the end of a way
STACK = 2  # accents upon one letter; more is an attack on the lines above
PLAIN = str.maketrans({"`": "'", "{": "(", "}": ")", "[": "(", "]": ")", "\\": "/", "|": "/", "^": "'", "~": "-", "ß": "ss", "→": "->"})
UNKNOWN = "?"  # for a letter that a telephone's alphabet lacks


def line(text: str, most: int = SENTENCE) -> str:
    """Return text as one clean line of at most `most` characters."""
    head = text[: 4 * most + 4]  # a megabyte is not looked at
    whole = " ".join("".join(char if char.isprintable() else " " for char in head).split())
    calm = _without_stacks(whole)
    return calm if len(calm) <= most and len(head) == len(text) else f"{calm[: most - len(CUT)].rstrip()}{CUT}"


def _without_stacks(text: str) -> str:
    """Return text with at most `STACK` accents upon each letter."""
    if text.isascii():
        return text
    kept, stacked = [], 0
    for char in text:
        stacked = stacked + 1 if combining(char) else 0
        if stacked <= STACK:
            kept.append(char)
    return "".join(kept)


def lines(text: str, most: int) -> str:
    """Return text of several lines, each of them clean; empty ones stay."""
    rows = text[: most + 1].replace("\r\n", "\n").split("\n")
    whole = "\n".join(f"{row[: len(row) - len(row.lstrip(' '))]}{line(row, most)}".rstrip() for row in rows)
    return whole if len(whole) <= most else f"{whole[: most - len(CUT)]}{CUT}"


def middle(text: str, most: int) -> str:
    """Return a name of at most `most` characters that keeps both its ends: what differs stands there."""
    if len(text) <= most:
        return text
    tail = (most - len(CUT)) // 2
    return f"{text[: most - len(CUT) - tail]}{CUT}{text[len(text) - tail :]}"


def way(text: str, most: int) -> str:
    """Return a way, `smtps, submission to imap, pop3s`, in about `most` characters: `smtps +1 to imap +1`; what is no way as `middle`."""
    starts, to, ends = text.partition(TO)
    if len(text) <= most or not to:
        return middle(text, most)
    room = max((most - len(TO)) // 2, LEAST_END)
    return f"{_end(starts, room)}{TO}{_end(ends, room)}"


def _end(names: str, room: int) -> str:
    """Return the first of the servers at one end of a way, of a long host's name its first label, and how many more there are."""
    first, *more = names.split(", ")
    label = f"{first.partition('.')[0]}{CUT}"
    said = label if len(first) > room >= len(label) and "." in first else middle(first, room)
    return f"{said}{f' +{len(more)}' if more else ''}"


def plain(text: str) -> str:
    """Return text in letters that take one place each in a text message (GSM 7 bit): ASCII without what needs an escape there."""
    bare = "".join(char for char in normalize("NFKD", text.translate(PLAIN)) if not combining(char))
    return "".join(char if char.isascii() and char.isprintable() else UNKNOWN for char in bare.translate(PLAIN))


def some(items: Sequence[str], most: int = SHOWN, length: int = SENTENCE) -> list[str]:
    """Return the first of a list, clean, and how many more there are."""
    shown = [line(item, length) for item in items[:most]]
    return [*shown, f"and {len(items) - most} more"] if len(items) > most else shown


def spoken(items: Iterable[str]) -> str:
    """Return a list as people say it: `imap, pop3s and smtp`."""
    *first, last = list(items) or [""]
    return f"{', '.join(first)} and {last}" if first else last
