"""IMAP's one-shot dialogue as stories: whole, byte by byte, with bytes behind; refusals are told as docs/decisions/0040 says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.imap import dialogue
from probe.imap_session import chunks
from probe.values import FaultKind, Mailbox, Secret, Security
from tests.probe.transcripts import ALICE, Told, a_check, tell

PLAIN = replace(ALICE, mechanism="PLAIN")
IN = """
    S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
    C: A0001 AUTHENTICATE PLAIN AGFsaWNlQGFiYy5leGFtcGxlAHBhInNzXHdvcmQ=
"""
LOGGED_IN = IN + "    S: A0001 OK [CAPABILITY IMAP4rev1] in\n"
EMPTY = """
    C: A0002 EXAMINE INBOX
    S: * 0 EXISTS
    S: A0002 OK [READ-ONLY] done
"""
OUT = """
    C: A0003 LOGOUT
    S: * BYE bye
    S: A0003 OK done
"""


def imap(story: str, security: Security = Security.NONE, mailbox: Mailbox | None = ALICE) -> Told:
    told = tell(lambda: dialogue(a_check("imap", security, mailbox)), story)
    assert not any("word" in shown for shown in told.shown)
    return told


def test_a_server_in_the_clear_with_an_empty_mailbox() -> None:
    told = imap(LOGGED_IN + EMPTY + OUT)
    assert told.fault is None
    assert told.steps == ["greeting", "capability", "login", "select", "search", "fetch", "logout"]
    assert told.readings == {
        "capability": "said in the greeting",
        "auth": "PLAIN",
        "auth_exposed": True,
        "mailbox_messages": 0,
        "search": "the mailbox is empty",
        "fetch": "no test message yet",
    }
    assert told.shown[0] == "A0001 AUTHENTICATE PLAIN ***"


EVERYTHING = """
    S: * OK Grüße
    C: A0001 CAPABILITY
    S: * CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED
    S: * OK something to the side {3}
    S: A0001 OK
    C: A0002 STARTTLS
    S: A0002 OK [CAPABILITY IMAP4rev1 LOGINDISABLED] said before TLS: nobody believes it
    TLS
    C: A0003 CAPABILITY
    S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
    S: A0003 OK
    C: A0004 AUTHENTICATE PLAIN
    S: +
    C: AGFsaWNlQGFiYy5leGFtcGxlAHBhInNzXHdvcmQ=
    S: A0004 OK in
    C: A0005 CAPABILITY
    S: * CAPABILITY IMAP4rev1 ID QUOTA
    S: A0005 OK
    C: A0006 ID ("name" "mailsonde")
    S: * ID ("name" {7}
    S: Dovecot "version" NIL "x" "y")
    S: * ID NIL
    S: A0006 OK
    C: A0007 EXAMINE INBOX
    S: * FLAGS (a b)
    S: * 3 EXISTS
    S: * 2 RECENT
    S: * OK [UIDVALIDITY 1] ok
    S: A0007 OK [READ-ONLY] done
    C: A0008 UID SEARCH 1:* UNDELETED HEADER X-Mailsonde ""
    S: * SEARCH 12 9
    S: * 4 EXISTS
    S: A0008 OK
    C: A0009 UID FETCH 12 (UID BODY.PEEK[]<0.262144>)
    S: * 1 FETCH (FLAGS (\\Seen))
    S: * 3 FETCH (UID 12 BODY[]<0> {14}
    S: A0009 OK lie
    S: )
    S: A0009 OK
    C: A0010 GETQUOTAROOT INBOX
    S: * QUOTAROOT INBOX "user"
    S: * QUOTA "user" (STORAGE 10 512 MESSAGE 3 100)
    S: A0010 OK
    C: A0011 LOGOUT
    S: * BYE
    S: A0011 OK
