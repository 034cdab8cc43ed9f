"""A conversation without a socket: what is stamped, what a silence means, what a lost line means, and what never shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from probe.conversation import Conversation, State
from probe.dialogue import Ask, Note, Skip, Upgrade, Wait
from probe.framing import REPLY_LIMIT_BYTES, smtp_reply
from probe.values import Fault, FaultKind, Step

if TYPE_CHECKING:
    from probe.dialogue import Dialogue


def two_asks(last: str = "quit") -> Dialogue:
    yield Ask("greeting", b"", smtp_reply)
    yield Ask("hello", b"EHLO x\r\n", smtp_reply, within_seconds=3.0)
    yield Note("offers", "secret word")
    yield Skip("fetch", "nothing to fetch")
    yield Ask(last, b"QUIT\r\n", smtp_reply)


def begun(dialogue: Dialogue, **options: bool) -> Conversation:
    talk = Conversation(dialogue, 100.0, ("secret",), **options)
    talk.mark("resolve", 100.5)
    talk.mark("connect", 101.0)
    talk.proceed(101.0)
    return talk


def test_steps_are_the_spans_between_stamps() -> None:
    talk = begun(two_asks())
    assert talk.patience is None
    assert talk.feed(b"220 hi\r\n", 102.0) == b"EHLO x\r\n"
    assert talk.patience == 3.0
    assert talk.feed(b"250 secret\r\n", 104.0) == b"QUIT\r\n"
    assert talk.feed(b"221 bye\r\n", 104.5) == b""
    assert talk.over
    assert [(step.name, step.seconds) for step in talk.steps()] == [
        ("resolve", 0.5),
        ("connect", 0.5),
        ("greeting", 1.0),
        ("hello", 2.0),
        ("fetch", 0.0),
        ("quit", 0.5),
    ]
    assert talk.stamps() == 6
    assert talk.readings == {"offers": "*** word", "fetch": "nothing to fetch"}
    assert "secret" not in repr(talk.transcript())


def test_a_reply_that_came_early_is_read_when_it_is_due() -> None:
    talk = begun(two_asks())
    assert talk.feed(b"220 hi\r\n250 ok\r\n221 bye\r\n", 102.0) == b"EHLO x\r\nQUIT\r\n"
    assert talk.over
    assert talk.fault is None
    assert talk.feed(b"more", 103.0) == b""


def test_datagrams_are_not_joined() -> None:
    talk = begun(two_asks(), datagram=True)
    talk.feed(b"220-half", 102.0)
    assert talk.feed(b"220 whole\r\n", 103.0) == b"EHLO x\r\n"


@pytest.mark.parametrize(
    ("last", "unread", "fault"),
    [
        ("quit", b"", None),
        ("quit", b"22", Fault(FaultKind.PROTOCOL, "quit", "closed the connection, in the middle of a reply: 22")),
        ("fetch", b"", Fault(FaultKind.PROTOCOL, "fetch", "closed the connection")),
    ],
)
def test_who_hangs_up_at_the_farewell_has_served_us(last: str, unread: bytes, fault: Fault | None) -> None:
    talk = begun(two_asks(last))
    talk.feed(b"220 hi\r\n250 ok\r\n" + unread, 102.0)
    talk.lost("closed the connection", 103.0)
    assert talk.fault == fault
    talk.lost("again", 104.0)
    talk.fail(FaultKind.OURS, "too late", 104.0)
    assert talk.fault == fault
    assert sum(step.seconds for step in talk.steps()) == pytest.approx(3.0)


def test_a_farewell_that_is_not_answered_is_no_fault() -> None:
    def parts() -> Dialogue:
        yield Ask("unbind", b"bye", smtp_reply, within_seconds=1.0)

    talk = begun(parts())
    assert talk.expire(102.0) == b""
    assert (talk.over, talk.fault) == (True, None)
    assert talk.steps()[-1] == Step("unbind", 1.0)


def test_a_reply_that_is_no_text_shows_in_words() -> None:
    def asks() -> Dialogue:
        yield Ask("query", b"\0", smtp_reply, shown="a question", heard=lambda reply: f"{len(reply)} bytes, secret")

    talk = begun(asks())
    talk.feed(b"250 \x80\r\n", 102.0)
    assert [(line.ours, line.text) for line in talk.transcript()] == [(True, "a question"), (False, "7 bytes, ***")]
    assert talk.transcript()[1:][0].at_seconds == 2.0


def test_time_out_is_a_fault_of_an_ask_and_none_of_a_wait() -> None:
    def waits() -> Dialogue:
        answer = yield Wait("idle", smtp_reply, 9.0, parting=b"DONE\r\n")
        yield Note("heard", answer.decode())
        yield Ask("noop", b"NOOP\r\n", smtp_reply)

    talk = begun(waits())
    assert (talk.patience, talk.parting) == (9.0, b"DONE\r\n")
    assert talk.expire(110.0) == b"NOOP\r\n"
    assert (talk.readings, talk.parting) == ({"heard": ""}, b"")
    assert talk.expire(120.0) == b""
    assert talk.fault == Fault(FaultKind.TIMEOUT, "noop", "")
    assert talk.patience is None


def test_a_wait_that_goes_on_has_the_time_of_the_first() -> None:
    def waits() -> Dialogue:
        wait = Wait("idle", smtp_reply, 9.0)
        for _ in range(5):
            yield wait
            wait = wait.rest()
        yield Ask("noop", b"NOOP\r\n", smtp_reply)

    talk = begun(waits())
    turns = talk.turns
    talk.feed(b"250 one\r\n250 two\r\n", 102.0)
    talk.feed(b"250 three\r\n", 103.0)
    assert (talk.turns, talk.patience) == (turns, 9.0)
    talk.expire(110.0)
    assert (talk.turns, talk.patience) == (turns + 1, 9.0)
    assert talk.expire(119.0) == b"NOOP\r\n"
    assert talk.patience is None


def test_an_endless_line_ends_at_the_limit() -> None:
    talk = begun(two_asks())
    for number in range(20):
        talk.feed(b"220-" + b"x" * (REPLY_LIMIT_BYTES // 10), 102.0 + number)
    assert talk.fault is not None
    assert talk.fault.said.startswith(f"a reply longer than {REPLY_LIMIT_BYTES} bytes: 220-xxx")


def test_bytes_before_tls() -> None:
    def secures() -> Dialogue:
        yield Ask("starttls", b"STARTTLS\r\n", smtp_reply)
        yield Upgrade()

    talk = Conversation(secures(), 100.0)
    assert talk.feed(b"220 plain\r\n", 101.0) == b""
    assert talk.fault == Fault(FaultKind.TLS, "resolve", "speaks plain text on this port, where TLS is configured: 220 plain")
    talk = Conversation(secures(), 100.0)
    assert talk.proceed(101.0) == b"STARTTLS\r\n"
    talk.feed(b"220 go\r\n", 102.0)
    assert talk.state is State.UPGRADE
    talk.feed(b"* OK injected\r\n", 102.0)
    assert talk.fault == Fault(FaultKind.PROTOCOL, "tls", "sent more than its reply to STARTTLS before TLS began: * OK injected")


def test_a_reply_before_its_command_is_no_answer_but_421_is() -> None:
    talk = begun(two_asks(), in_turn=True)
    talk.feed(b"220 hi\r\n250 ok\r\n", 102.0)
    assert talk.fault == Fault(FaultKind.PROTOCOL, "hello", "answered before it was asked: 250 ok")
    talk = begun(two_asks(), in_turn=True)
    assert talk.feed(b"220 hi\r\n421 going down\r\n", 102.0).startswith(b"EHLO")
    assert talk.fault is None


def test_many_replies_at_once_need_no_stack() -> None:
    def many() -> Dialogue:
        for _ in range(5_000):
            yield Ask("search", b"", smtp_reply)

    talk = begun(many())
    talk.feed(b"250 ok\r\n" * 5_000, 102.0)
    assert (talk.over, talk.fault) == (True, None)


def test_what_a_peer_echoes_of_a_hidden_command_is_hidden() -> None:
    def logs_in() -> Dialogue:
        yield Ask("auth", b"AUTH PLAIN AGFsaWNlAHB3\r\n", smtp_reply, shown="AUTH PLAIN ***")
        yield Ask("quit", b"QUIT\r\n", smtp_reply)

    talk = begun(logs_in())
    talk.feed(b"250 bad: AUTH PLAIN AGFsaWNlAHB3 is no command\r\n501 AGFsaWN", 102.0)
    assert [line.text for line in talk.transcript()] == ["AUTH PLAIN ***", "250 bad: AUTH PLAIN *** is no command", "QUIT"]
    talk.lost("closed the connection", 103.0)
    assert talk.fault == Fault(FaultKind.PROTOCOL, "quit", "closed the connection, in the middle of a reply: 501 ***")
