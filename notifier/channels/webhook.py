"""The channel `webhook`: a notice as JSON, posted to a URL, signed. Proof is a 2xx answer; redirects are refused. RFC 9110, 2104.

A receiver proves a notice ours, and young, by `Mailsonde-Signature: t=SECONDS,v1=HEX`: HEX is the HMAC-SHA256, with the shared key, of the
decimal Unix SECONDS, a full stop and the body's bytes. `Idempotency-Key` is the same whenever one notice is sent again.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from notifier.channels.http import Call, ask
from notifier.channels.payload import encoded, payload, safe
from notifier.values import Notice
from probe.clock import utc_now
from probe.values import Secret

NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 section 5.6.2
OURS = ("authorization", "content-length", "content-type", "host", "idempotency-key", "mailsonde-signature", "transfer-encoding")
TYPES = {"json": "application/json", "text": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """A program that takes notices over HTTP."""

    url: str | Secret  # where notices are posted to; a secret's source where its path is one
    secret: Secret | None = None  # key of the signature in `Mailsonde-Signature`; default: notices are not signed
    token: Secret | None = None  # sent as `Authorization: Bearer`
    headers: dict[str, str] = field(default_factory=dict)  # sent with each notice
    secret_headers: dict[str, Secret] = field(default_factory=dict)  # the same, with values that nobody is to see
    body: Literal["json", "text"] = "json"  # all facts as JSON, or the notice's text alone: whatever its template makes of it
    content_type: str = ""  # of the body; default: by `body`
    ca_file: Path | None = None  # PEM file of the authority to trust; default: the system's
    verify: bool = True  # whether its certificate must be good
    timeout_seconds: float = 10.0  # for the whole exchange

    def __post_init__(self) -> None:
        for name, value in {**self.headers, "content_type": self.content_type}.items():
            _check(name, value)
        for name, secret in self.secret_headers.items():
            _check(name, secret.reveal())


def _check(name: str, value: str) -> None:
    """Raise ValueError for a header that cannot be sent, or that is ours."""
    if not NAME.fullmatch(name):
        raise ValueError(f"has a header `{name}` that is no name of a header")
    if name.lower() in OURS:
        raise ValueError(f"has a header `{name}`, which is set by itself; `token`, `secret` and `content_type` decide what it says")
    if not value.isascii() or not all(char.isprintable() for char in value):
        raise ValueError(f"has a header `{name}` whose value is not plain ASCII in one line")


def signature(secret: Secret, body: bytes, seconds: int) -> str:
    """Return what proves a body ours; `seconds` is the Unix time of this try."""
    code = hmac.new(secret.reveal().encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={code.hexdigest()}"


class Webhook:
    """A URL that is told."""

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self.name, self._settings = name, settings

    async def send(self, notice: Notice) -> str:
        """Post a notice; return the status as proof. Raises: NotDeliveredError."""
        wanted = self._settings
        body = encoded(payload(notice)) if wanted.body == "json" else notice.text.encode("utf-8", "replace")
        secrets = (wanted.secret, wanted.token, *wanted.secret_headers.values())
        trust = {"ca_file": wanted.ca_file, "verify": wanted.verify, "timeout_seconds": wanted.timeout_seconds}
        return await ask(Call(wanted.url, body=body, headers=self._headers(notice.key, body), secrets=secrets, **trust))  # type: ignore[arg-type] # three fields by name

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        """Return the headers of one try."""
        wanted = self._settings
        ours = {"Content-Type": wanted.content_type or TYPES[wanted.body], "Idempotency-Key": safe(key)}
        if wanted.token:
            ours["Authorization"] = f"Bearer {wanted.token.reveal()}"
        if wanted.secret:
            ours["Mailsonde-Signature"] = signature(wanted.secret, body, int(utc_now().timestamp()))
        return wanted.headers | {name: one.reveal() for name, one in wanted.secret_headers.items()} | ours

    async def close(self) -> None:
        """Each notice has a connection of its own: nothing is open."""
