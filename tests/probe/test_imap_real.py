"""IMAP against the lab's Dovecot: every security and mechanism, the newest test message, and the reader that touches nobody else's mail."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from typing import TYPE_CHECKING, NoReturn

import pytest

from lab.dovecot import empty
from lab.ground import FIRST_DOMAINS
from probe.dialogue import refuse
from probe.imap_session import Session
from probe.mailbox_imap import watch
from probe.values import FaultKind, Security
from probe.wire import Wire
from tests.probe.postman import HOST, Awaiting, account, check, deliver, ours, somebodys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from probe.values import Step
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA, BETA = "probe@alpha.test", "probe@beta.test"


@pytest.fixture(autouse=True)
def _no_mail_of_others(lab: Lab) -> None:
    """Begin with empty mailboxes: other tests leave mail in the lab they share."""
    for domain in FIRST_DOMAINS:
        empty(lab.ground, f"probe@{domain}")


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.close()


def names(steps: tuple[Step, ...]) -> list[str]:
    return [step.name for step in steps]


def client(lab: Lab, address: str) -> imaplib.IMAP4_SSL:
    trust = ssl.create_default_context(cafile=str(lab.dir / "tls/ca.pem"))
    imap = imaplib.IMAP4_SSL(HOST, lab.ports["imaps"], ssl_context=trust, timeout=10)
    imap.login(address, lab.password(address.rpartition("@")[2]))
    return imap


def flags(lab: Lab, address: str, folder: str = "INBOX") -> list[bytes]:
    """Return UID and flags of every message, as somebody else's client sees them."""
    imap = client(lab, address)
    imap.select(folder, readonly=True)
    rows = imap.uid("FETCH", "1:*", "(FLAGS)")[1]
    imap.logout()
    return [row for row in rows if isinstance(row, bytes)]


@pytest.mark.parametrize("security", list(Security))
async def test_the_whole_conversation_in_each_security(lab: Lab, wire: Wire, security: Security) -> None:
    deliver(lab, ALPHA, ours(ALPHA).raw, somebodys())
    before = flags(lab, ALPHA)
    result = await wire.run(check(lab, "imap", security, account(lab, ALPHA)))
    assert result.fault is None
    assert [step for step in ("login", "select", "search", "fetch", "logout") if step not in names(result.steps)] == []
    assert ("starttls" in names(result.steps)) is (security is Security.STARTTLS)
    assert isinstance(size := result.readings["fetched_bytes"], int)
    assert size > 500
    assert result.readings["mailbox_messages"] == len(before)
    assert flags(lab, ALPHA) == before


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
async def test_each_mechanism(lab: Lab, wire: Wire, mechanism: str) -> None:
    result = await wire.run(check(lab, "imap", Security.STARTTLS, account(lab, ALPHA, mechanism=mechanism)))
    assert (result.fault, result.readings["auth"]) == (None, mechanism)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
async def test_a_wrong_password(lab: Lab, wire: Wire, mechanism: str) -> None:
    result = await wire.run(check(lab, "imap", Security.TLS, account(lab, ALPHA, "wrong horse", mechanism)))
    assert result.fault is not None
    assert (result.fault.kind, result.fault.step) == (FaultKind.AUTH, "login")
    assert "wrong horse" not in repr(result)


async def test_the_reader_in_idle_sees_ours_come_deletes_it_and_leaves_the_others_alone(lab: Lab, wire: Wire) -> None:
    early, late = ours(BETA), ours(BETA)
    forged = ours(BETA, key=b"another prober's key")
    deliver(lab, BETA, somebodys("before"), early.raw, forged.raw)
    others = len(flags(lab, BETA)) - 1
    inbox = Awaiting({early.message_id, late.message_id}, poll=2.0)
    one = check(lab, "imap", Security.TLS, account(lab, BETA))
    reader = asyncio.create_task(wire.talk(one, watch(one, inbox)))
    await inbox.came.wait()
    await asyncio.sleep(0.2)  # by then it idles; were it not, the time since the last look would say so
    await asyncio.to_thread(deliver, lab, BETA, somebodys("meanwhile"), late.raw)
    result = await asyncio.wait_for(reader, 10)
    assert result.fault is None
    assert inbox.come == {early.message_id, late.message_id}
    assert [(copy.folder, copy.polled_seconds) for copy in inbox.copies] == [("INBOX", None), ("INBOX", 0.0)]
    assert "idle" in names(result.steps)
    left = flags(lab, BETA)
    assert len(left) == others + 1
    assert not any(b"Deleted" in row or b"Seen" in row for row in left)


async def test_the_reader_finds_ours_in_the_junk_folder(lab: Lab, wire: Wire) -> None:
    address = "probe@gamma.test"
    message = ours(address)
    inbox = Awaiting({message.message_id}, poll=0.3, extra_looks=1)
    one = check(lab, "imap", Security.STARTTLS, account(lab, address))
    reader = asyncio.create_task(wire.talk(one, watch(one, inbox)))
    await asyncio.sleep(0.4)
    await asyncio.to_thread(_put_into_junk, lab, address, message.raw)
    result = await asyncio.wait_for(reader, 10)
    assert result.fault is None
    assert [copy.folder for copy in inbox.copies] == ["Junk"]
    assert inbox.copies[0].polled_seconds == pytest.approx(0.3)
    assert inbox.told == ["noticed", "seen in Junk"]
    assert [row for row in flags(lab, address, "Junk") if b"Deleted" not in row] == [b"1 (UID 2 FLAGS (\\Seen))"]


def _put_into_junk(lab: Lab, address: str, raw: bytes) -> None:
    imap = client(lab, address)
    for mail, flag in ((raw, ""), (somebodys("buy!"), "\\Seen")):
        assert imap.append("Junk", flag, "", mail)[0] == "OK"
    imap.logout()


async def test_without_idle_the_reader_asks_again_and_again(lab: Lab, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "can", lambda session, *names: "IDLE" not in names and session.capabilities.issuperset(names))
    message = ours(ALPHA)
    inbox = Awaiting({message.message_id}, poll=2.0)
    one = check(lab, "imap", Security.NONE, account(lab, ALPHA))
    reader = asyncio.create_task(wire.talk(one, watch(one, inbox)))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(deliver, lab, ALPHA, message.raw)
    result = await asyncio.wait_for(reader, 10)
    assert result.fault is None
    assert message.message_id in inbox.come  # and whatever the other tests have left there
    polled = next(copy.polled_seconds for copy in inbox.copies if message.message_id.encode() in copy.raw)
    assert polled is not None
    assert 0.2 <= polled <= 2.0
    assert "noop" in names(result.steps)


async def test_dovecot_understands_login_quoted_and_as_a_literal(lab: Lab, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "_sasl", None)  # were SASL tried, this would say so
    monkeypatch.setattr("probe.sasl.choose", _none_fits)
    good = await wire.run(check(lab, "imap", Security.TLS, account(lab, ALPHA)))
    bad = await wire.run(check(lab, "imap", Security.TLS, account(lab, ALPHA, "grüße")))
    assert (good.fault, good.readings["auth"]) == (None, "LOGIN command")
    assert bad.fault is not None
    assert (bad.fault.kind, bad.fault.step) == (FaultKind.AUTH, "login")


def _none_fits(*_: object, **__: object) -> NoReturn:
    raise refuse(FaultKind.AUTH, "login", "none")
