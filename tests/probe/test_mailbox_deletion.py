"""The readers and the ledger: a message is deleted once it is written down, is never fetched twice for that, and looked for only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from probe.mailbox import DISK_NAPS
from probe.mailbox_imap import Marks, watch
from probe.mailbox_pop3 import look
from probe.values import FaultKind
from tests.probe.reading import ALICE_PLAIN, ALL, CRITERIA, HEADERS, NUMBERS, OUT, Script, enter, headers, numbered, read, whole
from tests.probe.test_mailbox_pop3 import CHECK as POP3
from tests.probe.test_mailbox_pop3 import ENTER, retr, top, uidl
from tests.probe.transcripts import Told, a_check, tell

if TYPE_CHECKING:
    from probe.dialogue import Dialogue

DELETION = "C: UID STORE 4 +FLAGS.SILENT (\\Deleted)\nS: OK\nC: UID EXPUNGE 4\nS: OK\n"
ONE_LIES_THERE = enter("UIDPLUS", f"S: * 1 EXISTS\n{NUMBERS % 9}").replace(
    "@", f"C: UID SEARCH 1:* UID 1:* {ALL}\nS: * SEARCH 4\nS: OK\nC: UID FETCH 4 {HEADERS}\n{headers(1, 4, 'X-Mailsonde: a')}\nS: OK\n@"
)


def shown(then: str) -> str:
    return ONE_LIES_THERE.replace("@", whole(1, 4, "it is ours") + "\n" + then) + OUT


def test_the_disk_is_waited_for_and_the_message_fetched_once() -> None:
    told, script = read(shown("...\n...\n" + DELETION), lambda: Script([], busy=2))
    assert (told.fault, script.gone) == (None, ["7.4"])
    assert [move[1] for move in told.moves if move[0] == "store" and isinstance(move[1], float)] == list(DISK_NAPS[:2])
    assert sum(b"BODY.PEEK[]" in sent for sent in told.sent) == 1


def test_mail_that_comes_meanwhile_is_noticed() -> None:
    news = f"C: UID FETCH 9:* {HEADERS}\n{headers(2, 9, 'Subject: lunch?')}\nS: OK\n"
    told, script = read(shown("S: * 2 EXISTS\n" + DELETION + "@").replace("@", "").replace(OUT, news + OUT), lambda: Script([5.0], busy=1))
    assert (told.fault, script.gone, script.told) == (None, ["7.4"], ["noticed", "INBOX 7.4 None", "noticed"])


def test_what_is_never_written_down_stays() -> None:
    told, script = read(shown("...\n" * len(DISK_NAPS)), lambda: Script([], busy=99))
    assert (told.fault, script.gone) == (None, [])
    assert not any(b"STORE" in sent for sent in told.sent)


def pop3(then: str, busy: int) -> tuple[Told, Script]:
    scripts: list[Script] = []
    story = ENTER + uidl("a") + top(1, "X-Mailsonde: x") + retr(1, "it is ours") + then

    def start() -> Dialogue:
        scripts.append(Script([], busy=busy))
        return look(POP3, scripts[-1], set())

    return tell(start, story), scripts[0]


def test_pop3_waits_for_the_disk_too() -> None:
    told, script = pop3("...\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK", 1)
    assert (told.fault, script.gone, told.sent.count(b"RETR 1\r\n")) == (None, ["a"], 1)


def test_pop3_leaves_what_is_never_written_down() -> None:
    told, script = pop3("...\n" * len(DISK_NAPS) + "C: QUIT\nS: +OK", 99)
    assert (told.fault, script.gone) == (None, [])


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("-ERR [SYS/TEMP] idle for too long", FaultKind.TEMPORARY, "-ERR [SYS/TEMP] idle for too long"),
        ("+OK by the way", FaultKind.PROTOCOL, "speaks without being asked: +OK by the way"),
    ],
)
def test_pop3_servers_do_not_speak_unasked(said: str, kind: FaultKind, words: str) -> None:
    told, _ = pop3(f"S: {said}", 1)
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step, told.fault.said) == (kind, "dele", words)


def watched(story: str, marks: Marks) -> Told:
    """Play a session with the same marks at each of its repetitions; `marks` then are those it left."""
    given: list[Marks] = []

    def start() -> Dialogue:
        given.append(dict(marks))
        return watch(a_check("imap", mailbox=ALICE_PLAIN), Script([]), given[-1])

    told = tell(start, numbered(story.replace("@", "")))
    marks.clear()
    marks.update(given[0])
    return told


def test_the_next_session_looks_only_at_what_has_come_since() -> None:
    marks: Marks = {}
    watched(shown(DELETION), marks)
    assert marks == {"INBOX": (7, 9)}
    assert watched(enter("", f"S: * 4 EXISTS\n{NUMBERS % 9}") + OUT, marks).fault is None
    later = enter("", f"S: * 5 EXISTS\n{NUMBERS % 12}").replace("@", f"C: UID SEARCH 1:* UID 9:* {CRITERIA}\nS: * SEARCH\nS: OK\n@")
    watched(later + OUT, marks)
    assert marks == {"INBOX": (7, 12)}


def test_a_session_that_breaks_leaves_no_mark() -> None:
    marks: Marks = {"INBOX": (7, 2)}
    story = enter("", f"S: * 5 EXISTS\n{NUMBERS % 12}").replace("@", f"C: UID SEARCH 1:* UID 2:* {CRITERIA}\nS: * BYE\n@")
    assert watched(story.partition("C: LIST")[0], marks).fault is not None
    assert marks == {"INBOX": (7, 2)}
