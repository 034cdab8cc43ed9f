"""The IMAP reader at a server that talks all the time, over a real socket: it asks seldom, and times mail no better than it knows."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from probe.mailbox_imap import watch
from probe.values import Check, Endpoint, Mailbox, Secret
from tests.probe.fakes import serve
from tests.probe.postman import Awaiting, ours

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.values import Result
    from probe.wire import Wire

ADDRESS = "probe@abc.example"
POLL_SECONDS = 0.5
STORMY_SECONDS = 1.0  # before the message comes
SLACK_SECONDS = 0.1  # for the way of the bytes
STAMPS = 50  # that a busy machine may have held up between the message and its notice
OPENED = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 5] x\r\n"


@dataclass
class Talker:
    """An IMAP server whose INBOX gets one message, and which says `chatter` all the time once that is open."""

    raw: bytes
    chatter: Callable[[int], bytes]  # what to say for the n-th time
    every_seconds: float = 0.001
    idle: bytes = b"+ idling\r\n"
    commands: list[tuple[float, str]] = field(default_factory=list)
    came: float = 0.0  # monotonic second; 0 = not yet
    said: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] x\r\n")
        talking: asyncio.Task[None] | None = None
        tag = b""
        while line := await reader.readline():
            self.commands.append((monotonic(), line.decode().partition(" ")[2].strip() or "DONE"))
            tag = tag if line == b"DONE\r\n" else line.split()[0]
            writer.write(self.answer(line, tag))
            if b"SELECT" in line:
                talking = asyncio.create_task(self.talk(writer))
        if talking:
            talking.cancel()

    def answer(self, line: bytes, tag: bytes) -> bytes:
        if b" IDLE" in line:
            return self.idle.replace(b"TAG", tag)
        said = OPENED if b"SELECT" in line else self.fetched(line) if b" UID " in line else b""
        return said + tag + b" OK x\r\n"

    def fetched(self, line: bytes) -> bytes:
        if not self.came:
            return b""
        if b"SEARCH" in line:
            return b"* SEARCH 5\r\n"
        text = self.raw if b"BODY.PEEK[]" in line else self.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return b"* 1 FETCH (UID 5 BODY[] {%d}\r\n%b)\r\n" % (len(text), text)

    async def talk(self, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while not writer.is_closing():
                self.said += 1
                writer.write(self.chatter(self.said))
                await asyncio.sleep(self.every_seconds)

    def asked(self) -> list[str]:
        """Return the commands of the last second before the message came."""
        return [command for at, command in self.commands if self.came - STORMY_SECONDS <= at <= self.came]


@dataclass
class Timing(Awaiting):
    """Keeps when it was told of mail."""

    noticed_at: float = 0.0

    def noticed(self) -> None:
        self.noticed_at = monotonic()


async def storm(wire: Wire, talker: Talker, inbox: Timing) -> Result:
    """Let the reader stand the storm, then let the message come; return what became of the conversation."""
    async with serve(talker.serve) as port:
        check = Check(
            "x/imap", "x", "imap", "imap", Endpoint("127.0.0.1", port), mailbox=Mailbox(ADDRESS, Secret("x")), timeout_seconds=3.0
        )
        reading = asyncio.create_task(wire.talk(check, watch(check, inbox)))
        await asyncio.sleep(STORMY_SECONDS + SLACK_SECONDS)
        talker.came = monotonic()
        return await asyncio.wait_for(reading, 10.0)


def counting(talker: Talker, word: bytes) -> bytes:
    return b"* %d %b\r\n" % (1 if talker.came else 0, word)


CHATTER: dict[str, Callable[[Talker], bytes]] = {
    "a word to the side": lambda talker: b"* OK Still here\r\n" + counting(talker, b"EXISTS") * bool(talker.came),
    "the same count": lambda talker: counting(talker, b"EXISTS"),
    "recent and flags": lambda talker: b"* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* 9 FETCH (FLAGS ())\r\n" + counting(talker, b"EXISTS"),
    "deletions": lambda talker: b"* 1 EXPUNGE\r\n" * (not talker.came) + counting(talker, b"EXISTS"),
    "twenty words at a time": lambda talker: b"* OK Still here\r\n" * 20 + counting(talker, b"EXISTS"),
    "a count that grows and grows": lambda talker: b"* %d EXISTS\r\n" % talker.said,
}


CASES = [(name, b"+ idling\r\n") for name in CHATTER]
CASES += [("a word to the side", b"TAG NO not today\r\n"), ("a count that grows and grows", b"TAG BAD what?\r\n")]


@pytest.mark.parametrize(("name", "idle"), CASES)
async def test_a_storm_makes_us_ask_seldom_and_hides_no_mail(wire: Wire, name: str, idle: bytes) -> None:
    message = ours(ADDRESS)
    talker = Talker(message.raw, lambda _: CHATTER[name](talker), idle=idle)
    inbox = Timing({message.message_id}, poll=POLL_SECONDS)
    result = await storm(wire, talker, inbox)
    assert result.fault is None
    assert talker.said > 100
    assert len(talker.asked()) <= 25, talker.asked()
    (copy,) = inbox.copies
    assert copy.polled_seconds is not None
    assert copy.polled_seconds <= POLL_SECONDS
    late = inbox.noticed_at - talker.came
    assert -SLACK_SECONDS < late < copy.polled_seconds + wire.sentinel.worst_since(talker.came, STAMPS) + SLACK_SECONDS
