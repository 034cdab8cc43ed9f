"""The test message: built so that every mail system may take it, and proven ours when it comes back. RFC 5322, 2045, 3834, 8601.

Refuses addresses that would break a header. What it reads may come from anybody: only a signature made with our key proves a message
ours, and only what is proven ours may be deleted. The message's own text says what it is, in case a human meets it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime

HEADER = "X-Mailsonde"
HEADER_LIMIT_BYTES = 262_144  # of a header section we look into; longer ones are not ours
_VERSION = "1"
_WIDTH = 76  # characters on a line; RFC 5322 section 2.1.1 asks for at most 78
_STAMP = "%Y%m%dT%H%M%SZ"
_DOT_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+"
_ADDRESS = re.compile(rf"(?:{_DOT_ATOM}|\"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])+\")@([A-Za-z0-9._-]+|\[[A-Za-z0-9.:]+\])")
_TOKEN = re.compile(r"[0-9a-z]{16,64}")
_MESSAGE_ID = re.compile(r"mailsonde\.([0-9a-z]{16,64})@")
_OWN_HASH = re.compile(rb"(?s).*?\nHash of the text above: [\w=-]{44}\n")
_ADDED = "something was added below the body"
_PROSE = """\
Mailsonde sent this test message to measure how this mail system delivers.
A program sent it and a program reads it: nobody needs to answer. It may be
deleted at any time.

Token: {token}
Sent: {sent}
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """Who writes to whom, when, under which token."""

    sender: str  # RFC 5321 Mailbox, ASCII
    recipient: str  # the same
    token: str  # 16 to 64 of 0-9 and a-z; random, never used twice
    at: datetime  # aware

    @property
    def message_id(self) -> str:
        """Return the RFC 5322 Message-ID with its angle brackets; it carries the token."""
        return f"<mailsonde.{self.token}@{self.sender.rpartition('@')[2]}>"


@dataclass(frozen=True, slots=True)
class Message:
    """A test message, ready to be sent."""

    message_id: str  # with its angle brackets
    raw: bytes  # the whole message: CRLF, 7-bit; dots are not yet stuffed


@dataclass(frozen=True, slots=True)
class Mine:
    """A message that our key proves to be ours. Its addresses are those we wrote, whatever a server has rewritten since."""

    letter: Letter
    body_hash: str  # of the body as we sent it
    changed: str = ""  # what was changed on the way, in words; "" = nothing, or the body was not looked at
    deletable: bool = False  # it has our Message-ID and our text: not somebody's message that carries a copy of our header


def build(letter: Letter, key: bytes) -> Message:
    """Return the signed message; the same letter and key always give the same bytes, so that a retry is the same message.

    Raises: ValueError when an address or the token cannot stand in a header.
    """
    _check(letter)
    body = _body(letter)
    lines = [
        f"Date: {format_datetime(letter.at.astimezone(UTC))}",
        _long("From", letter.sender),
        _long("To", letter.recipient),
        f"Subject: Mailsonde test message {letter.token[:8]}",
        _long("Message-ID", letter.message_id),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "Content-Transfer-Encoding: 7bit",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",  # Exchange: no absence note, no read receipt
        _seal(letter, body, key),
        "",
        *body.decode("ascii").splitlines(),
    ]
    return Message(letter.message_id, "".join(f"{line}\r\n" for line in lines).encode("ascii"))


def recognise(header: bytes, key: bytes) -> Mine | None:
    """Return whose message this header section proves it to be, or None for anybody else's and for reports. Says nothing about the body."""
    if is_multipart_report(header):
        return None  # we write none: it is a server's, which has copied our header
    for field in header_fields(header, HEADER):
        signed, _, signature = "".join(field.split()).rpartition(";s=")
        if hmac.compare_digest(_sign(signed, key).encode(), signature.encode("utf-8", "backslashreplace")):
            return _unseal(signed)
    return None


def read(raw: bytes, key: bytes) -> Mine | None:
    """Return what a whole message proves, and whether it came as it was sent; None when it is not ours."""
    mine = recognise(raw, key)
    if mine is None:
        return None
    body = _body_change(raw, mine.body_hash)
    named = has_own_id(raw, mine)
    changed = body or ("" if named else "its Message-ID was replaced") or _broken_dkim(raw)
    return replace(mine, changed=changed, deletable=named and body in {"", _ADDED})


def has_own_id(header: bytes, mine: Mine) -> bool:
    """Return whether the one Message-ID of this message is the one that we gave it."""
    return header_fields(header, "Message-ID") == [mine.letter.message_id]


def is_multipart_report(header: bytes) -> bool:
    """Return whether a server writes this, in the form of RFC 6522: a bounce, a read receipt."""
    return any("multipart/report" in value.lower() for value in header_fields(header, "Content-Type"))


