"""POP3 against the lab's Dovecot: every security and mechanism, the newest test message, and the look that deletes only ours."""

from __future__ import annotations

import poplib
import ssl
from typing import TYPE_CHECKING

import pytest

from probe.mailbox_pop3 import look
from probe.values import FaultKind, Security
from probe.wire import Wire
from tests.probe.postman import HOST, Awaiting, account, check, deliver, ours, somebodys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA, BETA = "probe@alpha.test", "probe@beta.test"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.close()


def lying_there(lab: Lab, address: str) -> set[bytes]:
    trust = ssl.create_default_context(cafile=str(lab.dir / "tls/ca.pem"))
    pop = poplib.POP3_SSL(HOST, lab.ports["pop3s"], context=trust, timeout=10)
    pop.user(address)
    pop.pass_(lab.password(address.rpartition("@")[2]))
    uids = {line.split()[1] for line in pop.uidl()[1]}
    pop.quit()
    return uids


@pytest.mark.parametrize("security", list(Security))
async def test_the_whole_conversation_in_each_security(lab: Lab, wire: Wire, security: Security) -> None:
    message = ours(ALPHA)
    deliver(lab, ALPHA, message.raw, somebodys())
    before = lying_there(lab, ALPHA)
    result = await wire.run(check(lab, "pop3", security, account(lab, ALPHA)))
    assert result.fault is None
    assert [step.name for step in result.steps][-6:] == ["login", "stat", "uidl", "top", "retr", "quit"]
    assert isinstance(size := result.readings["fetched_bytes"], int)
    assert size > len(message.raw)  # the servers' Received lines have joined it
    assert result.readings["mailbox_messages"] == len(before)
    assert lying_there(lab, ALPHA) == before


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
async def test_each_mechanism_and_its_wrong_password(lab: Lab, wire: Wire, mechanism: str) -> None:
    good = await wire.run(check(lab, "pop3", Security.STARTTLS, account(lab, ALPHA, mechanism=mechanism)))
    bad = await wire.run(check(lab, "pop3", Security.STARTTLS, account(lab, ALPHA, "wrong horse", mechanism)))
    assert (good.fault, good.readings["auth"]) == (None, mechanism)
    assert bad.fault is not None
    assert (bad.fault.kind, bad.fault.step) == (FaultKind.AUTH, "login")


async def test_a_look_deletes_ours_and_only_ours_and_the_next_one_finds_nothing_new(lab: Lab, wire: Wire) -> None:
    message = ours(BETA)
    deliver(lab, BETA, somebodys(), ours(BETA, key=b"another prober's key").raw)
    others = lying_there(lab, BETA)
    deliver(lab, BETA, message.raw)
    inbox = Awaiting({message.message_id})
    known: set[str] = set()
    one = check(lab, "pop3", Security.TLS, account(lab, BETA))
    assert (await wire.talk(one, look(one, inbox, known, 1.5))).fault is None
    assert (inbox.come, [copy.polled_seconds for copy in inbox.copies]) == ({message.message_id}, [1.5])
    assert lying_there(lab, BETA) == others
    again = await wire.talk(one, look(one, inbox, known))
    assert (again.fault, inbox.told) == (None, ["noticed", "seen in INBOX"])
