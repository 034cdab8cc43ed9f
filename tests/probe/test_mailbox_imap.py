"""The IMAP reader as stories: what it finds, how it waits, and that nobody else's mail is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.mailbox_imap import watch
from probe.values import FaultKind
from tests.probe.reading import ALICE_PLAIN, ALL, CRITERIA, HEADERS, NUMBERS, OUT, WHOLE, Script, enter, headers, numbered, read, whole
from tests.probe.transcripts import a_check, tell, tell_in_bites


def test_who_awaits_nothing_sees_what_is_there_and_goes() -> None:
    inbox = f"S: * 3 EXISTS\n{NUMBERS % 9}"
    story = (
        enter("UIDPLUS", inbox).replace("@", f"""C: UID SEARCH 1:* UID 1:* {ALL}
S: * SEARCH 4 6
S: OK
C: UID FETCH 4,6 {HEADERS}
{headers(1, 4, "X-Mailsonde: a")}
{headers(2, 6, "Content-Type: multipart/report")}
S: OK
{whole(1, 4, "it is ours")}
C: UID STORE 4 +FLAGS.SILENT (\\Deleted)
S: OK
C: UID EXPUNGE 4
S: * 1 EXPUNGE
S: OK
""")
        + OUT
    )  # fmt: skip
    told, script = read(story, lambda: Script([]))
    assert told.fault is None
    assert script.told == ["noticed", "INBOX 7.4 None"]
    assert (script.copies[0].raw, script.copies[0].internal_date) == (b"it is ours\r\n", "21-Nov-2026 04:00:01 +0000")


def test_idle_notices_at_once_and_without_uidplus_ours_stays_flagged() -> None:
    story = (
        enter("IDLE")
        + f"""C: IDLE
        S: + idling
        ...
        S: * 1 EXISTS
        C: DONE
        S: * 1 RECENT
        S: OK
        C: UID FETCH 5:* {HEADERS}
        {headers(1, 5, "X-Mailsonde: a")}
        S: OK
        {whole(1, 5, "it is ours")}
        C: UID STORE 5 +FLAGS.SILENT (\\Deleted)
        S: OK
        """
        + OUT
    )
    told, script = read(story, lambda: Script([5.0, 5.0]))
    assert (told.fault, script.told) == (None, ["noticed", "INBOX 7.5 0.0"])
    assert told.steps[-5:] == ["list", "idle", "fetch", "store", "logout"]


def test_what_is_not_wanted_not_proven_or_gone_is_left_alone() -> None:
    story = (
        enter("IDLE UIDPLUS")
        + f"""C: IDLE
        S: * 4 EXISTS
        S: + idling
        C: DONE
        S: OK
        C: UID FETCH 5:* {HEADERS}
        {headers(1, 5, "Subject: lunch?")}
        {headers(2, 6, "X-Mailsonde: forged")}
        {headers(3, 7, "X-Mailsonde: gone")}
        S: * 4 FETCH (UID 8)
        {headers(5, 9, "X-Mailsonde: gone too")}
        S: OK
        {whole(2, 6, "somebody else wrote this")}
        C: UID FETCH 7 {WHOLE}
        S: * 3 EXPUNGE
        S: NO gone
        C: UID FETCH 9 {WHOLE}
        S: * 5 FETCH (UID 9 FLAGS ())
        S: * 5 EXISTS
        S: * 6 EXISTS
        S: OK
        C: UID FETCH 10:* {HEADERS}
        {headers(5, 9, "X-Mailsonde: the last is always in the answer")}
        S: OK
        """
        + OUT
    )
    told, script = read(story, lambda: Script([5.0, 5.0]))
    assert (told.fault, script.told) == (None, ["noticed", "INBOX 7.6 0.0", "noticed"])


def test_a_growing_nap_and_noop_where_there_is_no_idle() -> None:
    story = (
        enter("")
        + f"""...
        C: NOOP
        S: OK
        ...
        C: NOOP
        S: * 1 EXISTS
        S: OK
        C: UID FETCH 5:* {HEADERS}
        S: * 1 EXPUNGE
        S: OK
        S: * 1 FETCH (FLAGS ())
        C: NOOP
        S: OK
        """
        + OUT
    )
    told, script = read(story, lambda: Script([5.0, 5.0, 5.0]))
    assert [move[1] for move in told.moves if move[0] == "noop" and isinstance(move[1], float)] == pytest.approx([0.2, 0.3, 0.2])
    assert (told.fault, script.told) == (None, ["noticed"])


ENDED = [
    "S: NO not today",
    "S: OK ended at once",
    "S: BAD what?",
    "S: + idling\nS: OK ended by itself",
    "S: + idling\nS: BAD ended by itself",
]


@pytest.mark.parametrize("answer", ENDED)
def test_a_server_that_does_not_stay_in_idle_is_asked_with_noop(answer: str) -> None:
    story = enter("IDLE") + f"C: IDLE\n{answer}\n...\nC: NOOP\nS: OK\n" + OUT
    told, _ = read(story, lambda: Script([5.0, 5.0]))
    assert told.fault is None


def test_idle_is_left_and_entered_again_before_the_server_loses_patience() -> None:
    story = enter("IDLE") + "C: IDLE\nS: + idling\n...\n...\nC: DONE\nS: OK\nC: IDLE\nS: + idling\n...\nC: DONE\nS: OK\n" + OUT
    told, _ = read(story, lambda: Script([700.0, 700.0, 700.0]))
    assert told.fault is None


def test_a_flood_of_others_is_searched_not_read() -> None:
    story = (
        enter("IDLE")
        + f"""C: IDLE
        S: + idling
        S: * 5000 EXISTS
        C: DONE
        S: OK
        C: UID SEARCH 4001:* UID 5:* {CRITERIA}
        S: * SEARCH 4
        S: OK
        """
        + OUT
    )
    told, script = read(story, lambda: Script([5.0]))
    assert (told.fault, script.told) == (None, ["noticed"])


REFUSED: list[tuple[str, FaultKind, str, str]] = [
    ("S: NO [NOPERM] not yours", FaultKind.PERMANENT, "select", "NO [NOPERM] not yours"),
    ("S: NO [INUSE] locked", FaultKind.TEMPORARY, "select", "NO [INUSE] locked"),
    ("S: OK x", FaultKind.PROTOCOL, "select", "opens INBOX without UIDVALIDITY and UIDNEXT: no message can be told again"),
]


@pytest.mark.parametrize(("answer", "kind", "step", "said"), REFUSED)
def test_an_inbox_that_can_not_be_read_is_a_fault(answer: str, kind: FaultKind, step: str, said: str) -> None:
    story = enter("").split("S: * 0 EXISTS")[0] + answer
    told, _ = read(story, lambda: Script([]))
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step, told.fault.said) == (kind, step, said)


def test_goodbye_in_idle_is_temporary() -> None:
    told, _ = read(enter("IDLE") + "C: IDLE\nS: + idling\nS: * BYE idle for too long", lambda: Script([5.0]))
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step) == (FaultKind.TEMPORARY, "idle")


def test_a_check_without_a_mailbox_is_our_own_fault() -> None:
    told = tell(lambda: watch(a_check("imap", mailbox=None), Script([])), [])
    assert told.fault is not None
    assert told.fault.kind is FaultKind.OURS


@pytest.mark.parametrize(
    ("opened", "deletion", "why"),
    [
        ("READ-ONLY", "", "INBOX is read-only"),
        ("READ-WRITE", "C: UID STORE 4 +FLAGS.SILENT (\\Deleted)\nS: NO not yours", "NO not yours"),
        ("READ-WRITE", "C: UID STORE 4 +FLAGS.SILENT (\\Deleted)\nS: OK\nC: UID EXPUNGE 4\nS: NO never", "NO never"),
    ],
)
def test_a_server_that_will_not_delete_is_a_reading(opened: str, deletion: str, why: str) -> None:
    found = f"C: UID SEARCH 1:* UID 1:* {ALL}\nS: * SEARCH 4\nS: OK\nC: UID FETCH 4 {HEADERS}\n{headers(1, 4, 'X-Mailsonde: a')}\nS: OK\n"
    inbox = enter("UIDPLUS", f"S: * 1 EXISTS\n{NUMBERS % 9}").replace("READ-WRITE", opened)
    story = inbox.replace("@", f"{found}{whole(1, 4, 'it is ours')}\n{deletion}\n") + OUT
    told, script = read(story, lambda: Script([]))
    assert (told.fault, told.readings["not_deleted"], script.told) == (None, why, ["noticed", "INBOX 7.4 None"])


@given(st.lists(st.integers(1, 90), min_size=1, max_size=40))
def test_however_the_bytes_are_cut_the_story_is_the_same(sizes: list[int]) -> None:
    story = (
        enter("IDLE")
        + f"""C: IDLE
        S: + idling
        S: * 1 EXISTS
        C: DONE
        S: OK
        C: UID FETCH 5:* {HEADERS}
        {headers(1, 5, "X-Mailsonde: a")}
        S: OK
        {whole(1, 5, "it is ours")}
        C: UID STORE 5 +FLAGS.SILENT (\\Deleted)
        S: OK
        """
        + OUT
    )
    bites = iter(sizes * 1000)
    check = a_check("imap", mailbox=ALICE_PLAIN)
    tell_in_bites(lambda: watch(check, Script([5.0])), numbered(story.replace("@", "")), lambda left: min(left, next(bites)))
