"""What a mailbox's reader makes of messages and of trouble, and what trips make of a server that keeps its answer: without any server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from probe.clock import utc_now
from probe.ledger import Ledger
from probe.mailbox import Copy
from probe.message import Letter, build
from probe.outcome import Handed, Limits
from probe.passage import line_of, planned
from probe.reader import Found, Reader
from probe.roundtrip import travel
from probe.values import Check, Endpoint, Journey, Mailbox, Outcome, Secret
from probe.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from probe.dsn import Bounce

KEY = b"a key of the tests, 32 bytes long"
NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
LETTER = Letter("a@abc.example", "b@abc.example", "00112233445566778899aabbccddeeff", NOW)
MAILBOX = Mailbox("b@abc.example", Secret("hunter2"))
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("127.0.0.1", 9), mailbox=MAILBOX, timeout_seconds=1.0)


Deletable = bool | asyncio.Future[bool]


class Post:
    """Keeps what it is told."""

    def __init__(self, *, age: float | None = 0.0, due: float | None = None, deletable: Deletable = True) -> None:
        self.age = age
        self.due = due
        self.deletable = deletable
        self.copies: list[Found] = []
        self.reports: list[Bounce] = []
        self.blinds: list[str] = []

    def youngest_seconds(self, check: Check) -> float | None:
        assert check.mailbox == MAILBOX
        return self.age

    def due_seconds(self, check: Check) -> float | None:
        assert check.mailbox == MAILBOX
        return self.due

    def found(self, found: Found) -> Deletable:
        self.copies.append(found)
        return self.deletable

    def bounced(self, report: Bounce) -> None:
        self.reports.append(report)

    def stirred(self, reader: Reader) -> None:
        self.blinds.append(reader.blind)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made.close()


def copy_of(raw: bytes, uid: str = "77.4", polled: float | None = 0.0, folder: str = "INBOX") -> Copy:
    return Copy(folder, uid, raw, "21-Nov-2026 09:00:03 +0100", polled)


def deletes(reader: Reader, copy: Copy) -> bool | None:
    """Show the reader a message; return whether it may be deleted."""
    reader.seen(copy)
    return reader.may_delete(copy)


async def test_a_copy_of_ours_is_shown_with_all_that_is_known(wire: Wire) -> None:
    post = Post()
    reader = Reader(wire, CHECK, KEY, post)
    reader.noticed()
    assert deletes(reader, copy_of(build(LETTER, KEY).raw, folder="Junk")) is True
    sighting = post.copies[0].sighting
    assert (sighting.epoch, sighting.uid, sighting.folder, sighting.misplaced, sighting.fresh) == ("77", "4", "Junk", True, True)
    assert sighting.stamped_at == NOW + timedelta(seconds=3)
    assert post.copies[0].read >= post.copies[0].noticed


async def test_pop3_has_neither_epoch_nor_stamp(wire: Wire) -> None:
    post = Post()
    copy = replace(copy_of(build(LETTER, KEY).raw, "12.ab", None), internal_date=None)
    Reader(wire, replace(CHECK, kind="pop3"), KEY, post).seen(copy)
    sighting = post.copies[0].sighting
    assert (sighting.epoch, sighting.uid, sighting.fresh, sighting.stamped_at) == ("", "12.ab", False, None)


@pytest.mark.parametrize(("days", "deleted"), [(0, False), (6, False), (8, True)])
async def test_what_no_ledger_knows_is_cleared_away_after_a_week(wire: Wire, days: int, *, deleted: bool) -> None:
    old = replace(LETTER, at=utc_now() - timedelta(days=days))
    assert deletes(Reader(wire, CHECK, KEY, Post(deletable=False)), copy_of(build(old, KEY).raw)) is deleted


async def test_other_mail_and_reports_are_never_deleted(wire: Wire) -> None:
    post = Post()
    reader = Reader(wire, CHECK, KEY, post)
    report = b"From: MAILER-DAEMON@x\r\n\r\n550 5.1.1 no such user\r\n\r\n" + build(LETTER, KEY).raw
    assert [reader.wants(raw) for raw in (b"Subject: hi\r\n\r\n", report, build(LETTER, KEY).raw)] == [False, True, True]
    assert deletes(reader, copy_of(b"Subject: hi\r\n\r\nhello")) is False
    assert deletes(reader, copy_of(build(LETTER, b"another key").raw)) is False
    assert deletes(reader, copy_of(report)) is False
    assert [found.said for found in post.reports] == ["550 5.1.1 no such user"]
    assert post.copies == []


async def test_somebodys_mail_is_never_read_with_retr(wire: Wire) -> None:
    ours = build(LETTER, KEY).raw
    bare = ours.replace(b"Message-ID:", b"X-Was:")
    others = [b"From: postmaster@other.example\r\n\r\n", b"Content-Type: multipart/report\r\n" + ours, bare]
    reader = Reader(wire, replace(CHECK, kind="pop3"), KEY, Post())
    assert [reader.owns(header) for header in (ours, *others)] == [True, False, False, False]
    assert all(reader.wants(header) for header in (ours, *others))


@pytest.mark.parametrize("at", [NOW - timedelta(days=99), NOW])
async def test_a_message_that_carries_a_copy_of_our_header_is_left(wire: Wire, at: datetime) -> None:
    post = Post()
    header = build(replace(LETTER, at=at), KEY).raw.partition(b"\r\n\r\n")[0]
    seal = header[header.index(b"X-Mailsonde:") :]
    somebodys = b"From: boss@other.example\r\nMessage-ID: <1@other.example>\r\n" + seal + b"\r\n\r\nplease sign\r\n"
    assert deletes(Reader(wire, CHECK, KEY, post), copy_of(somebodys)) is False
    assert [found.sighting.changed for found in post.copies] == ["the body was changed"]


async def test_a_report_that_copies_our_header_to_its_top_is_a_bounce(wire: Wire) -> None:
    post = Post()
    header = build(LETTER, KEY).raw.partition(b"\r\n\r\n")[0]
    seal = header[header.index(b"X-Mailsonde:") :]
    raw = b"From: MAILER-DAEMON@x\r\nContent-Type: multipart/report\r\n" + seal + b"\r\n\r\n550 5.1.1 no such user\r\n"
    assert deletes(Reader(wire, CHECK, KEY, post), copy_of(raw)) is False
    assert (post.copies, [(report.token, report.said) for report in post.reports]) == ([], [(LETTER.token, "550 5.1.1 no such user")])


@pytest.mark.parametrize(
    ("kind", "age", "poll"), [("imap", 0, 0.5), ("imap", 60, 6), ("imap", 9999, 30), ("pop3", 0, 0.4), ("pop3", 9999, 60)]
)
async def test_looks_often_for_a_fresh_trip_and_seldom_for_an_old_one(wire: Wire, kind: str, age: float, poll: float) -> None:
    assert Reader(wire, replace(CHECK, kind=kind), KEY, Post(age=age)).poll_seconds() == poll


async def test_ends_when_nothing_is_awaited(wire: Wire) -> None:
    await asyncio.wait_for(Reader(wire, CHECK, KEY, Post(age=None)).run(), 1.0)


async def test_says_why_it_cannot_read(wire: Wire) -> None:
    post = Post()
    reader = Reader(wire, CHECK, KEY, post)
    reading = asyncio.create_task(reader.run())
    await asyncio.wait_for(reader.opened.wait(), 5.0)
    reading.cancel()
    assert post.blinds == ["CONNECT at connect: Connection refused (127.0.0.1 port 9)"]


async def test_our_own_error_does_not_hang_the_trips(wire: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("probe.mailbox_imap.watch", lambda *_: 1 / 0)
    reader = Reader(wire, CHECK, KEY, Post())
    reading = asyncio.create_task(reader.run())
    await asyncio.wait_for(reader.opened.wait(), 5.0)
    reading.cancel()
    assert reader.blind == "OURS at read: ZeroDivisionError"
    assert "our own error in reading abc.example/imap" in caplog.text


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak SMTP up to the final dot, then hang up without an answer."""
    writer.write(b"220 mx.example\r\n")
    while not (line := await reader.readline()).startswith(b"DATA"):
        writer.write(b"250 fine\r\n")
        assert line
    writer.write(b"354 go on\r\n")
    await reader.readuntil(b"\r\n.\r\n")
    writer.close()


