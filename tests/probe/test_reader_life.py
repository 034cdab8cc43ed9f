"""When a mailbox is open and for how long, what cuts a pause short, and that nobody leaves in the middle of a deletion."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from probe import reader as readers
from probe.mailroom import Mailroom
from probe.message import build
from probe.reader import Reader
from probe.values import Endpoint
from probe.wire import Wire
from tests.probe.test_reader import CHECK, KEY, LETTER, Post, copy_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from probe.values import Check

OURS = copy_of(build(LETTER, KEY).raw)
POP3 = {"": "+OK ready", "CAPA": "+OK\r\nUSER\r\n.", "USER": "+OK", "PASS": "+OK", "UIDL": "+OK\r\n.", "QUIT": "+OK"}


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made.close()


@pytest.fixture
async def pop3() -> AsyncIterator[tuple[Check, list[str]]]:
    """Serve an empty POP3 mailbox; yield its check, and what the clients said."""
    said: list[str] = []

    async def serve(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        outgoing.write(f"{POP3['']}\r\n".encode())
        while line := (await incoming.readline()).decode().split():
            said.append(line[0])
            outgoing.write(f"{POP3[line[0]]}\r\n".encode())
        outgoing.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield replace(CHECK, kind="pop3", endpoint=Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])), said


@pytest.mark.parametrize(
    ("kind", "age", "due", "poll"),
    [
        ("imap", None, None, None),
        ("imap", None, 61.0, None),
        ("imap", None, 20.0, 20.0),
        ("imap", None, 59.0, 30.0),
        ("imap", None, 0.0, 0.5),
        ("imap", 200.0, 3.0, 3.0),
        ("imap", 200.0, 280.0, 20.0),
        ("imap", 2.0, 280.0, 0.5),
        ("pop3", None, 3.0, None),
        ("pop3", 9999.0, 10.0, 10.0),
    ],
)
async def test_a_mailbox_is_open_for_what_is_awaited_and_for_what_comes_soon(
    wire: Wire, kind: str, age: float | None, due: float | None, poll: float | None
) -> None:
    reader = Reader(wire, replace(CHECK, kind=kind), KEY, Post(age=age, due=due))
    assert reader.poll_seconds() == poll
    assert reader.opened.is_set() is (poll is not None)


async def test_whether_a_message_may_go_is_known_when_the_ledger_has_it(wire: Wire) -> None:
    written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    reader = Reader(wire, CHECK, KEY, Post(deletable=written))
    reader.seen(OURS)
    assert reader.may_delete(OURS) is None
    written.set_result(True)
    assert reader.may_delete(OURS) is True
    assert reader.may_delete(OURS) is False


async def test_what_the_ledger_refuses_stays(wire: Wire) -> None:
    written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    written.set_result(False)
    reader = Reader(wire, CHECK, KEY, Post(deletable=written))
    reader.seen(OURS)
    assert reader.may_delete(OURS) is False


async def test_who_leaves_finishes_the_deletion_and_begins_none(wire: Wire) -> None:
    reader = Reader(wire, CHECK, KEY, Post())
    other = replace(OURS, uid="77.5")
    for copy in (OURS, other):
        reader.seen(copy)
    assert reader.may_delete(OURS) is True
    leaving = asyncio.create_task(reader.leave())
    await asyncio.sleep(0.01)
    assert not leaving.done()
    reader.deleted(OURS)
    await leaving
    assert reader.may_delete(other) is False


async def test_who_leaves_does_not_wait_for_ever(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "FINISH_SECONDS", 0.01)
    reader = Reader(wire, CHECK, KEY, Post())
    reader.seen(OURS)
    assert reader.may_delete(OURS) is True
    await asyncio.wait_for(reader.leave(), 1.0)


async def test_what_was_passed_over_is_looked_at_in_a_new_session(wire: Wire, pop3: tuple[Check, list[str]]) -> None:
    check, said = pop3
    reader = Reader(wire, check, KEY, Post())
    reader.forget()
    assert reader.poll_seconds() is None
    reading = asyncio.create_task(reader.run())
    await asyncio.wait_for(reader.opened.wait(), 5.0)
    assert reader.poll_seconds() == 0.4
    assert said.count("UIDL") == 1
    await asyncio.wait_for(Mailroom(lambda _: reader).close(), 1.0)
    reading.cancel()


async def test_a_new_trip_cuts_the_pause_of_an_old_one_short(wire: Wire, pop3: tuple[Check, list[str]]) -> None:
    check, said = pop3
    reader = Reader(wire, check, KEY, Post(age=9999.0))
    reading = asyncio.create_task(reader.run())
    await asyncio.wait_for(reader.opened.wait(), 5.0)
    await asyncio.sleep(0.05)
    assert said.count("QUIT") == 1
    reader.hurry()
    async with asyncio.timeout(5.0):
        while said.count("QUIT") < 2:  # noqa: ASYNC110 - a server tells nobody
            await asyncio.sleep(0.01)
    reading.cancel()


async def test_a_server_in_trouble_is_given_its_time(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(wire, CHECK, KEY, Post())
    monkeypatch.setattr(reader, "_pause_seconds", lambda failures: 60.0 * failures)
    reading = asyncio.create_task(reader.run())
    await asyncio.wait_for(reader.opened.wait(), 5.0)
    reader.hurry()
    await asyncio.sleep(0.05)
    assert (reader.blind, reading.done()) == ("CONNECT at connect: Connection refused (127.0.0.1 port 9)", False)
    reading.cancel()


async def test_one_reader_for_a_mailbox_and_only_regular_ones_are_remembered(wire: Wire, pop3: tuple[Check, list[str]]) -> None:
    check, _ = pop3
    post = Post()
    room = Mailroom(lambda wanted: Reader(wire, wanted, KEY, post))
    first = room.open(check)
    assert (room.open(check) is first, len(room), room.blind(check)) == (True, 1, "not opened yet")
    await asyncio.wait_for(first.opened.wait(), 5.0)
    post.age = None
    for regular in ([check], []):
        room.keep(regular)
        async with asyncio.timeout(5.0):
            while len(room):  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
        again = room.open(check)
        assert (again is first) is bool(regular)
    await room.close()
    assert (len(room), room.blind(check)) == (0, "")
