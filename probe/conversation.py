"""Drives one dialogue without I/O: keeps the buffer, the stamps, the readings and the redacted transcript. RFC-neutral.

The theory. A conversation is a row of marks: (step, monotonic second at which it ended). A step lasts from the mark before it to its
own, so the steps sum to the total by construction, and time that we spend thinking falls to the step that follows. `probe/wire.py`
owns the socket and tells what happened (`proceed`, `feed`, `lost`, `expire`); this class answers with bytes to send and a `State`.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from probe.dialogue import Ask, Note, Skip, Unwelcome, Upgrade, Wait, printable, refuse
from probe.framing import REPLY_LIMIT_BYTES
from probe.secrecy import scrub, secrets_in
from probe.transcript import LINES_LIMIT, REPLY_BYTES, Said, Transcript
from probe.values import Fault, FaultKind, Step

if TYPE_CHECKING:
    from probe.dialogue import Dialogue, Move
    from probe.values import Reading

CLOSING = b"421"  # the one reply that SMTP lets a server send unasked (RFC 5321, section 3.8)
FAREWELL_STEPS = frozenset({"quit", "logout", "unbind"})  # a peer that hangs up here has served us: no fault


class State(Enum):
    """What the conversation needs from whoever owns the socket."""

    READING = auto()
    UPGRADE = auto()  # start TLS, then call `upgraded`
    OVER = auto()


class Conversation:
    """One dialogue under way. Not reusable.

    Args:
        dialogue: the generator to drive.
        began: the monotonic second at which the first step began.
        secrets: texts that must not show in transcript, readings or fault.
        datagram: each feed is one whole datagram; none are joined.
        in_turn: the peer may not answer what was not asked yet.
    """

    __slots__ = (
        "_allowed",
        "_began",
        "_buffer",
        "_dialogue",
        "_in_turn",
        "_last_mark",
        "_move",
        "_said",
        "_secrets",
        "_spans",
        "_stamps",
        "datagram",
        "fault",
        "readings",
        "state",
        "step",
        "turns",
    )

    def __init__(
        self, dialogue: Dialogue, began: float, secrets: tuple[str, ...] = (), *, datagram: bool = False, in_turn: bool = False
    ) -> None:
        self.state = State.READING
        self.step = "resolve"  # the step under way
        self.fault: Fault | None = None
        self.readings: dict[str, Reading] = {}
        self.datagram = datagram
        self.turns = 0  # how often something was awaited, each with a time of its own
        self._allowed: float | None = None  # seconds for the turn under way, which may hold several Waits
        self._in_turn = in_turn
        self._dialogue = dialogue
        self._began = began
        self._secrets = secrets
        self._spans: dict[str, float] = {}  # summed as they come: a mailbox's reader may talk for weeks
        self._last_mark = ("", began)
        self._stamps = 0
        self._said: deque[Said] = deque(maxlen=LINES_LIMIT)
        self._buffer = b""
        self._move: Ask | Wait | None = None

    # -- told by the owner of the socket

    def mark(self, step: str, now: float) -> None:
        """The step has ended now."""
        self._spans[step] = self._spans.get(step, 0.0) + (now - self._last_mark[1])
        self._last_mark = (step, now)
        self._stamps += 1

    def proceed(self, now: float) -> bytes:
        """Start the dialogue once connected, or go on once TLS stands. Returns bytes to send."""
        self.state = State.READING
        return self._advance(b"" if self.turns else None, now)

    def feed(self, data: bytes, now: float) -> bytes:
        """Take bytes that came. Returns bytes to send."""
        if self.state is State.OVER:
            return b""
        if self._move is None:
            self._fail(_early(self.state, self.step, data), now)
            return b""
        self._buffer = data if self.datagram or not self._buffer else self._buffer + data
        return self._read(now)

    def expire(self, now: float) -> bytes:
        """The time of the move under way has run out: no fault for a Wait. Returns bytes to send."""
        if isinstance(self._move, Wait) and self.state is State.READING:
            self.mark(self._move.step, now)
            self.turns += 1  # nothing is left of its time: who would go on with it gets a new one
            return self._advance(b"", now)
        if self.step in FAREWELL_STEPS and not self._buffer:
            self._end(now)
            return b""
        self.time_out(now)
        return b""

    def time_out(self, now: float) -> None:
        """End at the deadline. The peer said nothing, so the fault has no words but those of a half reply."""
        self.fail(FaultKind.TIMEOUT, self._unanswered(""), now)

    def lost(self, why: str, now: float) -> None:
        """The peer closed or reset the connection."""
        if self.state is State.OVER:
            return
        if self.step in FAREWELL_STEPS and not self._buffer:
            self._end(now)
            return
        self.fail(FaultKind.PROTOCOL, self._unanswered(why), now)

    def fail(self, kind: FaultKind, said: str, now: float) -> None:
        """End with a fault at the step under way."""
        if self.state is not State.OVER:
            self._fail(refuse(kind, self.step, said), now)

    # -- asked by the owner of the socket

    @property
    def over(self) -> bool:
        """Return whether there is nothing more to say or to hear."""
        return self.state is State.OVER

    @property
    def patience(self) -> float | None:
        """Return the seconds that the move under way may last, or None where only the conversation's deadline counts."""
        return self._allowed if self.state is State.READING and self._move is not None else None

    @property
    def parting(self) -> bytes:
        """Return what must be sent before a farewell can be understood."""
        return self._move.parting if self._move is not None else b""

    def steps(self) -> tuple[Step, ...]:
        """Return the steps so far, in their first order; those of one name add up."""
        return tuple(Step(name, span) for name, span in self._spans.items())

    def stamps(self) -> int:
        """Return how many stamps were taken: each may have been late once."""
        return self._stamps

    def transcript(self) -> Transcript:
        """Return the redacted lines."""
        return Transcript(list(self._said), self._began, self._secrets)

    # -- inside

    def _read(self, now: float) -> bytes:
        """Take whole replies out of the buffer, as long as there are any. Returns bytes to send."""
        out = b""
        while self._buffer and self._move is not None and self.state is State.READING:
            reply = self._whole(self._move, now)
            if reply is None:
                break
            out += self._advance(reply, now)
        return out

    def _whole(self, move: Ask | Wait, now: float) -> bytes | None:
        """Return the first whole reply, or None while there is none."""
        try:
            end = move.framing(self._buffer)
        except Unwelcome as unwelcome:
            self._hear(self._buffer, now)
            self._fail(refuse(unwelcome.fault.kind, unwelcome.fault.step or move.step, unwelcome.fault.said), now)
            return None
        if end is None or end > REPLY_LIMIT_BYTES:
            self._bound(now)
            return None
        reply, self._buffer = self._buffer[:end], self._buffer[end:]
        self._hear(reply, now)
        self.mark(move.step, now)
        return reply

    def _advance(self, answer: bytes | None, now: float) -> bytes:
        """Let the dialogue move until it awaits something. Returns bytes to send."""
        self._move = None
        while self.state is State.READING:
            try:
                move = self._dialogue.send(answer)  # type: ignore[arg-type] # None starts a generator
            except StopIteration:
                self._finish()
            except Unwelcome as unwelcome:
                self._fail(unwelcome.with_traceback(None), now)  # a frame that keeps it, and that it keeps, would keep us: a ring
            else:
                if isinstance(move, Ask | Wait):
                    return self._await(move, now)
                self._take(move, now)
                answer = b""
        return b""

    def _await(self, move: Ask | Wait, now: float) -> bytes:
        """Await a reply to this move. Returns bytes to send; what already came is looked at at once."""
        self.step, self._move = move.step, move
        if isinstance(move, Ask) or move.seconds is not None:
            self.turns += 1
            self._allowed = move.within_seconds if isinstance(move, Ask) else move.seconds
        if not isinstance(move, Ask):
            return b""
        if move.data and self._buffer and self._in_turn and not self._buffer.startswith(CLOSING):
            self.fail(FaultKind.PROTOCOL, f"answered before it was asked: {self._cite(0, 80)}", now)
            return b""
        if move.data or move.shown:
            self._said.append((True, move.step, move.data if move.shown is None else move.shown, now))
            self._secrets += secrets_in(move)
        return move.data

    def _take(self, move: Move, now: float) -> None:
        """Act on a move that awaits nothing."""
        if isinstance(move, Note):
            self.readings[move.name] = self._scrub(move.value) if isinstance(move.value, str) else move.value
        elif isinstance(move, Skip):
            self.readings[move.step] = move.why
            self.mark(move.step, now)
        elif isinstance(move, Upgrade):
            self.state = State.UPGRADE
            self.step = "tls"
            if self._buffer:
                self._fail(_early(self.state, self.step, self._buffer), now)

    def _bound(self, now: float) -> None:
        if len(self._buffer) > REPLY_LIMIT_BYTES:
            self.fail(FaultKind.PROTOCOL, f"a reply longer than {REPLY_LIMIT_BYTES} bytes: {self._cite(0, 60)}", now)

    def _hear(self, reply: bytes, now: float) -> None:
        heard = self._move.heard if isinstance(self._move, Ask) else None
        self._said.append((False, self.step, partial(heard, reply) if heard else reply[:REPLY_BYTES], now))

    def _end(self, now: float) -> None:
        """End well at the farewell: whoever does not answer it has served us all the same."""
        self.mark(self.step, now)
        self._finish()

    def _fail(self, unwelcome: Unwelcome, now: float) -> None:
        fault = unwelcome.fault
        self.fault = Fault(fault.kind, fault.step, self._scrub(fault.said))
        if self._last_mark != (fault.step, now):
            self.mark(fault.step, now)
        self._finish()

    def _finish(self) -> None:
        self.state = State.OVER
        self._buffer = b""
        self._dialogue.close()

    def _unanswered(self, why: str) -> str:
        return f"{why}{why and ', '}in the middle of a reply: {self._cite(-80, None)}" if self._buffer else why

    def _cite(self, begin: int, end: int | None) -> str:
        """Return a part of what stands unread; secrets go before it is cut, or a piece of one could stay."""
        return printable(self._scrub(self._buffer.decode("utf-8", "backslashreplace"))[begin:end])

    def _scrub(self, text: str) -> str:
        return scrub(text, self._secrets)


def _early(state: State, step: str, data: bytes) -> Unwelcome:
    """Return the fault for bytes that came before TLS: injected ones (STARTTLS), or a peer without TLS (implicit)."""
    said = printable(data[:80])
    if state is State.UPGRADE:
        return refuse(FaultKind.PROTOCOL, step, f"sent more than its reply to STARTTLS before TLS began: {said}")
    return refuse(FaultKind.TLS, step, f"speaks plain text on this port, where TLS is configured: {said}")
