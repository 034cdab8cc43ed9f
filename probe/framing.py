"""Where the first whole reply in a buffer ends: SMTP (RFC 5321, 4.2), POP3 (RFC 1939, RFC 5034), IMAP (RFC 3501). No I/O.

A framing is asked with all that has come since the last reply and gives the index behind the first whole one, or None for "read
more". It refuses, with a PROTOCOL fault and as soon as it is sure, what can never become a reply: also another protocol, by name.
It does not know the step under way: the fault carries "" there, and whoever drives the dialogue fills it in (`at_step`).
The framings that need a call (`imap_tagged(tag)`, `pop3_multiline()`) remember how far they have looked until they find the end.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from probe.dialogue import Unwelcome, refuse
from probe.values import FaultKind

if TYPE_CHECKING:
    from probe.dialogue import Framing

REPLY_LIMIT_BYTES = 1 << 20  # no reply of a mail server to a probe is larger; the wire stops reading here

SPEAKS = (  # what the first bytes of other protocols look like, and what to call them
    (b"\x16\x03", "TLS (should it be `security: tls`?)"),  # a handshake record, RFC 8446 section 5.1
    (b"\x15\x03", "TLS (should it be `security: tls`?)"),  # an alert, the answer of a TLS server to plain text
    (b"HTTP/", "HTTP"),
    (b"SSH-", "SSH"),
    (b"220 ", "SMTP or FTP"),
    (b"220-", "SMTP or FTP"),
    (b"+OK", "POP3"),
    (b"* OK", "IMAP"),
)


def at_step(unwelcome: Unwelcome, step: str) -> Unwelcome:
    """Return the same fault, at the step under way where the framing could not know it."""
    return unwelcome if unwelcome.fault.step else Unwelcome(replace(unwelcome.fault, step=step))


def _reject(name: str, line: bytes) -> None:
    """Raise for a line that is none of `name`'s; return only while it may yet turn out to be a protocol that has a name."""
    for start, other in SPEAKS:
        if line.startswith(start):
            raise refuse(FaultKind.PROTOCOL, "", f"speaks {other}, not {name}")
        if start.startswith(line):
            return
    raise refuse(FaultKind.PROTOCOL, "", b"not a reply of " + name.encode() + b": " + line.partition(b"\n")[0][:REPLY_LIMIT_BYTES])


# --- SMTP and LMTP -------------------------------------------------------------------------------------------------------------

_SMTP_MORE = re.compile(rb"(?:[2-5]\d\d-[^\n]*+\n)*+")
_SMTP_LAST = re.compile(rb"[2-5]\d\d(?:[ \r][^\n]*+)?\n")
_SMTP_START = re.compile(rb"(?:[2-5](?:\d(?:\d[- \r\n]?)?)?)?")


def smtp_reply(buffer: bytes) -> int | None:
    """Find the end of one reply of `ddd-text` lines and a last `ddd text` (RFC 5321, 4.2.1); a bare LF is taken as a line's end."""
    more = _SMTP_MORE.match(buffer)
    line = more.end() if more else 0
    last = _SMTP_LAST.match(buffer, line)
    if last:
        return last.end()
    if not _SMTP_START.fullmatch(buffer, line, line + 4):
        _reject("SMTP", buffer[line:])
    return None


# --- POP3 ----------------------------------------------------------------------------------------------------------------------

_POP3_STATUS = (b"+OK", b"-ERR")
_POP3_CHALLENGE = (*_POP3_STATUS, b"+ ", b"+\r\n")
_POP3_END = b"\r\n.\r\n"


def _pop3(buffer: bytes, starts: tuple[bytes, ...]) -> int | None:
    if not any(buffer.startswith(start) or start.startswith(buffer) for start in starts):
        _reject("POP3", buffer)
    return buffer.find(b"\n") + 1 or None


def pop3_line(buffer: bytes) -> int | None:
    """Find the end of one status line, `+OK` or `-ERR`."""
    return _pop3(buffer, _POP3_STATUS)


def pop3_challenge(buffer: bytes) -> int | None:
    """Find the end of one line of an AUTH exchange (RFC 5034): a status, or `+ ` and a challenge."""
    return _pop3(buffer, _POP3_CHALLENGE)


def pop3_multiline() -> Framing:
    """Return a framing for `-ERR ..` alone, or `+OK ..` with all lines up to the lone dot (RFC 1939, section 3)."""
    looked = 0

    def framing(buffer: bytes) -> int | None:
        nonlocal looked
        first = pop3_line(buffer)
        if first is None or buffer.startswith(b"-"):
            return first
        end = buffer.find(_POP3_END, max(first - 2, looked))
        looked = max(0, len(buffer) - len(_POP3_END)) if end < 0 else 0
        return None if end < 0 else end + len(_POP3_END)

    return framing


# --- IMAP ----------------------------------------------------------------------------------------------------------------------

