"""What the fault proxy changes inside line protocols: STARTTLS taken away (strip), a body altered on the way (body). Pure, no I/O.

A filter sees both directions of one connection: `asked` gets what the client sends and returns (to the server, to the client at once);
`answered` gets what the server sends and returns what the client is to see; b"" says that this side has ended. Lines are RFC 5321, 3501
and 1939 lines, ending in LF; an unfinished line waits for its end, but never more than LINE_BYTES of it. LDAP: see lab.proxy_ldap.
"""

from __future__ import annotations

import re
from typing import Protocol

LINE_BYTES = 65_536


class Filter(Protocol):
    """What both directions of a connection pass through."""

    def asked(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (what goes on to the server, what the client is answered at once)."""

    def answered(self, data: bytes) -> bytes:
        """Return what the client is to see."""


class Lines:
    """Cuts a stream into whole lines; what is not a line yet waits."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now, each with its LF; one that is too long comes in parts, the last as it is (b"" ends)."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        whole = [line + b"\n" for line in lines]
        if not data or len(self._rest) > LINE_BYTES:
            whole.append(self._rest)
            self._rest = b""
        return whole


# protocol -> (the client's command, what is answered to it; \1 is its IMAP tag)
REFUSALS = {
    "smtp": (re.compile(rb"()STARTTLS\s*$", re.IGNORECASE), rb"502 5.5.1 Error: command not implemented"),
    "lmtp": (re.compile(rb"()STARTTLS\s*$", re.IGNORECASE), rb"502 5.5.1 Error: command not implemented"),
    "pop3": (re.compile(rb"()STLS\s*$", re.IGNORECASE), rb"-ERR Unknown command."),
    "imap": (re.compile(rb"(\S+) STARTTLS\s*$", re.IGNORECASE), rb"\1 BAD Unknown command."),
}
# protocol -> (what of the server's line is taken away, what stands there instead). A last EHLO line must stay, so it loses its meaning.
OFFERS = {
    "smtp": [
        (re.compile(rb"^250-STARTTLS\r?\n", re.IGNORECASE), b""),
        (re.compile(rb"^250 STARTTLS\r?\n", re.IGNORECASE), b"250 XXXXXXXX\r\n"),
    ],
    "pop3": [(re.compile(rb"^STLS\r?\n", re.IGNORECASE), b"")],
    "imap": [(re.compile(rb"(?<=[ \[]CAPABILITY )(.*?)(?: STARTTLS\b|STARTTLS ?)", re.IGNORECASE), rb"\1")],
}
OFFERS["lmtp"] = OFFERS["smtp"]


class Strip:
    """STARTTLS is not offered and, when asked for, refused: what a meddler in the middle does."""

    def __init__(self, protocol: str) -> None:
        self._command, self._refusal = REFUSALS[protocol]
        self._offers = OFFERS[protocol]
        self._client, self._server = Lines(), Lines()

    def asked(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what goes on, and the refusal where the client asks for TLS."""
        onward, answer = b"", b""
        for line in self._client.feed(data):
            if asks := self._command.match(line):
                answer += asks.expand(self._refusal) + b"\r\n"
            else:
                onward += line
        return onward, answer

    def answered(self, data: bytes) -> bytes:
        """Return the server's lines without the offer."""
        return b"".join(self._without_offer(line) for line in self._server.feed(data))

    def _without_offer(self, line: bytes) -> bytes:
        for pattern, instead in self._offers:
            line = pattern.sub(instead, line)
        return line


class Body:
    """One letter of every message's body is another at the end of the hop (SMTP, LMTP; in plain text only)."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._part = "commands"  # then headers, then body (until the letter is changed), then rest
        self._opaque = False  # TLS has begun: nothing to see any more

    def asked(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the client's bytes with one letter of the body changed; commands and headers are left alone."""
        if self._opaque:
            return data, b""
        onward = b"".join(self._changed(line) for line in self._lines.feed(data))
        return (onward + b"".join(self._lines.feed(b"")) if self._opaque else onward), b""

    def answered(self, data: bytes) -> bytes:
        """Return what the server said, as it was."""
        return data

    def _changed(self, line: bytes) -> bytes:
        word = line.strip().upper()
        if self._opaque:
            return line
        if self._part == "commands":
            self._opaque = word == b"STARTTLS"
            self._part = "headers" if word == b"DATA" else "commands"
        elif word == b"." and line.startswith(b"."):
            self._part = "commands"
        elif self._part == "headers" and not word:
            self._part = "body"
        elif self._part == "body" and (letter := re.search(rb"[A-Za-z]", line)):
            self._part = "rest"
            return line[: letter.start()] + (b"y" if letter[0] == b"x" else b"x") + line[letter.end() :]
        return line