async def journey_to(port: int, address: str = "b@abc.example") -> Journey:
    submit = replace(CHECK, kind="smtp", endpoint=Endpoint("127.0.0.1", port))
    fetch = replace(CHECK, mailbox=replace(MAILBOX, address=address))
    return Journey("abc.example", "abc.example", submit, fetch, late_after_seconds=0.5, lost_after_seconds=1.0)


async def test_a_connection_lost_after_the_final_dot_leaves_us_unsure(wire: Wire, tmp_path: Path) -> None:
    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
        journey = await journey_to(server.sockets[0].getsockname()[1])
        told: list[str] = []
        with Ledger(tmp_path) as ledger:
            (trip,) = await travel(wire, [journey], KEY, ledger, 5.0, on_change=lambda trip: told.append(trip.waiting_for))
    lost = "PROTOCOL at message: closed the connection"
    assert (trip.outcome, trip.step) == (Outcome.UNSURE, "message")
    assert trip.said.startswith(f"nobody knows whether 127.0.0.1 took it: {lost}")
    assert told[0] == "an answer of 127.0.0.1"
    assert told[1].startswith("the message in INBOX of b@abc.example (cannot read INBOX of b@abc.example: CONNECT at connect: ")
    assert told[-1] == ""


async def test_an_address_that_cannot_be_written_to_ends_its_trip_alone(wire: Wire, tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        (trip,) = await travel(wire, [await journey_to(9, "b\u00e4r@abc.example")], KEY, ledger, 5.0)
    said = "not sent: 'b\u00e4r@abc.example' cannot be the address of a test message: write local-part@domain, in ASCII"
    assert (trip.outcome, trip.said) == (Outcome.UNSURE, said)


async def test_what_killed_runs_left_is_told_once(wire: Wire, tmp_path: Path) -> None:
    journey = await journey_to(9)
    long_ago = utc_now() - timedelta(days=3)
    told = replace(planned(journey, "0" * 32, long_ago), outcome=Outcome.LOST)
    gone = replace(planned(replace(journey, name="gone"), "1" * 32, long_ago), limits=Limits(lost_after_seconds=60.0))
    sent = replace(gone, letter=replace(gone.letter, token="2" * 32), facts=replace(gone.facts, handed=Handed.TAKEN))
    (tmp_path / "1-dead.jsonl").write_bytes(line_of(told) + line_of(gone) + line_of(sent))
    with Ledger(tmp_path) as ledger:
        fresh, *old = await travel(wire, [journey], KEY, ledger, 5.0)
    assert fresh.outcome is Outcome.UNSURE
    assert [(trip.name, trip.outcome, trip.said) for trip in old] == [
        ("abc.example", Outcome.LOST, ""),
        ("gone", Outcome.UNSURE, "nobody knows whether 127.0.0.1 took it: the run that sent it was stopped before the answer"),
        ("gone", Outcome.UNSURE, "cannot read INBOX of b@abc.example: no trip of this name is configured any more"),
    ]
    with Ledger(tmp_path) as ledger:
        assert ledger.claim(["abc.example", "gone"], utc_now()) == []
