"""A SASL exchange carried by a protocol: initial response, challenges in base64, what is shown, what a refused token says."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import pytest

from probe import sasl
from probe.dialogue import Ask, Note, Unwelcome, rehearse
from probe.framing import smtp_reply
from probe.values import Fault, FaultKind, Mailbox, Secret

if TYPE_CHECKING:
    from probe.dialogue import Dialogue

TIM = Mailbox("tim@abc.example", Secret("tanstaaftanstaaf"), user="tim")
OAUTH = Mailbox("user@example.com", token=Secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="))


def chosen(name: str, mailbox: Mailbox = TIM) -> sasl.Mechanism:
    return sasl.choose([name], mailbox, encrypted=True)


def challenge(reply: bytes) -> bytes | None:
    return reply[4:].strip() if reply.startswith(b"334") else None


def carried(mechanism: sasl.Mechanism, replies: list[bytes], limit: int = 512) -> tuple[list[Ask], dict[str, object]]:
    """Carry the exchange as SMTP does; return what was asked, and the readings."""

    def dialogue() -> Dialogue:
        final = yield from sasl.authenticate(mechanism, sasl.Profile(b"AUTH ", smtp_reply, challenge, limit))
        assert final == replies[-1]
        mechanism.finish()

    moves = rehearse(dialogue(), replies)
    return [move for move in moves if isinstance(move, Ask)], {move.name: move.value for move in moves if isinstance(move, Note)}


def test_an_initial_response_rides_on_the_command() -> None:
    asked, readings = carried(chosen("PLAIN"), [b"235 2.7.0 ok\r\n"])
    assert [ask.data for ask in asked] == [b"AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n"]
    assert [ask.shown for ask in asked] == ["AUTH PLAIN ***"]
    assert readings == {"auth": "PLAIN"}


def test_an_initial_response_waits_where_the_line_would_be_too_long() -> None:
    asked, _ = carried(chosen("PLAIN"), [b"334 \r\n", b"235 ok\r\n"], limit=36)
    assert [ask.data for ask in asked] == [b"AUTH PLAIN\r\n", b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n"]
    assert [ask.shown for ask in asked] == ["AUTH PLAIN", "***"]


def test_challenges_are_answered_in_base64() -> None:
    said = b64encode(b"<1896.697170952@postoffice.reston.mci.net>")
    asked, _ = carried(chosen("CRAM-MD5"), [b"334 " + said + b"\r\n", b"235 ok\r\n"])
    assert [ask.data for ask in asked] == [b"AUTH CRAM-MD5\r\n", b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n"]


def test_a_clear_secret_on_an_open_connection_is_a_reading() -> None:
    _, readings = carried(sasl.choose(["PLAIN"], TIM, encrypted=False), [b"235 ok\r\n"])
    assert readings == {"auth": "PLAIN", "auth_exposed": True}


def test_a_challenge_that_is_not_base64() -> None:
    with pytest.raises(Unwelcome) as unwelcome:
        carried(chosen("CRAM-MD5"), [b"334 <what?>\r\n"])
    assert unwelcome.value.fault == Fault(FaultKind.PROTOCOL, "auth", "broke CRAM-MD5: its challenge is not base64: <what?>")


@pytest.mark.parametrize(("name", "answer"), [("OAUTHBEARER", b"\1"), ("XOAUTH2", b"")])
def test_a_refused_token_is_reported_with_the_servers_reasons(name: str, answer: bytes) -> None:
    why = json.dumps({"status": "invalid_token", "scope": "example_scope"})  # RFC 7628, section 4.3
    mechanism = chosen(name, OAUTH)
    talk = sasl.authenticate(mechanism, sasl.Profile(b"AUTH ", smtp_reply, challenge, 512))
    assert next(talk) == Note("auth", name)
    talk.send(b"")
    dummy = talk.send(b"334 " + b64encode(why.encode()) + b"\r\n")
    assert isinstance(dummy, Ask)
    assert b64decode(dummy.data) == answer
    with pytest.raises(Unwelcome) as unwelcome:
        talk.send(b"535 5.7.8 no\r\n")
    assert unwelcome.value.fault == Fault(FaultKind.AUTH, "auth", f"535 5.7.8 no {why}")


def test_what_it_holds_never_prints() -> None:
    assert repr(chosen("PLAIN")) == "<Mechanism PLAIN>"
