"""The POP3 reader as stories: one look, one session; nobody else's mail is read whole or deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from probe.mailbox_pop3 import look
from probe.values import FaultKind
from tests.probe.reading import Script
from tests.probe.transcripts import ALICE, Told, a_check, tell

if TYPE_CHECKING:
    from probe.dialogue import Dialogue

ENTER = """
    S: +OK ready
    C: CAPA
    S: +OK
    S: SASL PLAIN
    S: .
    C: AUTH PLAIN AGFsaWNlQGFiYy5leGFtcGxlAHBhInNzXHdvcmQ=
    S: +OK
"""
CHECK = a_check("pop3", mailbox=replace(ALICE, mechanism="PLAIN"))


def top(number: int, text: str) -> str:
    return f"C: TOP {number} 0\nS: +OK\nS: {text}\nS:\nS: .\n"


def retr(number: int, text: str, size: int = 100) -> str:
    command = f"RETR {number}" if size < 262_145 else f"TOP {number} 1000"
    return f"C: LIST {number}\nS: +OK {number} {size}\nC: {command}\nS: +OK\nS: {text}\nS: .\n"


def uidl(*uids: str) -> str:
    return "C: UIDL\nS: +OK\n" + "".join(f"S: {number} {uid}\n" for number, uid in enumerate(uids, 1)) + "S: .\n"


def see(story: str, known: set[str], polled: float | None = None) -> tuple[Told, Script, set[str]]:
    runs: list[tuple[Script, set[str]]] = []

    def start() -> Dialogue:
        runs.append((Script([]), set(known)))
        return look(CHECK, *runs[-1], polled)

    told = tell(start, ENTER + story)
    return told, *runs[0]


def test_ours_is_shown_and_deleted_the_others_stay() -> None:
    story = (
        uidl("old", "lunch", "a", "forged")
        + top(2, "Subject: lunch?")
        + top(3, "X-Mailsonde: x") + retr(3, "..it is ours")
        + top(4, "X-Mailsonde: y") + retr(4, "somebody's")
        + "C: DELE 3\nS: +OK\n"
        + "C: QUIT\nS: +OK"
    )  # fmt: skip
    told, script, known = see(story, {"old", "long gone"}, 2.0)
    assert told.fault is None
    assert script.told == ["noticed", "INBOX a 2.0", "INBOX forged 2.0"]
    assert script.copies[0].raw == b".it is ours\r\n"
    assert known == {"old", "lunch", "a", "forged"}


def test_nothing_new_is_nothing_to_notice() -> None:
    told, script, known = see(uidl("old") + "C: QUIT\nS: +OK", {"old"})
    assert (told.fault, script.told, known) == (None, [], {"old"})


def test_a_session_that_breaks_before_its_end_shows_ours_again() -> None:
    story = uidl("a", "b") + top(1, "X-Mailsonde: x") + retr(1, "ours") + top(2, "x") + "C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR [SYS/TEMP] x"
    told, _, known = see(story, set())
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step, known) == (FaultKind.TEMPORARY, "quit", {"b"})


def test_what_can_not_be_read_or_deleted_is_passed_over() -> None:
    story = (
        uidl("a", "b", "c", "d")
        + "C: TOP 1 0\nS: -ERR gone\n"
        + top(2, "X-Mailsonde: x") + "C: LIST 2\nS: +OK 2\nC: RETR 2\nS: -ERR gone\n"
        + top(3, "X-Mailsonde: x") + retr(3, "ours")
        + top(4, "X-Mailsonde: x") + retr(4, "a DSN with a film", 9_000_000)
        + "C: DELE 3\nS: -ERR no\n"
        + "C: QUIT\nS: +OK"
    )  # fmt: skip
    told, script, known = see(story, set())
    assert (told.fault, script.told) == (None, ["noticed", "INBOX c None", "INBOX d None"])
    assert known == {"a", "b", "c", "d"}


def test_a_report_is_never_read_with_retr() -> None:
    report = "X-Mailsonde: a report"
    story = uidl("a") + top(1, report) + f"C: TOP 1 1000\nS: +OK\nS: {report}\nS:\nS: 550 no such user\nS: .\n" + "C: QUIT\nS: +OK"
    told, script, known = see(story, set())
    assert (told.fault, script.told, known) == (None, ["noticed", "INBOX a None"], {"a"})


@pytest.mark.parametrize(
    "story",
    [
        "C: TOP 1 0\nS: -ERR [SYS/TEMP] index broken",
        top(1, "X-Mailsonde: x") + "C: LIST 1\nS: +OK 1 9\nC: RETR 1\nS: -ERR [SYS/TEMP] index broken",
    ],
)
def test_a_message_that_can_not_be_read_for_now_is_looked_at_again(story: str) -> None:
    told, _, known = see(uidl("a") + story, set())
    assert told.fault is not None
    assert (told.fault.kind, told.fault.said, known) == (FaultKind.TEMPORARY, "-ERR [SYS/TEMP] index broken", set())


def test_a_server_without_uidl_can_not_be_read_from() -> None:
    told, _, _ = see("C: UIDL\nS: -ERR what?", set())
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step) == (FaultKind.PERMANENT, "uidl")


def test_only_the_newest_of_many_are_looked_at() -> None:
    uids = [f"u{number}" for number in range(1, 104)]
    story = uidl(*uids) + "".join(top(number, "x") for number in range(4, 104)) + "C: QUIT\nS: +OK"
    told, _, known = see(story, set())
    assert (told.fault, known) == (None, set(uids))


def test_a_check_without_a_mailbox_is_our_own_fault() -> None:
    told = tell(lambda: look(replace(CHECK, mailbox=None), Script([]), set()), "S: +OK\nC: CAPA\nS: -ERR")
    assert told.fault is not None
    assert told.fault.kind is FaultKind.OURS
