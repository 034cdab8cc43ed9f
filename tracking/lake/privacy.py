"""Names that stand for people: addresses become keyed pseudonyms before anything is written, so that joins still work and nobody is named.

    bob+news@example.com  ->  p-3f9a1c20d47e+p-77b0c2a41f03@example.com        the domain stays, and the shape

Each piece of a local part has its own pseudonym (HMAC-SHA256 of its lower-case form, 12 hexadecimal digits): plus addresses, SRS and VERP
can still be followed. All that looks like an address is replaced, Message-IDs among it, except those of our own test messages. Pure.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from tracking.errors import TrackError

KEEP, PSEUDONYM, DROP = "keep", "pseudonym", "drop"  # what becomes of subjects
LEAST_KEY = 16  # bytes
_DIGITS = 12
_PROBE = re.compile(r"mailsonde\.[0-9a-z]{16,64}")
_QUOTED = r'"+[^"@\n]{1,64}"+'
_ADDRESS = re.compile(rf"((?:{_QUOTED}|[^\s<>,;:\"()\[\]|\\@]+))@(?=[A-Za-z0-9\[])")
_WORDS = (
    "to",
    "from",
    "orig_to",
    "user",
    "sasl_username",
    "sasl_sender",
    "ctladdr",
    "rcpt",
    "sender",
    "recipient",
    "method",
    "ruser",
    "uid",
)
_NAMED = re.compile(rf"\b((?:{'|'.join(_WORDS)})=<?)([^\s<>,@=\[\]()]+)(?=[>,\s;]|$)", re.MULTILINE)
_BRACED = re.compile(r"\b((?:lmtp|lda|imap|pop3|managesieve|submission|sieve|auth)\()([^)@\s,]+)(?=[),])")
_PIECES = re.compile(r"([+=])")
_MORE = "srs0 srs1 prvs btv1 msgid message-id message_id mid id a u f s d env_from mailfrom smtp.mailfrom header.from header.d"
_KEYWORDS = frozenset({*_WORDS, *_MORE.split()})


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is kept of people in a lake.

    Raises: TrackError for a key that is too short.
    """

    key: bytes = b""  # b"" = addresses stay as they are
    subjects: str = KEEP

    def __post_init__(self) -> None:
        if self.key and len(self.key) < LEAST_KEY:
            raise TrackError(f"the key of the pseudonyms is too short: give at least {LEAST_KEY} bytes, from `openssl rand -hex 32`")

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the lake remembers of it: not the key, but by what another one is recognised."""
        return {"pseudonyms": _mac(self.key, "mailsonde")[:8] if self.key else "", "subjects": self.subjects}


def agree(stored: dict[str, Any] | None, wanted: Privacy) -> None:
    """Refuse what would mix names and pseudonyms, or those of two keys, in one lake. Raises: TrackError."""
    if stored is None:
        return
    if stored["pseudonyms"] and not wanted.key:
        raise TrackError("this lake holds pseudonyms: name the file of their key with --pseudonym-key, or import into another lake")
    if stored["pseudonyms"] != wanted.settings["pseudonyms"]:
        what = "was made with another key" if stored["pseudonyms"] else "holds addresses as they are"
        raise TrackError(f"this lake {what}: pseudonyms would not match what it has; import into another lake")


@lru_cache(maxsize=200_000)
def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "replace"), sha256).hexdigest()


def _piece(key: bytes, piece: str) -> str:
    if piece in {"+", "="} or piece.lower() in _KEYWORDS or not piece:
        return piece
    return f"p-{_mac(key, piece.strip(chr(34)).lower())[:_DIGITS]}"


def local_part(key: bytes, text: str) -> str:
    """Return the pseudonym of a local part; of our own test messages' ids the text itself."""
    if _PROBE.fullmatch(text):
        return text
    if text.startswith('"'):
        return _piece(key, text)
    return "".join(_piece(key, piece) for piece in _PIECES.split(text))


def pseudonym(key: bytes, text: str) -> str:
    """Return a text with every address, and every name that stands where an address may, replaced."""
    named = _NAMED.sub(lambda match: match[1] + _piece(key, match[2]), text)
    braced = _BRACED.sub(lambda match: match[1] + _piece(key, match[2]), named)
    return _ADDRESS.sub(lambda match: f"{local_part(key, match[1])}@", braced)


def hidden(privacy: Privacy, text: bytes) -> bytes:
    """Return a chunk of lines without the names in it; as it was where names are kept."""
    return pseudonym(privacy.key, text.decode("utf-8", "replace")).encode() if privacy.key else text
