"""What the fault proxy changes inside SMTP, IMAP, POP3 and LDAP: whole, byte by byte, and left alone where it should be."""

from __future__ import annotations

import pytest

from lab import proxy_ldap
from lab.proxy_behaviour import Behaviour, Route, behaviour
from lab.proxy_filters import LINE_BYTES, Body, Filter, Strip

EHLO = b"250-mx.lab.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n"


def answered(through: Filter, data: bytes, size: int) -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(through.answered(piece) for piece in [*pieces, b""])


def asked(through: Filter, data: bytes, size: int) -> tuple[bytes, bytes]:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    pairs = [through.asked(piece) for piece in [*pieces, b""]]
    return b"".join(onward for onward, _ in pairs), b"".join(answer for _, answer in pairs)


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize(
    ("protocol", "said", "seen"),
    [
        ("smtp", EHLO, b"250-mx.lab.test\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"),
        ("lmtp", b"250-x\r\n250 STARTTLS\r\n", b"250-x\r\n250 XXXXXXXX\r\n"),
        ("smtp", b"250 ok STARTTLS here\r\n", b"250 ok STARTTLS here\r\n"),
        ("imap", b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready\r\n", b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"),
        ("imap", b"* CAPABILITY STARTTLS IMAP4rev1\r\na OK done\r\n", b"* CAPABILITY IMAP4rev1\r\na OK done\r\n"),
        ("imap", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", b"* CAPABILITY IMAP4rev1\r\n"),
        ("imap", b"* OK talk of STARTTLS\r\n", b"* OK talk of STARTTLS\r\n"),
        ("pop3", b"+OK\r\nCAPA\r\nSTLS\r\nUIDL\r\n.\r\n", b"+OK\r\nCAPA\r\nUIDL\r\n.\r\n"),
        ("pop3", b"+OK unfinished", b"+OK unfinished"),
    ],
)
def test_the_offer_of_tls_disappears(protocol: str, said: bytes, seen: bytes, size: int) -> None:
    assert answered(Strip(protocol), said, size) == seen


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize(
    ("protocol", "said", "onward", "answer"),
    [
        ("smtp", b"EHLO x\r\nSTARTTLS\r\nQUIT\r\n", b"EHLO x\r\nQUIT\r\n", b"502 5.5.1 Error: command not implemented\r\n"),
        ("lmtp", b"starttls\r\n", b"", b"502 5.5.1 Error: command not implemented\r\n"),
        ("imap", b"a1 STARTTLS\r\na2 LOGOUT\r\n", b"a2 LOGOUT\r\n", b"a1 BAD Unknown command.\r\n"),
        ("pop3", b"CAPA\r\nSTLS\r\n", b"CAPA\r\n", b"-ERR Unknown command.\r\n"),
        ("pop3", b"USER starttls\r\n", b"USER starttls\r\n", b""),
    ],
)
def test_asking_for_tls_is_refused(protocol: str, said: bytes, onward: bytes, answer: bytes, size: int) -> None:
    assert asked(Strip(protocol), said, size) == (onward, answer)


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_one_letter_of_each_body_changes(size: int) -> None:
    message = b"Subject: body\r\n\r\n\r\n1. %s\r\n..\r\nlast\r\n.\r\n"
    talk = b"EHLO x\r\nMAIL FROM:<a@b>\r\nDATA\r\n" + message
    said = (talk % b"text") + b"RSET\r\nDATA\r\n" + (message % b"xyz") + b"QUIT\r\n"
    seen = (talk % b"xext") + b"RSET\r\nDATA\r\n" + (message % b"yyz") + b"QUIT\r\n"
    assert asked(Body(), said, size) == (seen, b"")


def test_a_message_without_a_letter_and_a_conversation_in_tls_pass_untouched() -> None:
    said = b"DATA\r\nSubject: x\r\n\r\n123\r\n.\r\nSTARTTLS\r\n\x16\x03\x01DATA\r\n\r\nabc"
    assert asked(Body(), said, 20) == (said, b"")
    assert Body().answered(b"250 ok\r\n") == b"250 ok\r\n"


def test_an_endless_line_is_not_kept() -> None:
    lines = Strip("smtp")
    assert lines.answered(b"x" * LINE_BYTES) == b""
    assert lines.answered(b"y") == b"x" * LINE_BYTES + b"y"


BIND = bytes.fromhex("300c020101600702010304008000")  # id 1, version 3, anonymous
START_TLS = b"\x30\x1d\x02\x01\x02\x77\x18\x80\x16" + proxy_ldap.START_TLS
UNBIND = bytes.fromhex("30050201034200")
SAID = b"too many requests, try again later"


def ldap_result(message_id: int, tag: int, code: int, said: bytes) -> bytes:
    contents = b"\x0a\x01" + bytes([code]) + b"\x04\x00\x04" + bytes([len(said)]) + said
    body = b"\x02\x01" + bytes([message_id, tag, len(contents)]) + contents
    return b"\x30" + bytes([len(body)]) + body


@pytest.mark.parametrize("size", [1, 5, 4096])
def test_a_busy_directory_answers_every_operation_with_51_and_lets_go_who_unbinds(size: int) -> None:
    onward, answer = asked(proxy_ldap.busy(), BIND + START_TLS + UNBIND, size)
    assert onward == UNBIND
    assert answer == ldap_result(1, 0x61, 51, SAID) + ldap_result(2, 0x78, 51, SAID)


@pytest.mark.parametrize("size", [1, 5, 4096])
def test_a_directory_without_start_tls_refuses_that_alone(size: int) -> None:
    onward, answer = asked(proxy_ldap.strip(), BIND + START_TLS + UNBIND, size)
    assert onward == BIND + UNBIND
    assert answer == ldap_result(2, 0x78, 2, b"unsupported extended operation")


@pytest.mark.parametrize(
    "said", [b"\x16\x03\x01hello", b"0\x84\x7f\xff\xff\xff", b"0\x03\x04\x01x", b"\x30\x0c\x02\x01", b"0\x02\x02\x01", b"0\x00"]
)
def test_what_is_no_ldap_message_passes_untouched(said: bytes) -> None:
    assert asked(proxy_ldap.busy(), said, 1) == (said, b"")
    assert proxy_ldap.busy().answered(said) == said


def test_the_words_of_faults_json_are_checked() -> None:
    assert behaviour({"cut": 2, "slow_seconds": 1}, "imap") == Behaviour(cut=2, slow_seconds=1)
    with pytest.raises(ValueError, match=r"^route imap: no behaviour 'sloww'; known are refuse, silent, garbage, flood, cut, strip, "):
        behaviour({"sloww": 1}, "imap")
    with pytest.raises(ValueError, match=r"^route imap: cut wants int, not True$"):
        behaviour({"cut": True}, "imap")
    with pytest.raises(ValueError, match=r"^route x: no protocol 'uucp'; known are dns, imap, ldap, lmtp, pop3, smtp, tcp, tls$"):
        Route("x", "uucp", ("127.0.0.1", 1), ("127.0.0.1", 2))