"""


def test_starttls_and_everything_that_a_server_can_offer() -> None:
    told = imap(
        EVERYTHING,
        Security.STARTTLS,
    )
    assert told.fault is None
    assert [step for step in told.steps if step.startswith(("cap", "start", "tls"))] == [
        *("capability", "starttls", "tls", "capability-tls", "capability-login"),
    ]
    assert told.readings == {
        "auth": "PLAIN",
        "server_name": "Dovecot",
        "mailbox_messages": 3,
        "fetched_bytes": 14,
        "quota_used_bytes": 10_240,
        "quota_limit_bytes": 524_288,
    }
    assert told.shown[4] == "***"


def test_ours_is_searched_among_the_newest_and_may_vanish() -> None:
    told = imap(
        LOGGED_IN.replace("IMAP4rev1] in", "IMAP4rev1 QUOTA] in")
        + """
        C: A0002 EXAMINE INBOX
        S: * 1000 EXISTS
        S: A0002 OK done
        C: A0003 UID SEARCH 801:* UNDELETED HEADER X-Mailsonde ""
        S: * SEARCH 77
        S: A0003 OK
        C: A0004 UID FETCH 77 (UID BODY.PEEK[]<0.262144>)
        S: A0004 OK
        C: A0005 GETQUOTAROOT INBOX
        S: A0005 NO [NOPERM] mind your own business
        C: A0006 LOGOUT
        S: * BYE
        CLOSED
        """
    )
    assert told.readings["fetch"] == "the test message was gone before it was fetched"
    assert told.readings["quota"] == "NO [NOPERM] mind your own business"


def test_none_of_ours_among_the_newest() -> None:
    told = imap(
        LOGGED_IN
        + """
        C: A0002 EXAMINE INBOX
        S: * 201 EXISTS
        S: A0002 OK done
        C: A0003 UID SEARCH 2:* UNDELETED HEADER X-Mailsonde ""
        S: * SEARCH
        S: A0003 OK
        C: A0004 LOGOUT
        S: A0004 OK without a bye
        """
    )
    assert (told.fault, told.readings["fetch"]) == (None, "no test message among the newest 200")


def test_without_a_mailbox_it_looks_at_the_door_only() -> None:
    told = imap("S: * OK [CAPABILITY IMAP4rev1] ready\nC: A0001 LOGOUT\nS: * BYE\nS: A0001 OK", mailbox=None)
    assert (told.fault, told.steps) == (None, ["greeting", "capability", "login", "select", "search", "fetch", "logout"])
    assert {told.readings[step] for step in ("login", "select", "search", "fetch")} == {"no mailbox is configured"}


def test_preauth_needs_no_login() -> None:
    told = imap("S: * PREAUTH [CAPABILITY X] hi\nC: A0001 EXAMINE INBOX\nS: * 0 EXISTS\nS: A0001 OK x\nC: A0002 LOGOUT\nS: A0002 OK")
    assert (told.fault, told.readings["login"]) == (None, "the server greeted with PREAUTH")


@pytest.mark.parametrize(
    ("capabilities", "user", "said", "shown"),
    [
        ("", "alice", 'C: A0001 LOGIN "alice" "pa\\"ss\\\\word"', ["A0001 LOGIN alice ***"]),
        ("LITERAL+", "zoë", 'C: b"A0001 LOGIN {4+}\\r\\nzo\\xc3\\xab \\"pa\\\\\\"ss\\\\\\\\word\\"\\r\\n"', ["A0001 LOGIN zoë ***"]),
        ("LITERAL-", "zoë", 'C: b"A0001 LOGIN {4+}\\r\\nzo\\xc3\\xab \\"pa\\\\\\"ss\\\\\\\\word\\"\\r\\n"', ["A0001 LOGIN zoë ***"]),
        ("", "zoë", 'C: A0001 LOGIN {4}\nS: + go\nC: zoë "pa\\"ss\\\\word"', ["A0001 LOGIN zoë ***", "***"]),
    ],
)
def test_login_where_no_mechanism_fits(capabilities: str, user: str, said: str, shown: list[str]) -> None:
    told = imap(
        f"S: * OK [CAPABILITY IMAP4rev1 AUTH=GSSAPI {capabilities}] x\n{said}\nS: A0001 OK [CAPABILITY IMAP4rev1] in\n{EMPTY}{OUT}",
        mailbox=replace(ALICE, user=user),
    )
    assert (told.fault, told.readings["auth"], told.shown[: len(shown)]) == (None, "LOGIN command", shown)
    assert "auth_exposed" in told.readings


def test_over_tls_nothing_is_exposed() -> None:
    login = 'C: A0001 LOGIN "alice@abc.example" "pa\\"ss\\\\word"'
    story = f"S: * OK [CAPABILITY IMAP4rev1] x\n{login}\nS: A0001 OK [CAPABILITY X] in\n{EMPTY}{OUT}"
    assert "auth_exposed" not in imap(story, Security.TLS).readings


def test_login_name_and_password_as_literals_and_the_second_is_refused() -> None:
    told = imap(
        """
        S: * OK [CAPABILITY IMAP4rev1] x
        C: A0001 LOGIN {2}
        S: + go
        C: b"\\xc3\\xa4 {3}\\r\\n"
        S: A0001 NO go away
        """,
        mailbox=Mailbox("x", Secret("a\nb"), "ä"),
    )
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step, told.fault.said) == (FaultKind.AUTH, "login", "NO go away")


def test_a_literal_that_is_too_long_for_literal_minus_is_announced() -> None:
    assert chunks([b"\n" * 4097], frozenset({"LITERAL-"})) == [b" {4097}\r\n", b"\n" * 4097 + b"\r\n"]


REFUSED: list[tuple[str, Security, str, FaultKind, str, str]] = [  # why, security, story, kind, step, said
    ("bye", Security.NONE, "S: * BYE [UNAVAILABLE] too many", FaultKind.TEMPORARY, "greeting", "BYE [UNAVAILABLE] too many"),
    ("no imap", Security.NONE, "S: 220 smtp ready", FaultKind.PROTOCOL, "greeting", "speaks SMTP or FTP, not IMAP"),
    (
        "no caps", Security.NONE, "S: * OK x\nC: A0001 CAPABILITY\nS: A0001 OK y",
        FaultKind.PROTOCOL, "capability", "OK, but no capabilities came",
    ),
    (
        "stripped", Security.STARTTLS, "S: * OK [CAPABILITY IMAP4rev1] x",
        FaultKind.TLS, "starttls", "STARTTLS is not offered",
    ),
    (
        "preauth", Security.STARTTLS, "S: * PREAUTH [CAPABILITY IMAP4rev1] x",
        FaultKind.TLS, "starttls", "greets with PREAUTH: STARTTLS is not possible then",
    ),
    *(
        (
            f"starttls {answer}", Security.STARTTLS,
            f"S: * OK [CAPABILITY IMAP4rev1 STARTTLS] x\nC: A0001 STARTTLS\nS: {tag} {answer}", kind, "starttls", answer,
        )
        for tag, answer, kind in (
            ("A0001", "NO not now", FaultKind.TLS),
            ("A0001", "BAD what", FaultKind.TLS),
            ("A0001", "NO [UNAVAILABLE] later", FaultKind.TEMPORARY),
            ("*", "BYE down", FaultKind.TEMPORARY),
        )
    ),
    *(
        (f"login {answer}", Security.NONE, f"{IN}S: {tag} {answer}", kind, "login", answer)
        for tag, answer, kind in (
            ("A0001", "NO wrong", FaultKind.AUTH),
            ("A0001", "NO [AUTHENTICATIONFAILED] wrong", FaultKind.AUTH),
            ("A0001", "NO [EXPIRED] old", FaultKind.AUTH),
            ("A0001", "NO [UNAVAILABLE] directory away", FaultKind.TEMPORARY),
            ("A0001", "NO [INUSE] locked", FaultKind.TEMPORARY),
            ("A0001", "NO [LIMIT] too many", FaultKind.TEMPORARY),
            ("A0001", "NO [SERVERBUG] sorry", FaultKind.PERMANENT),
            ("A0001", "NO [CLIENTBUG] you", FaultKind.PROTOCOL),
            ("A0001", "BAD what", FaultKind.PROTOCOL),
            ("*", "BYE shutting down", FaultKind.TEMPORARY),
            ("*", "BYE [CORRUPTION] oh", FaultKind.PERMANENT),
        )
    ),
    ("login maybe", Security.NONE, f"{IN}S: A0001 MAYBE x", FaultKind.PROTOCOL, "login", "neither OK, NO nor BAD: A0001 MAYBE x"),
    (
        "disabled", Security.NONE, "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x", FaultKind.AUTH, "login",
        "offers no SASL mechanism; we can SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN",
    ),
    ("select no", Security.NONE, f"{LOGGED_IN}C: A0002 EXAMINE INBOX\nS: A0002 NO gone", FaultKind.PERMANENT, "select", "NO gone"),
    (
        "search bye", Security.NONE,
        f"{LOGGED_IN}{EMPTY.replace('0 EXISTS', '1 EXISTS')}C: A0003 UID SEARCH 1:* UNDELETED HEADER X-Mailsonde \"\"\nS: * BYE [INUSE] x",
        FaultKind.TEMPORARY, "search", "BYE [INUSE] x",
    ),
    ("logout bad", Security.NONE, LOGGED_IN + EMPTY + "C: A0003 LOGOUT\nS: A0003 BAD stay", FaultKind.PROTOCOL, "logout", "BAD stay"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "security", "story", "kind", "step", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_a_refusal_means(why: str, security: Security, story: str, kind: FaultKind, step: str, said: str) -> None:
    told = imap(story, security)
    assert told.fault is not None, why
    assert (told.fault.kind, told.fault.step, told.fault.said) == (kind, step, said)


def test_a_mailbox_that_insists_on_a_mechanism_does_not_fall_back() -> None:
    told = imap("S: * OK [CAPABILITY IMAP4rev1] x", mailbox=replace(ALICE, mechanism="CRAM-MD5"))
    assert told.fault is not None
    assert told.fault.said == "offers no SASL mechanism; the configuration insists on CRAM-MD5"


def test_a_password_with_nul_never_reaches_the_wire() -> None:
    told = imap("S: * OK [CAPABILITY IMAP4rev1] x", mailbox=replace(ALICE, password=Secret("a\0b")))
    assert told.fault is not None
    assert (told.sent, told.fault.said) == ([], "login name or password holds a NUL character")
