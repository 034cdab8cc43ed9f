"""Drives a dialogue with a server's bytes: whole, byte by byte and with bytes behind each reply; all must tell the same story.

A script is text. `S: ` is a line of the server (CRLF is added), `C: ` one that the dialogue must send, `TLS` the place of an
Upgrade, `...` a silence in which a Wait runs out of time, `CLOSED` the end of the connection by the server (what that means is
the wire's to say: the play ends). Other lines are comments. `b"..."` after S or C is a bytes literal of Python
without CRLF, for octets that are no text.

    told = tell(lambda: dialogue(check, b""), '''
        S: 220 mx.example ESMTP
        C: EHLO probe.example
        S: 250 mx.example
    ''')
    assert told.steps == ["greeting", "hello"]
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from probe.dialogue import Ask, Note, Skip, Unwelcome, Upgrade, Wait
from probe.framing import at_step
from probe.values import Check, Endpoint, Mailbox, Secret, Security

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.dialogue import Dialogue, Framing, Move
    from probe.values import Fault, Reading

BEHIND = (b"", b"\0", b"250 2.0.0 early\r\n", b"A0001 OK early\r\n* 1 EXISTS\r\n+OK early\r\n.\r\n")  # what may stand behind a reply

SILENCE = "..."
TLS = "TLS"
CLOSED = "CLOSED"
Bite = Callable[[int], int]  # how many of so many bytes come at once; at least one
ALICE = Mailbox("alice@abc.example", Secret('pa"ss\\word'))
Event = bytes | str | tuple[bytes]  # server's bytes; SILENCE or TLS; (what the client must send,)


@dataclass(slots=True)
class Told:
    """What a dialogue did. `moves` are without their framings, so that two runs can be compared."""

    moves: list[tuple[object, ...]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)  # names in order, each once in a row; "tls" where Upgrade stood
    sent: list[bytes] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # what a transcript would show of what was sent
    readings: dict[str, Reading] = field(default_factory=dict)  # of Note and Skip
    replies: list[bytes] = field(default_factory=list)
    fault: Fault | None = None


def a_check(kind: str, security: Security = Security.NONE, mailbox: Mailbox | None = ALICE) -> Check:
    """Return a check of that kind; ALICE's password holds a quote and a backslash."""
    return Check(f"abc.example/{kind}", "abc.example", kind, kind, Endpoint("mail.example", 1, security), mailbox=mailbox)


def script(text: str) -> list[Event]:
    """Return the script's events in order."""
    events: list[Event] = []
    for line in (raw.strip() for raw in text.splitlines()):
        if line.startswith(("S:", "C:")):
            octets = _octets(line[2:].removeprefix(" "))
            events.append(octets if line[0] == "S" else (octets,))
        elif line in {SILENCE, TLS, CLOSED}:
            events.append(line)
    return [b"".join(run) if isinstance(run[0], bytes) else run[0] for run in _runs(events)]


def _runs(events: list[Event]) -> Iterator[list[Any]]:
    """Yield what the server says in one go as one run, and every other event as a run of its own."""
    for is_bytes, group in groupby(events, key=lambda event: isinstance(event, bytes)):
        run = list(group)
        yield from [run] if is_bytes else ([event] for event in run)


def _octets(text: str) -> bytes:
    if text.startswith('b"'):
        value = ast.literal_eval(text)
        assert isinstance(value, bytes)
        return value
    return text.encode() + b"\r\n"


def tell(make: Callable[[], Dialogue], story: str | Sequence[bytes]) -> Told:
    """Drive `make()` in every way of arriving and return what it did; a list of whole replies (b"" = silence) does without `C:` lines."""
    events = script(story) if isinstance(story, str) else [reply or SILENCE for reply in story]
    first = _Peer(events, whole, b"").play(make())
    for behind in BEHIND[1:]:
        _same(first, _Peer(events, whole, behind).play(make()), f"with {behind!r} behind each reply")
    _same(first, _Peer(events, lambda _: 1, b"").play(make()), "byte by byte")
    return first


def tell_in_bites(make: Callable[[], Dialogue], story: str, bite: Bite) -> None:
    """Prove that a dialogue does the same however its server's bytes are cut."""
    events = script(story)
    _same(_Peer(events, whole, b"").play(make()), _Peer(events, bite, b"").play(make()), "in bites")