def header_fields(raw: bytes, name: str) -> list[str]:
    r"""Return the unfolded values of a header in the order in which they stand; bytes that are not UTF-8 become `\xNN`."""
    unfolded = re.sub(rb"\r?\n(?=[ \t])", b"", split(raw)[0])
    wanted = name.lower().encode()
    parted = (line.partition(b":") for line in unfolded.splitlines())
    return [value.strip().decode("utf-8", "backslashreplace") for field, _, value in parted if field.strip().lower() == wanted]


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Return header section and body; of a header section longer than HEADER_LIMIT_BYTES, the beginning and no body."""
    end = re.search(rb"\r?\n\r?\n", raw[:HEADER_LIMIT_BYTES])
    return (raw[: end.start()], raw[end.end() :]) if end else (raw[:HEADER_LIMIT_BYTES], b"")


def token_of(text: str) -> str | None:
    """Return the token that a Message-ID of ours in `text` carries. It proves nothing: compare it with the tokens that are out."""
    found = _MESSAGE_ID.search(text)
    return found[1] if found else None


def _check(letter: Letter) -> None:
    for address in (letter.sender, letter.recipient):
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"{address!r} cannot be the address of a test message: write local-part@domain, in ASCII")
    if not _TOKEN.fullmatch(letter.token):
        raise ValueError("a token is 16 to 64 of 0-9 and a-z")


def _body(letter: Letter) -> bytes:
    text = _PROSE.format(token=letter.token, sent=letter.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"))
    return f"{text}Hash of the text above: {_hash(text.encode('ascii'))}\n".encode("ascii")


def _long(name: str, value: str) -> str:
    line = f"{name}: {value}"
    return line if len(line) <= _WIDTH else f"{name}:\r\n {value}"


def _seal(letter: Letter, body: bytes, key: bytes) -> str:
    tags = {
        "v": _VERSION,
        "k": letter.token,
        "t": letter.at.astimezone(UTC).strftime(_STAMP),
        "f": _pack(letter.sender),
        "r": _pack(letter.recipient),
        "b": _hash(body),
    }
    signed = ";".join(f"{name}={value}" for name, value in tags.items())
    return _fold(f"{signed};s={_sign(signed, key)}")


def _fold(text: str) -> str:
    """Return the header folded anywhere: whoever reads it removes all blanks first, so that no relay's folding can harm it."""
    first = _WIDTH - len(HEADER) - 2
    rest = [text[start : start + _WIDTH - 1] for start in range(first, len(text), _WIDTH - 1)]
    return "\r\n ".join([f"{HEADER}: {text[:first]}", *rest])


def _unseal(signed: str) -> Mine | None:
    if not signed.startswith(f"v={_VERSION};"):
        return None  # ours, but of another version of this program: left alone
    tags = dict(part.split("=", 1) for part in signed.split(";"))
    at = datetime.strptime(tags["t"], _STAMP).replace(tzinfo=UTC)
    return Mine(Letter(_unpack(tags["f"]), _unpack(tags["r"]), tags["k"], at), tags["b"])


def _sign(signed: str, key: bytes) -> str:
    made = hmac.new(key, b"mailsonde test message\n" + signed.encode("utf-8", "backslashreplace"), hashlib.sha256)
    return base64.urlsafe_b64encode(made.digest()).decode("ascii")


def _pack(address: str) -> str:
    return base64.urlsafe_b64encode(address.encode("ascii")).decode("ascii")


def _unpack(packed: str) -> str:
    return base64.urlsafe_b64decode(packed).decode("ascii")


def _canonical(body: bytes) -> bytes:
    """Return the body without what transport may change unpunished: line ends, blanks at the end of lines, empty lines at the end."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return b"\n".join(line.rstrip(b" \t") for line in lines).rstrip(b"\n") + b"\n"


def _hash(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(_canonical(body)).digest()).decode("ascii")


def _body_change(raw: bytes, body_hash: str) -> str:
    body = split(raw)[1]
    if hmac.compare_digest(_hash(body), body_hash):
        return ""
    own = _OWN_HASH.match(_canonical(body))
    whole = own is not None and hmac.compare_digest(_hash(own[0]), body_hash)
    return _ADDED if whole else "the body was changed"


def _broken_dkim(raw: bytes) -> str:
    """Return who found our DKIM signature broken. We send no such header: each that is there was added on the way (RFC 8601)."""
    for field in header_fields(raw, "Authentication-Results"):
        results = re.findall(r"\bdkim\s*=\s*(\w+)", field.lower())
        if "fail" in results and "pass" not in results:
            return f"its DKIM signature is broken, says {field.split(';')[0].strip()[:255]}"
    return ""
