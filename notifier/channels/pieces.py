"""The forms in which a secret can come back in a far side's words: of an address its path, its query, its user, and their parts. Pure.

A receiver that answers "no such path", or echoes our headers, shows parts of an address (RFC 3986), percent-decoded or not, or what HTTP
made of its user and password (RFC 7617). What names the machine is none of them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from probe.secrecy import HIDDEN, SHORTEST_PIECE, SHORTEST_SECRET, scrub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

URL = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:(?P<user>[^/?#]*)@)?[^/?#@]*(?P<path>[^?#]*)\??(?P<query>[^#]*)#?(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
SEGMENT = re.compile(r"/+")
WITHIN = re.compile(r"[:;,@]")  # between the parts of a segment: /bot123:t0ken
FIELD = re.compile(r"[&;]")
CREDENTIALS = re.compile(r"[A-Za-z-]+ +(\S+)")  # as in `Authorization: Basic YWxpY2U6..`


def forms(secret: str) -> frozenset[str]:
    """Return what to look for in strangers' words. A part of fewer than 6 characters is a word as any other, but not a password."""
    found = URL.fullmatch(secret)
    parts = {secret, *(_of_address(**found.groupdict(default="")) if found else CREDENTIALS.findall(secret))}
    ways = {way for part in parts for way in (part, unquote(part), quote(unquote(part)))}
    return frozenset(one for one in ways if len(one) >= SHORTEST_SECRET)


def blanked(text: str, secrets: Iterable[str]) -> str:
    """Return text without any form of these secrets, in whatever case it is written: a host's name loses its own."""
    known = sorted({form for one in secrets for form in forms(one)}, key=len, reverse=True)
    if known:
        text = re.sub("|".join(re.escape(form) for form in known), HIDDEN, text, flags=re.IGNORECASE)
    return scrub(text, tuple(known))


def _of_address(user: str, path: str, query: str, rest: str) -> Iterator[str]:
    """Yield the parts of an address that may be secrets."""
    yield from (path.rstrip("/"), query, *_of_user(user))
    segments = SEGMENT.split(path)
    values = [field.partition("=")[2] or field for field in FIELD.split(query)]
    smaller = [part for one in segments for part in WITHIN.split(one)]
    yield from (one for one in (path.strip("/"), *segments, *smaller, *values, rest) if len(one) >= SHORTEST_PIECE)


def _of_user(user: str) -> Iterator[str]:
    """Yield a user and password, together, alone, and as HTTP sends them."""
    name, _, password = user.partition(":")
    yield from (user, password, *((name,) if len(name) >= SHORTEST_PIECE else ()))
    if user:
        pair = f"{unquote(name)}:{unquote(password)}".encode()
        yield from {b64encode(one).decode().rstrip("=") for one in (pair, user.encode())}
