"""The far ends of a drill's channels, on loopback: an HTTP receiver, a subscriber of the lab's broker, a file, and a mailbox.

They take what a channel of ours sends as any far side would; none of them knows our code but the JSON that docs/notices.md describes.
"""

from __future__ import annotations

import asyncio
import imaplib
import json
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import default as unfolding
from typing import TYPE_CHECKING, Any

from probe.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

LOOK_SECONDS = 0.2
MAIL_LOOK_SECONDS = 1.0
HEADERS_BYTES, BODY_BYTES = 65_536, 4_194_304
CHANNELS = ("webhook", "mqtt", "command", "mail")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One notice at the far end of a channel."""

    channel: str
    incident: str
    kind: str  # opened, closed, ...
    at: datetime
    subject: str


@dataclass(frozen=True, slots=True)
class Letterbox:
    """The mailbox of the lab that takes the drill's mail."""

    address: str
    password: str
    port: int  # of IMAP with STARTTLS on 127.0.0.1
    ca_file: str


@dataclass(slots=True)
class Ends:
    """All far ends. `arrived` grows; `bell` is set with each arrival."""

    folder: Path
    broker_port: int
    letterbox: Letterbox
    arrived: list[Arrival] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    http_port: int = 0
    _known: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def pages(self) -> Path:
        """Return the file to which the command writes."""
        return self.folder / "pages.json"

    async def run(self, ready: Callable[[], None]) -> None:
        """Take what comes until cancelled."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0, limit=HEADERS_BYTES)
        self.http_port = server.sockets[0].getsockname()[1]
        ready()
        async with server, asyncio.TaskGroup() as group:
            for end in (self._listen(), self._read_file(), self._read_mail()):
                group.create_task(end)

    def _took(self, channel: str, notice: dict[str, Any]) -> None:
        key = (channel, str(notice["incident"]), f"{notice['kind']} {notice['number']}")
        if key not in self._known:  # at least once is what a channel promises
            self._known.add(key)
            self.arrived.append(Arrival(channel, key[1], str(notice["kind"]), utc_now(), str(notice["subject"])))
            self.bell.set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one POST (RFC 9112), and acknowledge it."""
        with suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(int(line.partition(":")[2]) for line in head.splitlines() if line.lower().startswith("content-length:"))
            self._took("webhook", json.loads(await reader.readexactly(min(length, BODY_BYTES))))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    async def _listen(self) -> None:
        from aiomqtt import Client  # noqa: PLC0415 - heavy, and needed by a drill alone

        async with Client("127.0.0.1", self.broker_port) as client:
            await client.subscribe("drill/events", qos=1)
            async for message in client.messages:
                self._took("mqtt", json.loads(bytes(message.payload)))

    async def _read_file(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.pages.exists():
                for line in self.pages.read_text("utf-8").splitlines():
                    self._took("command", json.loads(line))

    async def _read_mail(self) -> None:
        while True:
            await asyncio.sleep(MAIL_LOOK_SECONDS)
            with suppress(OSError, imaplib.IMAP4.error):  # while the very server is broken by the drill
                for subject, headers in await asyncio.to_thread(_letters, self.letterbox):
                    self._took("mail", {**headers, "subject": subject})


def _letters(box: Letterbox) -> list[tuple[str, dict[str, str]]]:
    """Return subject, incident, kind and number of our notices in a mailbox; nothing in it is changed (EXAMINE, BODY.PEEK: RFC 3501)."""
    trust = ssl.create_default_context(cafile=box.ca_file)
    trust.check_hostname = False  # the lab's names are known to its own name server alone
    with imaplib.IMAP4("127.0.0.1", box.port, timeout=5.0) as session:
        session.starttls(trust)
        session.login(box.address, box.password)
        session.select("INBOX", readonly=True)
        _, found = session.search(None, "HEADER", "X-Mailsonde-Incident", '""')
        letters = []
        for number in found[0].split():
            _, parts = session.fetch(number.decode(), "(BODY.PEEK[HEADER])")
            letters.append(letter_of(parts[0][1] if isinstance(parts[0], tuple) else b""))
    return letters


def letter_of(head: bytes) -> tuple[str, dict[str, str]]:
    """Return subject, incident, kind and number out of a message's header; folded lines are unfolded, words in other letters decoded."""
    header = BytesHeaderParser(policy=unfolding).parsebytes(head)
    told = {name: str(header.get(f"X-Mailsonde-{name.title()}", "")) for name in ("incident", "kind", "number")}
    return str(header.get("Subject", "")), told