_GREETING = re.compile(rb"\* (?:OK|PREAUTH|BYE)\b", re.IGNORECASE)
_GREETING_WORDS = (b"* OK ", b"* OK\r", b"* PREAUTH ", b"* BYE ")
_PLAIN = re.compile(rb"(?:\* (?!BYE\b)[^\n]*+(?<!\})(?<!\}\r)\n)*+", re.IGNORECASE)  # untagged lines without a literal, at the speed of C
_BYE = re.compile(rb"\* BYE\b", re.IGNORECASE)
_FREE_TEXT = re.compile(rb"\+|\S+ (?:OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)  # braces at the end of these are words, no literal
_LITERAL = re.compile(rb"\{(\d+)\+?\}\r?\n")
_LITERAL_TAIL = 32  # bytes; no size that is meant has more digits

_TAGGED, _BYE_LINE, _MORE, _UNTAGGED = "tagged", "bye", "continuation", "untagged"


def imap_greeting(buffer: bytes) -> int | None:
    """Find the end of the greeting: `* OK`, `* PREAUTH` or `* BYE` and its text on one line (RFC 3501, 7.1)."""
    upper = buffer[:10].upper()
    if not any(upper.startswith(word) or word.startswith(upper) for word in _GREETING_WORDS):
        _reject("IMAP", buffer)
    return buffer.find(b"\n") + 1 or None


class _Imap:
    """Finds the line that ends a reply, past literals and all lines that do not end it."""

    __slots__ = ("_ends", "_line", "_look", "_part", "_starts", "_tag")

    def __init__(self, tag: bytes, ends: tuple[str, ...]) -> None:
        self._tag = tag + b" "
        self._ends = ends
        self._starts = (b"* ", self._tag, b"+") if _MORE in ends else (b"* ", self._tag)
        self._begin(0)

    def _begin(self, at: int) -> None:
        self._line = at  # where the line under way begins
        self._part = at  # where its part behind its last literal begins
        self._look = at  # how far that part was looked through

    def __call__(self, buffer: bytes) -> int | None:
        while (end := self._line_end(buffer)) is not None:
            if self._sort(buffer) in self._ends:
                self._begin(0)  # ready for the next reply: a SASL exchange uses one framing throughout
                return end
            self._begin(end)
        return None

    def cut(self, reply: bytes) -> list[bytes]:
        """Return all whole lines."""
        lines = []
        start = 0
        while (end := self._line_end(reply)) is not None:
            lines.append(reply[start:end])
            self._begin(end)
            start = end
        return lines

    def _line_end(self, buffer: bytes) -> int | None:
        """Return the index behind the line under way with its literals, or None; plain untagged lines are passed over first."""
        self._pass_plain(buffer)
        self._judge(buffer)
        while end := buffer.find(b"\n", self._look) + 1:
            size = self._literal(buffer, end)
            if size is None:
                return end
            self._part = self._look = end + size
        self._look = max(self._look, len(buffer))
        return None

    def _pass_plain(self, buffer: bytes) -> None:
        plain = _PLAIN.match(buffer, self._line) if self._part == self._line and _UNTAGGED not in self._ends else None
        if plain and plain.end() > self._line:
            self._begin(plain.end())

    def _judge(self, buffer: bytes) -> None:
        """Raise when the line under way can not become one that is due."""
        if buffer.startswith(self._starts, self._line):
            return
        line = buffer[self._line : self._line + len(self._tag)]
        if not any(start.startswith(line) for start in self._starts):
            _reject("IMAP", buffer[self._line :])

    def _sort(self, buffer: bytes) -> str:
        if buffer.startswith(b"+", self._line):
            return _MORE
        if buffer.startswith(self._tag, self._line):
            return _TAGGED
        return _BYE_LINE if _BYE.match(buffer, self._line) else _UNTAGGED

    def _literal(self, buffer: bytes, end: int) -> int | None:
        """Return the bytes that the literal announced at the end of this line has, or None where none is announced."""
        if _FREE_TEXT.match(buffer, self._line):
            return None
        announced = _LITERAL.search(buffer, max(self._part, end - _LITERAL_TAIL), end)
        if announced is None:
            return None
        size = int(announced[1])
        if size > REPLY_LIMIT_BYTES:
            raise refuse(FaultKind.PROTOCOL, "", f"announced a literal of {size} bytes; the limit is {REPLY_LIMIT_BYTES}")
        return size


def imap_tagged(tag: bytes) -> Framing:
    """Return a framing that ends with the line of this tag, or with `* BYE` (nothing else will come then)."""
    return _Imap(tag, (_TAGGED, _BYE_LINE))


def imap_continuation(tag: bytes) -> Framing:
    """Return a framing that ends with the server's `+ ..` (RFC 3501, 7.5), or as `imap_tagged` does."""
    return _Imap(tag, (_TAGGED, _BYE_LINE, _MORE))


def imap_any(tag: bytes) -> Framing:
    """Return a framing that ends with the next line of any sort, literals included: for what a server says by itself in IDLE."""
    return _Imap(tag, (_TAGGED, _BYE_LINE, _MORE, _UNTAGGED))


def imap_lines(reply: bytes, tag: bytes) -> list[bytes]:
    """Return the whole lines of a reply, each with its literals and its line end."""
    return _Imap(tag, (_TAGGED, _BYE_LINE, _MORE, _UNTAGGED)).cut(reply)
