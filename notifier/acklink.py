"""Signed links that acknowledge one incident, from a telephone and without signing in. Pure; the key and the time are parameters.

Refused are links that are not whole, that we did not sign, and that are too old. That a link works but once is kept by who uses it up: by
`Claim.use`. A GET must not acknowledge: mail scanners follow links. Signed with HMAC-SHA-256 (RFC 2104), cut to 128 bits.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

PURPOSE = b"mailsonde acknowledge 1\n"  # what the key signs here and nowhere else
SIGNED, SIGN = 16, 22  # bytes of a signature, and its characters in base64
LONGEST = 600  # characters of a token; a longer one is not looked at
FIELDS = 4  # incident, number, expiry, channel
BROKEN = "this link is not whole: copy all of it from the notice"
FORGED = "this link was not made by this service, or its key has changed since: acknowledge with `probe incidents ack`"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link that we signed may do: acknowledge this incident."""

    incident: str  # its id
    number: int  # of the change that it was told with
    expires: datetime  # aware, UTC, whole seconds
    channel: str = ""  # over which it went: all that we know of who holds it
    use: str = ""  # what is stored when it is used up; the same for each showing of this link


def sign(key: bytes, incident: str, number: int, expires: datetime, channel: str = "") -> str:
    """Return a token for a URL: letters, digits, `-`, `_` and one `.`.

    Args:
        key: secret bytes, at least 16.
        incident: its id.
        number: of the change within it.
        expires: aware; the second at which it stops working.
        channel: over which it is told.
    """
    body = _base64("\n".join((incident, str(number), str(int(expires.timestamp())), channel)).encode("utf-8", "replace"))
    return f"{body}.{_base64(_signature(key, body))}"


def verify(key: bytes, token: str, now: datetime) -> Claim:
    """Return what a token says. Raises: ValueError with a sentence for who followed the link.

    Args:
        key: the one that signed it.
        token: as it stood in the URL.
        now: aware; the reader's zone is told when the link expired.
    """
    body, _, signature = token.partition(".")
    if not body or len(signature) != SIGN or len(token) > LONGEST or not token.isascii():
        raise ValueError(BROKEN)
    if not hmac.compare_digest(signature, _base64(_signature(key, body))):
        raise ValueError(FORGED)
    claim = _claim(body, signature)
    if now >= claim.expires:
        at = f"{claim.expires.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S %Z}"
        raise ValueError(f"this link expired at {at}: acknowledge with `probe incidents ack {claim.incident}`, or from a later notice")
    return claim


def _signature(key: bytes, body: str) -> bytes:
    return hmac.digest(key, PURPOSE + body.encode("ascii"), sha256)[:SIGNED]


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _claim(body: str, signature: str) -> Claim:
    """Return what a body that we signed says; one of an older form is refused."""
    try:
        fields = urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode("utf-8").split("\n", FIELDS - 1)
        incident, number, expires, channel = fields
        return Claim(incident, int(number), datetime.fromtimestamp(int(expires), UTC), channel, signature)
    except (ValueError, OverflowError, OSError, binascii.Error):
        raise ValueError(FORGED) from None
