"""The IMAP reader and the folders where mail gets lost: which they are, how they are looked into, what is done when one refuses."""

from __future__ import annotations

import pytest

from probe import imap_junk
from probe.imap_parse import Folder
from probe.values import FaultKind
from tests.probe.reading import CRITERIA, HEADERS, NUMBERS, OUT, Script, enter, headers, read, whole

LISTED = 'S: * LIST (\\HasNoChildren \\Junk) "/" "Bad mail"\nS: * LIST () "/" INBOX\nS: * LIST () "/" Archive'
ASK = 'C: STATUS "Bad mail" (MESSAGES UIDNEXT UIDVALIDITY)'
HOME = f"C: SELECT INBOX\nS: * 0 EXISTS\n{NUMBERS % 5}\nS: OK x\n"
IDLE = "C: IDLE\nS: + idling\n...\nC: DONE\nS: OK\n"


def state(messages: int, uid_next: int, validity: int = 3) -> str:
    return f'{ASK}\nS: * STATUS "Bad mail" (MESSAGES {messages} UIDNEXT {uid_next} UIDVALIDITY {validity})\nS: OK\n'


def opened(messages: int, uid_next: int, validity: int = 3) -> str:
    numbers = f"S: * OK [UIDVALIDITY {validity}] x\nS: * OK [UIDNEXT {uid_next}] x"
    return f'C: SELECT "Bad mail"\nS: * {messages} EXISTS\n{numbers}\nS: OK x\n'


def searched(messages: str, uid: int, found: str) -> str:
    return f"C: UID SEARCH {messages}:* UID {uid}:* {CRITERIA}\nS: * SEARCH {found}\nS: OK\n"


def shown(uid: int) -> str:
    text = f"C: UID FETCH {uid} {HEADERS}\n{headers(1, uid, 'X-Mailsonde: a')}\nS: OK\n{whole(1, uid, 'it is ours')}\n"
    return text + f"C: UID STORE {uid} +FLAGS.SILENT (\\Deleted)\nS: OK\n"


def test_what_lies_there_is_found_and_what_comes_is_seen_with_its_uncertainty() -> None:
    story = (
        enter("IDLE", folders=LISTED)
        + state(1, 9)
        + opened(1, 9) + searched("1", 1, "8") + shown(8) + HOME
        + IDLE + state(1, 9)
        + IDLE + state(2, 10)
        + opened(2, 10) + searched("1", 9, "9") + shown(9) + HOME
        + OUT
    )  # fmt: skip
    told, script = read(story, lambda: Script([5.0, 5.0]))
    assert told.fault is None
    assert script.told == ["noticed", "Bad mail 3.8 None", "noticed", "Bad mail 3.9 5.0"]


def test_an_empty_folder_is_not_opened_and_a_new_uidvalidity_is_a_new_folder() -> None:
    story = (
        enter("IDLE", folders=LISTED)
        + state(0, 9)
        + IDLE + state(1, 2, validity=4)
        + opened(1, 2, validity=4) + searched("1", 1, "") + HOME
        + OUT
    )  # fmt: skip
    told, script = read(story, lambda: Script([5.0]))
    assert (told.fault, script.told) == (None, ["noticed"])


def test_mail_that_came_home_meanwhile_is_found_on_return() -> None:
    home = f"C: SELECT INBOX\nS: * 1 EXISTS\n{NUMBERS % 6}\nS: OK x\n" + searched("1", 5, "5") + shown(5)
    story = enter("IDLE", folders=LISTED) + state(1, 9) + opened(1, 9) + searched("1", 1, "") + home + OUT
    told, script = read(story, lambda: Script([]))
    assert (told.fault, script.told) == (None, ["noticed", "noticed", "INBOX 7.5 None"])


def test_news_from_home_in_a_reply_about_another_folder_is_looked_at_next() -> None:
    status = state(0, 9).replace("S: OK", "S: * 1 EXISTS\nS: OK")
    news = f"C: UID FETCH 5:* {HEADERS}\n{headers(1, 5, 'X-Mailsonde: a')}\nS: OK\n{whole(1, 5, 'forged')}\n"
    told, script = read(enter("IDLE", folders=LISTED) + status + news + OUT, lambda: Script([5.0]))
    assert (told.fault, script.told) == (None, ["noticed", "INBOX 7.5 0.0"])


@pytest.mark.parametrize(
    ("refusal", "told_of"),
    [
        (f"{ASK}\nS: NO [NOPERM] not yours\n", []),
        (state(1, 9) + 'C: SELECT "Bad mail"\nS: NO [NOPERM] not yours\n' + HOME, ["noticed"]),
    ],
)
def test_a_folder_that_refuses_is_left_out(refusal: str, told_of: list[str]) -> None:
    story = enter("IDLE", folders=LISTED) + refusal + IDLE.replace("...\nC", "...\nC") + OUT
    told, script = read(story, lambda: Script([5.0]))
    assert (told.fault, script.told) == (None, told_of)
    assert told.readings["left_out"] == "Bad mail: NO [NOPERM] not yours"


def test_a_home_that_can_not_be_opened_again_is_a_fault() -> None:
    story = enter("IDLE", folders=LISTED) + state(1, 9) + opened(1, 9) + searched("1", 1, "") + "C: SELECT INBOX\nS: NO [UNAVAILABLE] x"
    told, _ = read(story, lambda: Script([]))
    assert told.fault is not None
    assert told.fault.kind is FaultKind.TEMPORARY


def test_a_namespace_tells_the_prefix() -> None:
    listed = 'S: * LIST () "." "INBOX.Spam"\nS: * LIST () "." "INBOX.Friends"\nS: * LIST () "." {4}\nS: b"\\xff\\xfe\\xfd\\xfc\\r\\n"'
    ask = 'C: STATUS "INBOX.Spam" (MESSAGES UIDNEXT UIDVALIDITY)\nS: * STATUS INBOX.Spam (MESSAGES 0)\nS: OK\n'
    story = enter("NAMESPACE", folders=listed).replace(
        'C: LIST "" "*"', 'C: NAMESPACE\nS: * NAMESPACE (("INBOX." ".")) NIL NIL\nS: OK\nC: LIST "" "*"'
    )
    told, _ = read(story + ask + OUT, lambda: Script([]))
    assert told.fault is None


def test_which_folders_are_for_junk() -> None:
    def folder(name: bytes, *flags: str) -> Folder:
        return Folder(name, ".", frozenset(flags))

    listed = [
        folder(b"INBOX", "\\JUNK"),
        folder(b"spam"),
        folder(b"INBOX.Quarantine"),
        folder(b"INBOX.lost.mail"),
        folder(b"Spam", "\\NOSELECT"),
        folder(b"Whatever", "\\JUNK"),
        folder(b"Friends.Spam"),
        folder(b"Unerw&APw-nscht"),
    ]
    found = imap_junk.choose(listed, ("Spam", "Quarantine", "lost/mail", "Unerwünscht"), ("", "INBOX."))
    assert [one.name for one in found] == ["spam", "INBOX.Quarantine", "INBOX.lost.mail", "Whatever", "Unerwünscht"]
