"""Whatever an IMAP or POP3 server answers, a dialogue ends well or with the server's fault: no other exception, no endless talk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe import imap, pop3
from probe.dialogue import Ask, Unwelcome, Wait
from probe.mailbox_imap import watch
from probe.mailbox_pop3 import look
from probe.values import FaultKind
from tests.probe.reading import Script
from tests.probe.transcripts import ALICE, a_check

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.dialogue import Dialogue

TURNS = 60
IMAP_LINES = [
    b"* 1 FETCH (UID 6 BODY[HEADER.FIELDS (X)] {16}\r\nX-Mailsonde: a\r\n)",
    b"* 2 FETCH (UID 6 INTERNALDATE NIL BODY[]<0> {4}\r\nours)",
    b"* 3 FETCH (UID 99999999999999999999 BODY[] ((",
    b"* FETCH",
    b"* 1 FETCH ()",
    b"* SEARCH 5 6 99999999999999999999999",
    b"* SEARCH",
    b"* 3 EXISTS",
    b"* 99999999999 EXISTS",
    b"* 1 EXPUNGE",
    b"* OK [UIDVALIDITY 3] x",
    b"* OK [UIDNEXT 6] x",
    b"* OK [UIDNEXT -1] x",
    b"* CAPABILITY IMAP4rev1 IDLE QUOTA ID NAMESPACE UIDPLUS AUTH=PLAIN",
    b"* CAPABILITY",
    b'* LIST (\\Junk) "/" {2}\r\n\xff\r',
    b'* LIST (\\Junk) NIL "a&AA-b"',
    b"* LIST NIL NIL NIL",
    b"* STATUS J (MESSAGES 3 UIDNEXT 9)",
    b"* STATUS",
    b"* QUOTA x (STORAGE 1 99999999999999999999)",
    b'* ID ("name" NIL "version" "2" "odd")',
    b"* NAMESPACE ((NIL NIL)) NIL NIL",
    b"* X {3}\r\n)))",
    b"+ YQ==",
    b"* BYE x",
    b"\xff\xfe",
    b"",
]
IMAP_ENDS = [b"OK x", b"OK x", b"OK", b"OK [READ-ONLY] x", b"NO", b"BAD x"]
IMAP_HINTS = {  # what lets the conversation go on to where it gets interesting
    b"": [b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE QUOTA ID NAMESPACE UIDPLUS] x"],
    b"SELECT": [b"* 3 EXISTS", b"* OK [UIDVALIDITY 3] x", b"* OK [UIDNEXT 6] x"],
    b"EXAMINE": [b"* 3 EXISTS"],
    b"IDLE": [b"+ idling"],
    b"LIST": [b'* LIST (\\Junk) "/" J'],
}
POP3_LINES = [
    b"+OK",
    b"+OK 3 100",
    b"-ERR x",
    b"+ YQ==",
    b"1 a",
    b"2 b",
    b"99999999999999999999 c",
    b".",
    b"..",
    b"X-Mailsonde: a",
    b"\xff",
]


def drive(dialogue: Dialogue, answer: Callable[[bytes], bytes]) -> None:
    """Let the server answer TURNS times; a Wait now and then hears nothing."""
    buffer, move = b"", next(dialogue)
    for _ in range(TURNS):
        reply = b""
        if isinstance(move, Ask | Wait):
            buffer += answer(move.data if isinstance(move, Ask) else b"")
            end = move.framing(buffer)
            if end is None and isinstance(move, Ask):
                return
            reply, buffer = buffer[: end or 0], buffer[end or 0 :]
        move = dialogue.send(reply)


def survive(dialogue: Dialogue, answer: Callable[[bytes], bytes]) -> None:
    try:
        drive(dialogue, answer)
    except StopIteration:
        return
    except Unwelcome as unwelcome:
        assert unwelcome.fault.kind is not FaultKind.OURS  # noqa: PT017 - most runs end without any exception


def readers(kind: str) -> list[Callable[[], Dialogue]]:
    check = a_check(kind, mailbox=replace(ALICE, mechanism="PLAIN"))
    if kind == "imap":
        return [lambda: imap.dialogue(check), lambda: watch(check, Script([1.0] * TURNS))]
    return [lambda: pop3.dialogue(check), lambda: look(check, Script([]), set())]


@pytest.mark.parametrize("which", [0, 1])
@settings(max_examples=300)
@given(st.lists(st.tuples(st.lists(st.sampled_from(IMAP_LINES), max_size=4), st.sampled_from(IMAP_ENDS)), max_size=TURNS))
def test_imap(which: int, answers: list[tuple[list[bytes], bytes]]) -> None:
    left = iter(answers)

    def answer(sent: bytes) -> bytes:
        tag, _, command = sent.partition(b" ")
        hints = IMAP_HINTS.get(command.split(b" ")[0].strip(), [])
        lines, status = next(left, ([], b"OK"))
        ends = [tag + b" " + status] if command else []
        return b"".join(line + b"\r\n" for line in [*hints, *lines, *ends])

    survive(readers("imap")[which](), answer)


@pytest.mark.parametrize("which", [0, 1])
@settings(max_examples=300)
@given(st.lists(st.lists(st.sampled_from(POP3_LINES), max_size=5), max_size=TURNS))
def test_pop3(which: int, answers: list[list[bytes]]) -> None:
    left = iter(answers)

    def answer(sent: bytes) -> bytes:
        status = b"+OK 3 100" if sent.startswith((b"STAT", b"LIST")) else b"+OK"
        ends = [b"."] if sent.startswith((b"CAPA", b"UIDL", b"TOP", b"RETR")) else []
        lines = [b"SASL PLAIN"] if sent.startswith(b"CAPA") else next(left, []) if ends else []
        return b"".join(line + b"\r\n" for line in [status, *lines, *ends])

    survive(readers("pop3")[which](), answer)
