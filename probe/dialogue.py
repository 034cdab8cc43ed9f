"""What a dialogue is: a generator without I/O that says what to do next and is sent each whole reply. After h11 and RFC 5321.

A dialogue yields moves and is sent an answer to each:

    Ask(step, data, framing)        write `data`, read until `framing` finds a whole reply  -> that reply's bytes
    Wait(step, framing, seconds)    read without writing, up to `seconds`                   -> the reply, or b"" when time ran out
    Wait(..).rest()                 go on with it after a reply that does not count, for what is left of its time
    Upgrade()                       start TLS now (nothing may stand unread)                -> b""
    Note(name, value)               a reading for the Result                                -> b""
    Skip(step, why)                 a step that finds nothing to do: it shows, with its why -> b""

It ends by returning, or raises `Unwelcome` with the fault. `probe/wire.py` drives it over a socket and times every step; a test
drives it with a list of replies (`rehearse`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from probe.values import SAID_LIMIT, Fault, FaultKind, Reading

# A framing says where the first whole reply in a buffer ends (an index), or None for "read more". It may raise Unwelcome as soon
# as what has come can not become a reply of this protocol.
Framing = Callable[[bytes], int | None]


@dataclass(frozen=True, slots=True)
class Ask:
    """Send `data` and await one whole reply. b"" sends nothing (a greeting). Several Asks of one step add up."""

    step: str
    data: bytes
    framing: Framing
    shown: str | None = None  # what the transcript shows instead of `data`, where `data` holds a secret
    within_seconds: float | None = None  # a deadline of its own, inside the conversation's one deadline; a farewell's passing is no fault
    parting: bytes = b""  # what must be sent before a farewell is understood (`*` in a SASL exchange), should we have to leave now
    heard: Callable[[bytes], str] | None = None  # what the transcript shows instead of a reply that is no text


@dataclass(frozen=True, slots=True)
class Wait:
    """Await what the peer says by itself; running out of time is no fault here (IDLE, RFC 2177)."""

    step: str
    framing: Framing
    seconds: float | None  # None = what is left of the time of the Wait before, which a reply has ended
    parting: bytes = b""  # as for an Ask: IDLE's DONE

    def rest(self) -> Wait:
        """Return the Wait to go on with after a reply that does not count: a peer that chats does not lengthen it."""
        return replace(self, seconds=None)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Start TLS on this connection."""


@dataclass(frozen=True, slots=True)
class Note:
    """Keep a reading."""

    name: str
    value: Reading


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that finds nothing to do does not vanish: zero seconds, and a reading of its name that says why."""

    step: str
    why: str


Move = Ask | Wait | Upgrade | Note | Skip
Dialogue = Generator[Move, bytes, None]


class Unwelcome(Exception):  # noqa: N818 - it is the field's word for what came, and no error of ours
    """The peer's answer ends the conversation; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.kind} at {fault.step}: {fault.said}")
        self.fault = fault


def printable(said: bytes | str) -> str:
    r"""Return the peer's words as one printable line of at most SAID_LIMIT characters; bytes that are not UTF-8 become `\\xNN`."""
    head = said[: 4 * SAID_LIMIT]
    text = head.decode("utf-8", "backslashreplace") if isinstance(head, bytes) else head
    text = " ".join(part for part in text.replace("\r\n", "\n").split("\n") if part).strip()
    clean = text if text.isprintable() else "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return clean if len(clean) <= SAID_LIMIT else clean[: SAID_LIMIT - 1] + "…"


def refuse(kind: FaultKind, step: str, said: bytes | str = "") -> Unwelcome:
    """Return the exception that ends a dialogue with this fault."""
    return Unwelcome(Fault(kind, step, printable(said)))


def rehearse(dialogue: Dialogue, replies: list[bytes]) -> list[Move]:
    """Drive a dialogue with whole replies and return its moves; for tests and for trying a dialogue at a prompt.

    Raises: Unwelcome as the dialogue does; IndexError when the replies run out.
    """
    moves: list[Move] = []
    answer: bytes | None = None
    left = list(replies)
    while True:
        try:
            move = next(dialogue) if answer is None else dialogue.send(answer)
        except StopIteration:
            return moves
        moves.append(move)
        answer = left.pop(0) if isinstance(move, Ask | Wait) else b""
