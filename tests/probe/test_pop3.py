"""POP3's one-shot dialogue as stories; refusals are told as docs/decisions/0040 says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.pop3 import dialogue
from probe.values import FaultKind, Mailbox, Secret, Security
from tests.probe.transcripts import ALICE, Told, a_check, tell

HELLO = """
    S: +OK ready <1896.697170952@mail.example>
    C: CAPA
    S: +OK
    S: TOP
    S: UIDL
    S: USER
    S: RESP-CODES
    S: .
"""
LOGIN = (
    HELLO
    + """
    C: USER alice@abc.example
    S: +OK
    C: PASS pa"ss\\word
"""
)
IN = LOGIN + "    S: +OK in\n"
EMPTY = "C: STAT\nS: +OK 0 0\nC: UIDL\nS: +OK\nS: .\n"
QUIT = "C: QUIT\nS: +OK bye\n"


def pop3(story: str, security: Security = Security.NONE, mailbox: Mailbox | None = ALICE) -> Told:
    told = tell(lambda: dialogue(a_check("pop3", security, mailbox)), story)
    assert not any("word" in shown for shown in told.shown)
    return told


def test_a_server_in_the_clear_with_an_empty_mailbox() -> None:
    told = pop3(IN + EMPTY + QUIT)
    assert (told.fault, told.steps) == (None, ["greeting", "capa", "login", "stat", "uidl", "retr", "quit"])
    assert told.readings == {
        "apop_offered": True,
        "auth": "USER and PASS",
        "auth_exposed": True,
        "mailbox_messages": 0,
        "mailbox_bytes": 0,
        "retr": "no test message yet: the mailbox is empty",
    }


NEWEST = """
    S: +OK ready
    C: CAPA
    S: +OK
    S: STLS
    S: .
    C: STLS
    S: +OK go
    TLS
    C: CAPA
    S: +OK
    S: SASL PLAIN
    S: .
    C: AUTH PLAIN AGFsaWNlQGFiYy5leGFtcGxlAHBhInNzXHdvcmQ=
    S: +OK in
    C: STAT
    S: +OK 3 1000
    C: UIDL
    S: +OK
    S: 1 a
    S: 2 b
    S: 3 c
    S: .
    C: TOP 3 0
    S: +OK
    S: Subject: lunch?
    S:
    S: .
    C: TOP 2 0
    S: +OK
    S: X-Mailsonde: v=1
    S:
    S: .
    C: RETR 2
    S: +OK
    S: X-Mailsonde: v=1
    S:
    S: ..x
    S: .
    C: QUIT
    S: +OK
