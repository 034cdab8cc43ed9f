"""Puts mail into the lab's mailboxes, ours and somebody's, and awaits ours as a trip would: an Inbox that keeps what it is told."""

from __future__ import annotations

import asyncio
import smtplib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from probe import message
from probe.values import Check, Endpoint, Mailbox, Secret, Security

if TYPE_CHECKING:
    from probe.mailbox import Copy
    from tests.conftest import Lab

KEY = b"postman's key"
HOST = "127.0.0.1"


def ours(address: str, key: bytes = KEY) -> message.Message:
    letter = message.Letter(address, address, uuid4().hex, datetime(2026, 11, 21, tzinfo=UTC))
    return message.build(letter, key)


def somebodys(subject: str = "lunch?") -> bytes:
    return f"From: friend@alpha.test\r\nSubject: {subject}\r\nMessage-ID: <{uuid4().hex}@alpha.test>\r\n\r\n.hidden dot\r\n".encode()


def deliver(lab: Lab, address: str, *raws: bytes) -> None:
    """Hand messages to Dovecot's LMTP, which has stored them when it says yes."""
    with smtplib.LMTP(HOST, lab.ports["lmtp"]) as client:
        for raw in raws:
            assert client.sendmail("probe@alpha.test", [address], raw) == {}


def account(lab: Lab, address: str, password: str | None = None, mechanism: str | None = None) -> Mailbox:
    return Mailbox(address, Secret(password or lab.password(address.rpartition("@")[2])), mechanism=mechanism)


def check(lab: Lab, kind: str, security: Security, mailbox: Mailbox) -> Check:
    port = lab.ports[f"{kind}s" if security is Security.TLS else kind]
    host = {"imap": "imap.lab.test", "pop3": "pop.lab.test"}[kind]
    endpoint = Endpoint(host, port, security, ca_file=str(lab.dir / "tls/ca.pem"), address=HOST)
    return Check(f"x/{kind}", "x", kind, kind, endpoint, timeout_seconds=5.0, mailbox=mailbox)


@dataclass
class Awaiting:
    """Awaits messages by their ids; ends when all have come."""

    ids: set[str]
    poll: float = 0.3
    extra_looks: int = 0  # asked again so often after all have come
    told: list[str] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def noticed(self) -> None:
        self.told.append("noticed")

    def poll_seconds(self) -> float | None:
        if self.ids - self.come:
            return self.poll
        self.extra_looks -= 1
        return self.poll if self.extra_looks >= 0 else None

    def wants(self, header: bytes) -> bool:
        return message.recognise(header, KEY) is not None

    def owns(self, header: bytes) -> bool:
        return message.recognise(header, KEY) is not None

    def seen(self, copy: Copy) -> None:
        self.told.append(f"seen in {copy.folder}")
        self.copies.append(copy)
        self.came.set()

    def may_delete(self, copy: Copy) -> bool | None:
        return message.read(copy.raw, KEY) is not None

    def deleted(self, copy: Copy) -> None:
        self.gone.append(copy.uid)

    @property
    def come(self) -> set[str]:
        mine = (message.read(copy.raw, KEY) for copy in self.copies)
        return {one.letter.message_id for one in mine if one}
