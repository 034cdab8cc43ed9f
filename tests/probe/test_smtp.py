"""SMTP, submission and LMTP as dialogues: what is said, in which steps, and which fault a refusal becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.smtp import code_of, dialogue, offers_of, stuff
from probe.values import Check, Endpoint, FaultKind, Mailbox, Secret, Security
from tests.probe.transcripts import tell

MAILBOX = Mailbox("probe@abc.example", Secret("pass word"))
SMTP = Check("abc.example/mx", "abc.example", "mx", "smtp", Endpoint("mx.example", 25), mailbox=MAILBOX, hello="sonde.example")
SUBMISSION = replace(SMTP, kind="submission", endpoint=Endpoint("mx.example", 587, Security.STARTTLS))
MESSAGE = b"Subject: x\r\n\r\n.dot\r\nend\r\n"

GREETED = """
    S: 220 mx.example ESMTP
    C: EHLO sonde.example
    S: 250-mx.example at your service
    S: 250-SIZE 1024
    S: 250-AUTH PLAIN LOGIN
    S: 250 ENHANCEDSTATUSCODES
"""
UPTO_RCPT = """
    C: MAIL FROM:<probe@abc.example>
    S: 250 2.1.0 Ok
    C: RCPT TO:<probe@abc.example>
    S: 250 2.1.5 Ok
    C: QUIT
    S: 221 2.0.0 Bye
