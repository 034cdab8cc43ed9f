"""Why a notice did not get through, in one line without a secret: foreign errors are put into our words here, at the border.

It shows of an address what names the machine; path, query, user and password may be secrets and are never shown.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from notifier.channels.pieces import blanked
from notifier.words_clean import line
from probe.secrecy import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from probe.values import Secret

LONGEST_REASON = 300  # characters
ERRNO = re.compile(r"\[Errno (\d+)\]")
URL = re.compile(r"\b([a-z][a-z0-9+.-]*)://\S+", re.IGNORECASE)


def hidden(text: str, secrets: Iterable[Secret | None] = ()) -> str:
    """Return a peer's words as one clean line without these secrets or their parts, nor anything that looks like an address with a path."""
    whole = URL.sub(lambda found: f"{found[1]}://{HIDDEN}", without(text[: 10 * LONGEST_REASON], secrets))
    return line(whole, LONGEST_REASON)


def without(text: str, secrets: Iterable[Secret | None]) -> str:
    """Return text without these secrets or their parts; addresses stay."""
    return blanked(text, [one.reveal() for one in secrets if one is not None])


def machine(url: str) -> str:
    """Return what may be shown of a URL: scheme, host and port."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}" if host else HIDDEN


def why(error: BaseException, secrets: Iterable[Secret | None] = ()) -> str:
    """Return the reason of an error of a library: that of its deepest cause which says one."""
    for one in reversed(list(causes(error))):
        found = _said(one)
        if found:
            return hidden(found, secrets)
    return type(error).__name__


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what caused it, what caused that, and so on."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _said(error: BaseException) -> str:
    """Return an error's own words; "" = it has none."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):
        return f"its name is not found: {error.strerror}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        number = error.errno or next((int(found) for found in ERRNO.findall(str(error))), None)
        return os.strerror(number).lower() if number else str(error)
    return str(error)