def whole(left: int) -> int:
    """Take all that there is."""
    return left


def _same(first: Told, other: Told, how: str) -> None:
    assert other.moves == first.moves, f"{how}: other moves"
    assert (other.fault is None) == (first.fault is None), f"{how}: {other.fault} instead of {first.fault}"
    if first.fault and other.fault:
        assert (other.fault.kind, other.fault.step) == (first.fault.kind, first.fault.step), f"{how}: {other.fault}"
        short, long = sorted((first.fault.said, other.fault.said), key=len)  # a refused reply is cited as far as it had come
        assert long.startswith(short.rstrip()), f"{how}: {other.fault.said!r} instead of {first.fault.said!r}"


class _Peer:
    """The server of one play."""

    def __init__(self, events: Sequence[Event], bite: Bite, behind: bytes) -> None:
        self._events = list(events)
        self._scripted = any(isinstance(event, tuple) for event in events)
        self._bite = bite
        self._behind = behind
        self._buffer = b""
        self._arrived = False  # all has come that the server says in this turn
        self._told = Told()

    def play(self, dialogue: Dialogue) -> Told:
        step = ""
        try:
            move = next(dialogue)
            while True:
                step = move.step if isinstance(move, Ask | Wait) else step
                self._record(move)
                answer = self._answer(move)
                if answer is None:
                    dialogue.close()
                    break
                move = dialogue.send(answer)
        except StopIteration:
            assert not self._events, f"the dialogue ended before {self._events[:3]}"
        except Unwelcome as unwelcome:
            self._told.fault = at_step(unwelcome, step).fault
            assert not (self._bite is whole and self._events), f"{self._told.fault} before {self._events[:3]}"
        return self._told

    def _record(self, move: Move) -> None:
        told = self._told
        name = "tls" if isinstance(move, Upgrade) else getattr(move, "step", None)
        if name and told.steps[-1:] != [name]:
            told.steps.append(name)
        if isinstance(move, Note):
            told.readings[move.name] = move.value
        if isinstance(move, Skip):
            told.readings[move.step] = move.why
        told.moves.append(tuple(getattr(move, name) for name in move.__slots__ if name != "framing"))

    def _answer(self, move: Move) -> bytes | None:
        """Return what the wire would, or None when the server has hung up."""
        if isinstance(move, Upgrade):
            self._expect_tls()
        if isinstance(move, Ask):
            self._hear(move)
            return self._reply(move.framing, silence_ok=False)
        return self._reply(move.framing, silence_ok=True) if isinstance(move, Wait) else b""

    def _expect_tls(self) -> None:
        assert not self._buffer, f"unread before TLS: {self._buffer!r}"
        if self._events[:1] == [TLS]:
            self._events.pop(0)
        assert not self._scripted or TLS not in self._events[:1], "one TLS too few"

    def _hear(self, ask: Ask) -> None:
        if not ask.data:
            return
        self._told.sent.append(ask.data)
        self._told.shown.append(ask.shown if ask.shown is not None else ask.data.decode("utf-8", "backslashreplace").rstrip("\r\n"))
        if self._scripted:
            expected = self._events.pop(0) if self._events else "nothing"
            assert expected == (ask.data,), f"sent {ask.data!r} where the script has {expected!r}"

    def _reply(self, framing: Framing, *, silence_ok: bool) -> bytes | None:
        while (end := self._look(framing)) is None:
            if self._events[:1] == [CLOSED]:
                return None
            if not (self._events and isinstance(self._events[0], bytes)):
                assert silence_ok, f"waits for more than {self._buffer!r}; next is {self._events[:1]}"
                if self._events[:1] == [SILENCE]:
                    self._events.pop(0)
                return b""
            self._take()
        reply, self._buffer = self._buffer[:end], self._buffer[end:]
        self._told.replies.append(reply)
        return reply

    def _look(self, framing: Framing) -> int | None:
        if not self._buffer:
            return None
        here = len(self._buffer)
        end = framing(self._buffer + self._behind if self._arrived else self._buffer)
        assert end is None or end <= here, f"took {self._behind!r} for a part of the reply {self._buffer!r}"
        return end

    def _take(self) -> None:
        event = self._events[0]
        assert isinstance(event, bytes)
        size = self._bite(len(event))
        self._buffer += event[:size]
        self._arrived = size >= len(event)
        self._events[:1] = [event[size:]] if event[size:] else []
