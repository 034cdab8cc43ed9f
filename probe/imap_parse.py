r"""IMAP replies as values: status and response codes, nested data, mailbox names. RFC 3501, 4315, 5530, 6154, 9208. No I/O.

Reads without recursion, so that no depth of brackets harms us; reads lazily, because most lines of most replies interest nobody.
Refuses, with a PROTOCOL fault, what the grammar does not allow. Strings are bytes; `NIL` is None.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probe.dialogue import printable, refuse
from probe.framing import imap_lines
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.dialogue import Unwelcome

Token = bytes | None | list["Token"]

_STATUS = re.compile(rb"(?:\S+ )?(OK|NO|BAD|BYE|PREAUTH)(?: \[([^\]\s]+)(?: ([^\]]*))?\])?", re.IGNORECASE)
_DATA = re.compile(rb"\* (?:(\d{1,20}) )?([A-Za-z][A-Za-z0-9-]*)[ \r\n]*")
_TOKEN = re.compile(
    rb"""[ ]*+(?: (?P<open>\() | (?P<close>\)) | "(?P<quoted>(?:[^"\\]|\\.)*+)" | ~?\{(?P<size>\d{1,20})\+?\}\r?\n
    | (?P<atom>(?:[^\s()"\[]|\[[^\]]*+\])++) | (?P<end>\Z) )""",
    re.VERBOSE | re.DOTALL,
)
_DIGITS = 20  # of the largest number that RFC 9051 knows, 63 bits; Python refuses to read one of thousands
_QUOTABLE = re.compile(rb"[\x20-\x7e]*")
_SHIFTED = re.compile(r"&([^-]*)-")


@dataclass(frozen=True, slots=True)
class Status:
    """A status line: how a command ended, or `BYE`, or a server's word to the side."""

    word: str  # OK, NO, BAD, BYE, PREAUTH; "+" for a continuation; "" for untagged data
    code: str = ""  # response code's name in capitals: AUTHENTICATIONFAILED, UIDNEXT, ...
    value: bytes = b""  # what stands behind the code's name
    line: bytes = b""  # the whole line, for the fault


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply: how it ended, and the untagged lines before (of `* BYE` and of data that ended it, that line is the last)."""

    status: Status
    lines: tuple[bytes, ...] = ()

    def data(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield number (0 = none) and the rest of every untagged line of this name: `* 3 EXISTS`, `* SEARCH 1 2`."""
        wanted = name.encode()
        for line in self.lines:
            found = _DATA.match(line)
            if found and found[2].upper() == wanted:
                yield int(found[1] or 0), line[found.end() :]

    def codes(self) -> dict[str, bytes]:
        """Return the response codes of all its status lines; the last of a name counts."""
        statuses = (status_of(line) for line in self.lines if b"[" in line[:16])
        return {status.code: status.value for status in (*statuses, self.status) if status and status.code}

    def number(self, code: str) -> int | None:
        """Return the number behind a response code, or None: UIDVALIDITY, UIDNEXT."""
        return _number(self.codes().get(code))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What FETCH gave of one message."""

    uid: int
    items: dict[bytes, Token] = field(default_factory=dict)  # by item name in capitals

    @property
    def body(self) -> bytes | None:
        """Return the first section of the message that came, or None: it vanished, or the server said nothing of it."""
        return next((value for name, value in self.items.items() if name.startswith(b"BODY[") and isinstance(value, bytes)), None)

    @property
    def internal_date(self) -> str | None:
        """Return when the server took the message, in its words."""
        value = self.items.get(b"INTERNALDATE")
        return value.decode("ascii", "backslashreplace").strip() if isinstance(value, bytes) else None


@dataclass(frozen=True, slots=True)
class Folder:
    """One mailbox name that LIST gave."""

    wire_name: bytes  # as the server spells it: modified UTF-7
    delimiter: str  # "" = flat
    flags: frozenset[str]  # in capitals: \NOSELECT, \JUNK

    @property
    def name(self) -> str:
        """Return the name for human eyes."""
        return decode_name(self.wire_name)


def broken(why: str, said: bytes) -> Unwelcome:
    """Return the fault for what is no IMAP; the caller knows the step."""
    return refuse(FaultKind.PROTOCOL, "", f"{why}: {printable(said[:200])}")


def parse(reply: bytes, tag: bytes) -> Reply:
    """Take a whole reply apart. Raises: Unwelcome (PROTOCOL, without step) when its last line is neither OK, NO, BAD nor BYE."""
    *lines, last = imap_lines(reply, tag)
    if last.startswith(b"+"):
        return Reply(Status("+", line=last), tuple(lines))
    status = status_of(last)
    if last.startswith(b"* "):
        return Reply(status if status and status.word == "BYE" else Status("", line=last), (*lines, last))
    if status is None:
        raise broken("neither OK, NO nor BAD", last)
    return Reply(status, tuple(lines))


def status_of(line: bytes) -> Status | None:
    """Return the status that a line states, or None where it is data."""
    found = _STATUS.match(line)
    if found is None:
        return None
    return Status(found[1].decode().upper(), (found[2] or b"").decode("ascii", "replace").upper(), found[3] or b"", line)


def tokens(text: bytes) -> list[Token]:
    """Return the values in a line of data, lists as lists.

    Raises: Unwelcome (PROTOCOL, without step) for unbalanced brackets and quotes.
    """
    stack: list[list[Token]] = [[]]
    text = text.removesuffix(b"\n").removesuffix(b"\r")
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise broken("not IMAP data", text[at:])
        at = _take(stack, found, text)
    if len(stack) != 1:
        raise broken("a bracket is not closed", text)
    return stack[0]


def _take(stack: list[list[Token]], found: re.Match[bytes], text: bytes) -> int:
    """Put one token in its place. Returns the index behind it."""
    if found["size"] is not None:
        end = found.end() + int(found["size"])
        stack[-1].append(text[found.end() : end])
        return end
    if found["open"]:
        inner: list[Token] = []
        stack[-1].append(inner)
        stack.append(inner)
    elif found["close"]:
        stack.pop()
        if not stack:
            raise broken("a bracket is closed that was not opened", text)
    elif found["end"] is None:
        stack[-1].append(_string(found))
    return found.end()


def _string(found: re.Match[bytes]) -> bytes | None:
    if found["quoted"] is not None:
        return re.sub(rb"\\(.)", rb"\1", found["quoted"])
    return None if found["atom"].upper() == b"NIL" else found["atom"]


def _number(word: Token) -> int | None:
    """Return a number, or None for what is none, and for one that no server can mean."""
    return int(word) if isinstance(word, bytes) and word.isdigit() and len(word) <= _DIGITS else None


def fetched(reply: Reply) -> list[Fetched]:
    """Return the messages that a UID FETCH gave, by rising UID; what came unasked (flags, without a UID) is not among them."""
    by_uid: dict[int, dict[bytes, Token]] = {}
    for _, text in reply.data("FETCH"):
        items = _pairs(tokens(text))
        uid = _number(items.get(b"UID"))
        if uid is not None:
            by_uid.setdefault(uid, {}).update(items)
    return [Fetched(uid, items) for uid, items in sorted(by_uid.items())]


def _pairs(values: list[Token]) -> dict[bytes, Token]:
    """Return a list of names and values (the only one in `values`) as a dict, names in capitals."""
    inner = values[0] if len(values) == 1 and isinstance(values[0], list) else []
    return {name.upper(): value for name, value in zip(inner[::2], inner[1::2], strict=False) if isinstance(name, bytes)}


def found_uids(reply: Reply) -> list[int]:
    """Return the numbers that SEARCH gave, rising; a server may spread them over lines, or say nothing for none."""
    numbers = (_number(word) for _, text in reply.data("SEARCH") for word in text.split())
    return sorted({number for number in numbers if number is not None})


def state_of(reply: Reply) -> dict[str, int]:
    """Return what STATUS said, by item name: {"UIDNEXT": 5, "UIDVALIDITY": 1}."""
    return {
        name.decode("ascii", "replace"): number
        for _, text in reply.data("STATUS")
        for name, value in _pairs(tokens(text)[1:]).items()
        if (number := _number(value)) is not None
    }


def folders(reply: Reply) -> list[Folder]:
    """Return the mailboxes that LIST gave."""
    rows = [tokens(text) for _, text in reply.data("LIST")]
    return [folder for folder in (_folder(row) for row in rows) if folder]


def _folder(row: list[Token]) -> Folder | None:
    match row:
        case [list() as flags, bytes() | None as delimiter, bytes() as name, *_]:
            spelled = frozenset(flag.decode("ascii", "replace").upper() for flag in flags if isinstance(flag, bytes))
            return Folder(name, (delimiter or b"").decode("ascii", "replace"), spelled)
    return None


def quotas(reply: Reply) -> Iterator[tuple[str, int, int]]:
    """Yield resource, usage and limit of each QUOTA line (RFC 9208): ("STORAGE", 10, 512), in the resource's own unit."""
    for _, text in reply.data("QUOTA"):
        values = tokens(text)[-1:]
        row = values[0] if values and isinstance(values[0], list) else []
        yield from filter(None, map(_quota, row[::3], row[1::3], row[2::3]))


def _quota(name: Token, usage: Token, limit: Token) -> tuple[str, int, int] | None:
    match name, _number(usage), _number(limit):
        case bytes() as resource, int() as used, int() as most:
            return resource.decode("ascii", "replace").upper(), used, most
    return None


def personal_prefixes(reply: Reply) -> list[tuple[str, str]]:
    """Return prefix and delimiter of the personal namespaces (RFC 2342): [("INBOX.", ".")]."""
    return _prefixes(reply)[0]


def foreign_prefixes(reply: Reply) -> list[str]:
    """Return the prefixes of what belongs to other users, or to all."""
    return [prefix for spaces in _prefixes(reply)[1:] for prefix, _ in spaces]


def _prefixes(reply: Reply) -> list[list[tuple[str, str]]]:
    """Return prefixes and delimiters of the three kinds of namespaces: personal, other users', shared."""
    spaces = next((tokens(text) for _, text in reply.data("NAMESPACE")), [])
    kinds = [space if isinstance(space, list) else [] for space in (*spaces, None, None, None)[:3]]
    return [[prefix for prefix in map(_prefix, kind) if prefix] for kind in kinds]


def _prefix(space: Token) -> tuple[str, str] | None:
    match space:
        case [bytes() as prefix, bytes() | None as delimiter, *_]:
            return decode_name(prefix), (delimiter or b"").decode("ascii", "replace")
    return None


def quoted(text: bytes) -> bytes | None:
    r"""Return text as a quoted string, or None where only a literal can carry it (line ends, 8-bit, control characters)."""
    if not _QUOTABLE.fullmatch(text):
        return None
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def decode_name(spelled: bytes) -> str:
    """Return a mailbox name for human eyes, from modified UTF-7 (RFC 3501, 5.1.3); what is not modified UTF-7 stays as it is.

    Nothing in it commands a terminal: any control character can be shifted.
    """

    def unshift(run: re.Match[str]) -> str:
        packed = run[1].replace(",", "/")
        return b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-16-be") if packed else "&"

    text = spelled.decode("utf-8", "backslashreplace")
    try:
        return printable(_SHIFTED.sub(unshift, text))
    except ValueError:
        return printable(text)
