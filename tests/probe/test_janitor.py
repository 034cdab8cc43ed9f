"""The janitor as stories: which folders it opens, what it proves before it removes, and that nothing else is flagged, read or expunged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probe import janitor_imap, janitor_pop3
from probe.leftovers import Leftovers
from probe.message import Letter, build
from probe.values import FaultKind
from tests.probe.reading import ALICE_PLAIN, HEADERS, OUT, WHOLE, headers, numbered
from tests.probe.test_mailbox_pop3 import CHECK as POP3
from tests.probe.test_mailbox_pop3 import ENTER
from tests.probe.transcripts import Told, a_check, tell

KEY = b"a key of the tests, 32 bytes long"
NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
LETTER = Letter("a@abc.example", "b@abc.example", "00112233445566778899aabbccddeeff", NOW - timedelta(days=8))
LEFTOVERS = Leftovers(KEY, NOW - timedelta(days=7))
OLD = build(LETTER, KEY).raw
SEAL = OLD[OLD.index(b"X-Mailsonde:") :].partition(b"\r\n\r\n")[0].replace(b"\r\n ", b"").decode()
SINCE = 'BEFORE 16-Nov-2026 HEADER X-Mailsonde ""'

MESSAGES = {  # what lies there -> whether its header is worth reading on, and whether it may go
    "ours, and old": (OLD, True, True),
    "ours, and young": (build(replace(LETTER, at=NOW - timedelta(days=6)), KEY).raw, False, False),
    "ours, with a footer": (OLD + b"--\r\nscanned\r\n", True, True),
    "another key's": (build(LETTER, b"another").raw, False, False),
    "changed on the way": (OLD.replace(b"Token", b"Taken"), True, False),
    "somebody's with a copy of our header": (b"Message-ID: <1@x>\r\n" + SEAL.encode() + b"\r\n\r\nplease sign\r\n", True, False),
    "a report about ours": (b"Content-Type: multipart/report\r\n" + OLD, False, False),
    "somebody's": (b"Subject: lunch?\r\n\r\nat noon\r\n", False, False),
}


@pytest.mark.parametrize(("raw", "wanted", "goes"), MESSAGES.values(), ids=MESSAGES)
def test_only_what_is_ours_and_old_goes(raw: bytes, *, wanted: bool, goes: bool) -> None:
    assert (LEFTOVERS.wants(raw.partition(b"\r\n\r\n")[0]), LEFTOVERS.may_go(raw)) == (wanted, goes)


def sweep(capabilities: str, story: str) -> Told:
    login = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\nC: AUTHENTICATE PLAIN AGFsaWNlQGFiYy5leGFtcGxlAHBhInNzXHdvcmQ=\n"
    login += f"S: OK [CAPABILITY X {capabilities}] in\n"
    told = tell(lambda: janitor_imap.sweep(a_check("imap", mailbox=ALICE_PLAIN), LEFTOVERS), numbered(login + story))
    assert not any(word in sent for sent in told.sent for word in (b" CLOSE", b" BODY[", b" EXPUNGE\r\n"))
    return told


def listed(*folders: str) -> str:
    return 'C: LIST "" "*"\n' + "".join(f"S: * LIST {folder}\n" for folder in folders) + "S: OK\n"


def opened(name: str, messages: int, found: str = "", flagged: str = "") -> str:
    ranges = [(max(1, last - 999), last) for last in range(messages, 0, -1000)]
    search = "".join(f"C: UID SEARCH {first}:{last} {flagged}{SINCE}\nS: * SEARCH {found}\nS: OK\n" for first, last in ranges)
    return f'C: SELECT "{name}"\nS: * {messages} EXISTS\nS: OK [READ-WRITE] x\n{search}'


def fetched(uid: int, raw: bytes) -> str:
    octets = b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (uid, len(raw), raw)
    literal = repr(octets)[2:-1].replace('"', '\\"')
    return f'C: UID FETCH {uid} {WHOLE}\nS: b"{literal}"\nS: OK\n'


def test_every_own_folder_is_tidied_and_only_what_is_proven_goes() -> None:
    header = headers(1, 4, SEAL) + "\n" + headers(2, 6, "X-Mailsonde: forged") + "\n" + headers(3, 7, SEAL)
    changed = MESSAGES["changed on the way"][0]
    told = sweep(
        "UIDPLUS NAMESPACE",
        'C: NAMESPACE\nS: * NAMESPACE (("" "/")) (("Users/" "/")) (("Public/" "/"))\nS: OK\n'
        + listed('() "/" INBOX', '(\\Junk) "/" Junk', '(\\All) "/" All', '(\\Noselect) "/" Old', '() "/" Users/bob', '() "/" Public/news')
        + opened("INBOX", 2500)
        + opened("Junk", 3, "4 6 7")
        + f"C: UID FETCH 4,6,7 {HEADERS}\n{header}\nS: OK\n"
        + fetched(4, OLD) + fetched(7, changed)
        + "C: UID STORE 4 +FLAGS.SILENT (\\Deleted)\nS: OK\nC: UID EXPUNGE 4\nS: * 1 EXPUNGE\nS: OK\n"
        + OUT,
    )  # fmt: skip
    assert (told.fault, told.readings["folders"], told.readings["removed"]) == (None, 2, 1)


def test_without_uidplus_ours_is_flagged_once() -> None:
    told = sweep(
        "X",
        listed('() "/" INBOX')
        + opened("INBOX", 1, "4", "UNDELETED ")
        + f"C: UID FETCH 4 {HEADERS}\n{headers(1, 4, SEAL)}\nS: OK\n"
        + fetched(4, OLD)
        + "C: UID STORE 4 +FLAGS.SILENT (\\Deleted)\nS: OK\n"
        + OUT,
    )
    assert (told.fault, told.readings["removed"]) == (None, 1)


@pytest.mark.parametrize(
    ("answer", "why"),
    [("S: NO [NOPERM] not yours", "NO [NOPERM] not yours"), ("S: * 1 EXISTS\nS: OK [READ-ONLY] x", "OK [READ-ONLY] x")],
)
def test_a_folder_that_refuses_is_left_out(answer: str, why: str) -> None:
    told = sweep("UIDPLUS", listed('() "/" Locked') + f'C: SELECT "Locked"\n{answer}\n' + OUT)
    assert (told.fault, told.readings["left_out"], told.readings["removed"]) == (None, f"Locked: {why}", 0)


def test_a_server_that_will_not_delete_is_a_reading() -> None:
    told = sweep(
        "UIDPLUS",
        listed('() "/" INBOX')
        + opened("INBOX", 1, "4")
        + f"C: UID FETCH 4 {HEADERS}\n{headers(1, 4, SEAL)}\nS: OK\n"
        + fetched(4, OLD)
        + "C: UID STORE 4 +FLAGS.SILENT (\\Deleted)\nS: NO never\n"
        + OUT,
    )
    assert (told.fault, told.readings["not_deleted"], told.readings["removed"]) == (None, "NO never", 0)


def pop3(story: str) -> Told:
    return tell(lambda: janitor_pop3.sweep(POP3, LEFTOVERS), ENTER + story)


def lines(raw: bytes) -> str:
    return "".join(f"S: {line}\n" for line in raw.decode().replace("\r\n", "\n").splitlines())


def test_pop3_reads_whole_only_what_is_ours_and_old() -> None:
    header = lines(OLD.partition(b"\r\n\r\n")[0])
    told = pop3(
        "C: STAT\nS: +OK 3 999\n"
        f"C: TOP 3 0\nS: +OK\n{header}S:\nS: .\nC: LIST 3\nS: +OK 3 900\nC: RETR 3\nS: +OK\n{lines(OLD)}S: .\nC: DELE 3\nS: +OK\n"
         "C: TOP 2 0\nS: -ERR gone\n"
         "C: TOP 1 0\nS: +OK\nS: Subject: lunch?\nS:\nS: .\n"
         "C: QUIT\nS: +OK"
    )  # fmt: skip
    assert (told.fault, told.readings["removed"], told.readings["left_out"]) == (None, 1, "message 2: -ERR gone")


def test_pop3_leaves_what_is_too_large_or_gone() -> None:
    header = lines(OLD.partition(b"\r\n\r\n")[0])
    told = pop3(
        "C: STAT\nS: +OK 2 999\n"
        f"C: TOP 2 0\nS: +OK\n{header}S:\nS: .\nC: LIST 2\nS: +OK 2 9000000\n"
         f"C: TOP 1 0\nS: +OK\n{header}S:\nS: .\nC: LIST 1\nS: +OK 1 900\nC: RETR 1\nS: -ERR gone\n"
         "C: QUIT\nS: +OK"
    )  # fmt: skip
    assert (told.fault, told.readings["removed"]) == (None, 0)


@pytest.mark.parametrize("sweeper", [janitor_imap.sweep, janitor_pop3.sweep])
def test_a_mailbox_is_needed(sweeper: object) -> None:
    assert callable(sweeper)
    check = a_check("imap" if sweeper is janitor_imap.sweep else "pop3", mailbox=None)
    greeting = "" if sweeper is janitor_imap.sweep else "S: +OK\nC: CAPA\nS: +OK\nS: .\n"
    told = tell(lambda: sweeper(check, LEFTOVERS), greeting)
    assert told.fault is not None
    assert (told.fault.kind, told.fault.said) == (FaultKind.OURS, "a mailbox to tidy needs an address and a password")