"""


def test_an_mx_is_asked_up_to_the_recipient() -> None:
    told = tell(lambda: dialogue(SMTP), GREETED + UPTO_RCPT)
    assert told.steps == ["greeting", "hello", "mail", "rcpt", "quit"]
    assert told.readings == {"size_limit_bytes": 1024, "auth_offered_in_clear": True}
    assert told.fault is None


def test_submission_secures_itself_greets_again_and_logs_in() -> None:
    told = tell(
        lambda: dialogue(SUBMISSION),
        """
        S: 220-mx.example
        S: 220 ESMTP
        C: EHLO sonde.example
        S: 250-mx.example
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 2.0.0 Ready
        TLS
        C: EHLO sonde.example
        S: 250-mx.example
        S: 250 AUTH=PLAIN
        C: AUTH PLAIN AHByb2JlQGFiYy5leGFtcGxlAHBhc3Mgd29yZA==
        S: 235 2.7.0 Authentication successful
        """
        + UPTO_RCPT,
    )
    assert told.steps == ["greeting", "hello", "starttls", "tls", "hello-tls", "auth", "mail", "rcpt", "quit"]
    assert told.readings == {"auth": "PLAIN"}
    assert not any("pass" in line or "AHBy" in line for line in told.shown)


def test_lmtp_says_lhlo_and_sends_the_message_with_dots_doubled() -> None:
    told = tell(
        lambda: dialogue(replace(SMTP, kind="lmtp", send="message", recipient="other@abc.example"), MESSAGE),
        r"""
        S: 220 lmtp
        C: LHLO sonde.example
        S: 250 lmtp
        C: MAIL FROM:<probe@abc.example>
        S: 250 ok
        C: RCPT TO:<other@abc.example>
        S: 250 ok
        C: DATA
        S: 354 go
        C: b"Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n"
        S: 250 2.0.0 Ok: queued as 4jW76S0sf8zRhS4
        C: QUIT
        S: 221 bye
        """,
    )
    assert told.readings == {"queued_as": "4jW76S0sf8zRhS4"}
    assert "[test message of 25 bytes]" in told.shown


@pytest.mark.parametrize(
    ("reply", "kind", "code", "enhanced"),
    [
        ("550 5.1.1 no such user", FaultKind.PERMANENT, 550, "5.1.1"),
        ("451-4.7.1 greylisted", FaultKind.TEMPORARY, 451, "4.7.1"),
        ("421 too many", FaultKind.TEMPORARY, 421, None),
        ("530 5.7.0 log in first", FaultKind.AUTH, 530, "5.7.0"),
        ("354 what", FaultKind.PROTOCOL, 354, None),
    ],
)
def test_a_refused_recipient_names_kind_code_and_words(reply: str, kind: FaultKind, code: int, enhanced: str | None) -> None:
    refusal = reply if "-" not in reply[:4] else f"{reply}\r\n{reply[:3]} see later"
    told = tell(lambda: dialogue(SMTP), [b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", refusal.encode() + b"\r\n"])
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step) == (kind, "rcpt")
    assert told.readings.get("reply_code") == code
    assert told.readings.get("enhanced_status") == enhanced


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"535 5.7.8 no\r\n", FaultKind.AUTH),
        (b"454 4.7.0 later\r\n", FaultKind.TEMPORARY),
        (b"500 5.5.2 what\r\n", FaultKind.AUTH),
        (b"503 5.5.1 not now\r\n", FaultKind.PERMANENT),
    ],
)
def test_a_refused_login(reply: bytes, kind: FaultKind) -> None:
    check = replace(SUBMISSION, endpoint=Endpoint("mx.example", 465, Security.TLS))
    told = tell(lambda: dialogue(check), [b"220 hi\r\n", b"250-hi\r\n250 AUTH PLAIN\r\n", reply])
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step) == (kind, "auth")


def test_login_asks_line_by_line() -> None:
    check = replace(SUBMISSION, endpoint=Endpoint("mx.example", 465, Security.TLS), mailbox=replace(MAILBOX, mechanism="LOGIN"))
    replies = [b"220 hi\r\n", b"250-hi\r\n250 AUTH PLAIN LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 in\r\n"]
    told = tell(lambda: dialogue(check), [*replies, b"250 ok\r\n", b"250 ok\r\n", b"221 bye\r\n"])
    assert told.sent[2:4] == [b"cHJvYmVAYWJjLmV4YW1wbGU=\r\n", b"cGFzcyB3b3Jk\r\n"]
    assert told.fault is None


def test_starttls_that_is_not_offered_or_refused_is_a_tls_fault() -> None:
    told = tell(lambda: dialogue(SUBMISSION), [b"220 hi\r\n", b"250 hi\r\n"])
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step, told.fault.said) == (FaultKind.TLS, "starttls", "STARTTLS is not offered")
    for reply, kind in ((b"454 4.7.0 no TLS now\r\n", FaultKind.TLS), (b"421 going down\r\n", FaultKind.TEMPORARY)):
        told = tell(lambda: dialogue(SUBMISSION), [b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", reply])
        assert told.fault is not None
        assert (told.fault.kind, told.fault.step) == (kind, "starttls")


def test_without_mailbox_or_password_the_steps_say_so() -> None:
    told = tell(lambda: dialogue(replace(SMTP, mailbox=None)), [b"220 hi\r\n", b"250 hi\r\n", b"221 bye\r\n"])
    assert told.readings == {"mail": "no mailbox is configured", "rcpt": "no mailbox is configured"}
    check = replace(SUBMISSION, endpoint=SMTP.endpoint, mailbox=Mailbox("a@b.example"))
    told = tell(lambda: dialogue(check), [b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"221 bye\r\n"])
    assert told.readings["auth"] == "no password or token is configured"


def test_an_address_that_needs_smtputf8() -> None:
    check = replace(SMTP, mailbox=Mailbox("prüfer@abc.example"))
    told = tell(lambda: dialogue(check), [b"220 hi\r\n", b"250-hi\r\n250 SMTPUTF8\r\n", b"250 ok\r\n", b"250 ok\r\n", b"221 bye\r\n"])
    assert told.sent[1] == "MAIL FROM:<prüfer@abc.example> SMTPUTF8\r\n".encode()
    told = tell(lambda: dialogue(check), [b"220 hi\r\n", b"250 hi\r\n"])
    assert told.fault is not None
    assert told.fault.said.startswith("SMTPUTF8 is not offered, and prüfer@abc.example")


def test_an_address_never_ends_the_line() -> None:
    check = replace(SMTP, mailbox=Mailbox("a@b.example>\r\nRSET"))
    told = tell(lambda: dialogue(check), [b"220 hi\r\n", b"250 hi\r\n"])
    assert told.fault is not None
    assert told.fault.kind is FaultKind.OURS


@pytest.mark.parametrize("digits", [21, 5_000])
def test_a_size_that_no_server_can_mean_is_passed_over(digits: int) -> None:
    told = tell(
        lambda: dialogue(replace(SMTP, mailbox=None)), [b"220 hi\r\n", b"250-hi\r\n250 SIZE " + b"9" * digits + b"\r\n", b"221 bye\r\n"]
    )
    assert (told.fault, "size_limit_bytes" in told.readings) == (None, False)


def test_small_readers() -> None:
    assert offers_of(b"250-mx\r\n250-SIZE\r\n250-\r\n250 auth=plain\r\n") == {"SIZE": "", "AUTH": "plain"}
    assert code_of(b"250 2.1.0 x\r\n").enhanced == "2.1.0"
    assert code_of(b"554 5.7.1: x\r\n").enhanced == "5.7.1"
    assert stuff(b".") == b"..\r\n.\r\n"
