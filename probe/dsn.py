"""Bounces of our test messages: RFC 3464 reports, and those of servers that write their own prose (Exim of old, qmail, Exchange 2003).

Refuses absence notes, read receipts and whatever does not carry our signed header or the Message-ID of a message of ours. It reads text,
not MIME structure: a report nested a thousand deep is a long text like any other, and a broken one still says its words.
"""

from __future__ import annotations

import quopri
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.dialogue import printable
from probe.message import HEADER, header_fields, is_multipart_report, recognise, split, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT_LIMIT_BYTES = 262_144  # of a report that we look into; the returned headers stand well within
_LINE_LIMIT = 400  # bytes of one line in which we look for a reply
_FIELD = re.compile(
    rb"^(action|status|diagnostic-code|remote-mta|final-recipient|will-retry-until)[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE
)
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(rb"\b[45]\d\d[ -].{3,}")
_CODED = re.compile(rb".*\b[45]\.\d{1,3}\.\d{1,3}\b.*")
_OURS = re.compile(rf"^{HEADER}[ \t]*:.*(?:\r?\n[ \t].*)*".encode(), re.IGNORECASE | re.MULTILINE)
_STILL_TRYING = re.compile(
    rb"still being retried|will (?:be retried|keep trying|continue to)|delayed|not yet been delivered", re.IGNORECASE
)
_AUTHORS = re.compile(r"mailer-daemon|postmaster|mail delivery|microsoftexchange|mail administrator", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a report says of one test message of ours."""

    token: str
    action: str  # RFC 3464: failed, delayed, delivered, relayed, expanded
    status: str  # RFC 3463, as 5.1.1; "" = not stated
    said: str  # the diagnostic in the server's own words, printable
    proven: bool  # the report carries our signed header; else only the Message-ID, which nobody can guess

    @property
    def final(self) -> bool:
        """Return whether the message will not come any more."""
        return self.action == "failed"


def bounce(raw: bytes, key: bytes) -> Bounce | None:
    """Return what this message reports of a test message of ours; None when it is no report, or of somebody else's message.

    Compare the token with those that are out: that a report carries it shows only that its writer has seen our message.
    """
    raw = raw[:REPORT_LIMIT_BYTES]
    header, body = split(raw)
    if recognise(header, key) is not None or not is_report(header):
        return None
    proof = next(_proofs(raw, key), None) or next(_proofs(quopri.decodestring(body), key), None)
    token = proof or _named(header, body)
    return _read(token, body, proven=proof is not None) if token else None


def is_report(header: bytes) -> bool:
    """Return whether a server writes about a message, not a person and not an absence note."""
    if is_multipart_report(header):
        return "disposition-notification" not in " ".join(header_fields(header, "Content-Type")).lower()
    if header_fields(header, "X-Failed-Recipients"):
        return True
    return bool(_AUTHORS.search(" ".join(header_fields(header, "From")))) or "<>" in "".join(header_fields(header, "Return-Path"))


def _proofs(body: bytes, key: bytes) -> Iterator[str]:
    """Yield the tokens of our headers that the report returns and our key proves."""
    for found in _OURS.finditer(body):
        mine = recognise(found[0], key)
        if mine is not None:
            yield mine.letter.token


def _named(header: bytes, body: bytes) -> str | None:
    """Return the token of a Message-ID of ours that the report names."""
    named = (*header_fields(header, "References"), *header_fields(header, "In-Reply-To"), body.decode("latin-1"))
    return next((token for text in named if (token := token_of(text))), None)


def _read(token: str, body: bytes, *, proven: bool) -> Bounce:
    fields = {
        name.lower().decode(): value.strip().decode("utf-8", "backslashreplace") for name, value in _FIELD.findall(_FOLDED.sub(b" ", body))
    }
    said = fields.get("diagnostic-code", "") or _prose(body)
    status = _STATUS.search(fields.get("status", "")) or _STATUS.search(said)
    action = fields.get("action", "").partition(" ")[0].lower() or ("delayed" if _STILL_TRYING.search(body) else "failed")
    return Bounce(token, action, status[1] if status else "", printable(re.sub(r"^\s*\w+\s*;\s*", "", said)), proven)


def _prose(body: bytes) -> str:
    """Return the line of a report without fields that holds the server's reply, else its first words."""
    lines = (line[:_LINE_LIMIT] for line in body.splitlines())  # cut: a search in a line without end would not end either
    reply = next((found[0] for line in lines if (found := _REPLY.search(line) or _CODED.match(line))), body.lstrip()[:_LINE_LIMIT])
    return " ".join(reply.decode("utf-8", "backslashreplace").split())