"""


def test_stls_sasl_and_the_newest_test_message() -> None:
    told = pop3(
        NEWEST,
        Security.STARTTLS,
    )
    assert told.fault is None
    assert told.steps == ["greeting", "capa", "starttls", "tls", "capa-tls", "login", "stat", "uidl", "top", "retr", "quit"]
    assert told.readings == {
        "auth": "PLAIN",
        "mailbox_messages": 3,
        "mailbox_bytes": 1000,
        "fetched_bytes": len(b"X-Mailsonde: v=1\r\n\r\n.x\r\n"),
    }


def test_a_server_that_knows_nothing_optional() -> None:
    told = pop3(
        """
        S: +OK ready
        C: CAPA
        S: -ERR what?
        C: USER alice@abc.example
        S: +OK
        C: PASS pa"ss\\word
        S: +OK
        C: STAT
        S: +OK 2 300
        C: UIDL
        S: -ERR what?
        C: TOP 2 0
        S: -ERR what?
        C: QUIT
        S: +OK
        """,
        Security.TLS,
    )
    assert told.fault is None
    assert (told.readings["capa"], told.readings["uidl"]) == ("no CAPA: -ERR what?", "no UIDL: -ERR what?")
    assert told.readings["retr"] == "no TOP, and no message is read that may be somebody's: -ERR what?"
    assert "auth_exposed" not in told.readings


@pytest.mark.parametrize(("messages", "why"), [(1, "no test message yet"), (6, "no test message among the newest 5")])
def test_only_others_mail(messages: int, why: str) -> None:
    tops = "".join(f"C: TOP {number} 0\nS: +OK\nS: Subject: x\nS:\nS: .\n" for number in range(messages, max(0, messages - 5), -1))
    told = pop3(f"{IN}C: STAT\nS: +OK {messages} 1\nC: UIDL\nS: +OK\nS: .\n{tops}{QUIT}")
    assert (told.fault, told.readings["retr"]) == (None, why)


def test_without_a_mailbox_it_looks_at_the_door_only() -> None:
    told = pop3(HELLO + QUIT, mailbox=None)
    assert (told.fault, told.steps) == (None, ["greeting", "capa", "login", "stat", "uidl", "retr", "quit"])
    assert {told.readings[step] for step in ("login", "stat", "uidl", "retr")} == {"no mailbox is configured"}


def test_a_mechanism_with_a_challenge_and_a_secret_that_does_not_fit_the_first_line() -> None:
    long = replace(ALICE, user="a" * 200, mechanism="PLAIN", password=Secret("p"))
    hello = HELLO.replace("USER", "SASL PLAIN")
    told = pop3(f"{hello}C: AUTH PLAIN\nS: +\nC: AGFh{'YWFh' * 66}AHA=\nS: +OK\n{EMPTY}{QUIT}", mailbox=long)
    assert (told.fault, told.shown[1:3]) == (None, ["AUTH PLAIN", "***"])


PLAIN = HELLO.replace("USER", "SASL PLAIN") + "C: AUTH PLAIN AGFsaWNlQGFiYy5leGFtcGxlAHBhInNzXHdvcmQ=\n"
STAT = "C: STAT\nS: +OK 1 100\n"
LISTED = "C: UIDL\nS: +OK\nS: 1 a\nS: .\nC: TOP 1 0\n"
BARE = IN.replace("    S: TOP\n    S: UIDL\n", "")
REFUSED: list[tuple[str, Security, FaultKind, str, str]] = [  # story, security, kind, step, said
    ("S: -ERR [SYS/TEMP] too many", Security.NONE, FaultKind.TEMPORARY, "greeting", "-ERR [SYS/TEMP] too many"),
    ("S: -ERR go away", Security.NONE, FaultKind.PERMANENT, "greeting", "-ERR go away"),
    ("S: * OK IMAP ready", Security.NONE, FaultKind.PROTOCOL, "greeting", "speaks IMAP, not POP3"),
    (HELLO, Security.STARTTLS, FaultKind.TLS, "starttls", "STLS is not offered"),
    (HELLO.replace("UIDL", "STLS") + "C: STLS\nS: -ERR no", Security.STARTTLS, FaultKind.TLS, "starttls", "-ERR no"),
    ("S: +OK\nC: CAPA\nS: -ERR\nC: STLS\nS: -ERR what?", Security.STARTTLS, FaultKind.TLS, "starttls", "-ERR what?"),
    (LOGIN + "S: -ERR wrong", Security.NONE, FaultKind.AUTH, "login", "-ERR wrong"),
    (PLAIN + "S: -ERR [AUTH] wrong", Security.NONE, FaultKind.AUTH, "login", "-ERR [AUTH] wrong"),
    (PLAIN + "S: -ERR [SYS/TEMP] directory away", Security.NONE, FaultKind.TEMPORARY, "login", "-ERR [SYS/TEMP] directory away"),
    (PLAIN + "S: -ERR [SYS/PERM] broken", Security.NONE, FaultKind.PERMANENT, "login", "-ERR [SYS/PERM] broken"),
    (PLAIN + "S: -ERR [IN-USE] locked", Security.NONE, FaultKind.TEMPORARY, "login", "-ERR [IN-USE] locked"),
    (PLAIN + "S: -ERR [login-delay] slow down", Security.NONE, FaultKind.TEMPORARY, "login", "-ERR [login-delay] slow down"),
    (PLAIN + "S: -ERR [X-NEW] hm", Security.NONE, FaultKind.AUTH, "login", "-ERR [X-NEW] hm"),
    (
        HELLO.replace("USER", "EXPIRE"), Security.NONE, FaultKind.AUTH, "login",
        "offers no SASL mechanism; we can SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN",
    ),
    (IN + "C: STAT\nS: +OK many", Security.NONE, FaultKind.PROTOCOL, "stat", "not a count and a size: +OK many"),
    (IN + "C: STAT\nS: -ERR broken", Security.NONE, FaultKind.PERMANENT, "stat", "-ERR broken"),
    (IN + STAT + "C: UIDL\nS: -ERR [SYS/TEMP] index", Security.NONE, FaultKind.TEMPORARY, "uidl", "-ERR [SYS/TEMP] index"),
    (IN + STAT + "C: UIDL\nS: -ERR broken", Security.NONE, FaultKind.PERMANENT, "uidl", "-ERR broken"),
    (IN + STAT + LISTED + "S: -ERR [SYS/TEMP] index", Security.NONE, FaultKind.TEMPORARY, "top", "-ERR [SYS/TEMP] index"),
    (IN + STAT + LISTED + "S: -ERR broken", Security.NONE, FaultKind.PERMANENT, "top", "-ERR broken"),
    (BARE + STAT + "C: UIDL\nS: -ERR [SYS/TEMP] index", Security.NONE, FaultKind.TEMPORARY, "uidl", "-ERR [SYS/TEMP] index"),
    (BARE + STAT + LISTED + "S: -ERR [SYS/PERM] index", Security.NONE, FaultKind.PERMANENT, "top", "-ERR [SYS/PERM] index"),
]  # fmt: skip


@pytest.mark.parametrize(("story", "security", "kind", "step", "said"), REFUSED)
def test_what_a_refusal_means(story: str, security: Security, kind: FaultKind, step: str, said: str) -> None:
    told = pop3(story, security)
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step, told.fault.said) == (kind, step, said)


def test_a_challenge_where_the_server_should_have_decided_is_refused() -> None:
    told = pop3(PLAIN + "S: + bW9yZQ==")
    assert told.fault is not None
    assert (told.fault.kind, told.fault.said) == (FaultKind.PROTOCOL, "broke PLAIN: goes on asking after all is said")


@pytest.mark.parametrize("password", ["a\nb", "a\rb", "a\0b"])
def test_a_password_that_user_and_pass_can_not_carry_never_reaches_the_wire(password: str) -> None:
    told = pop3(HELLO, mailbox=replace(ALICE, password=Secret(password)))
    assert told.fault is not None
    assert told.fault.said == "login name or password holds a line end or NUL, which POP3's USER and PASS cannot carry"
