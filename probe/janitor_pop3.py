"""Removes our own leftovers from a POP3 mailbox. RFC 1939. No I/O, no clock.

Only what its header proves ours, and old, is read with RETR; only what the whole proves so is deleted, by the number of this session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.dialogue import Note, printable, refuse
from probe.mailbox import BODY_LIMIT_BYTES
from probe.mailbox_pop3 import delete, size_of
from probe.pop3_session import enter, lines_of, say, try_optional
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Dialogue, Move
    from probe.leftovers import Leftovers
    from probe.values import Check

MOST_LOOKED_AT = 1_000  # newest messages: each costs the server a look and us a round trip


def sweep(check: Check, leftovers: Leftovers) -> Dialogue:
    """Log in, look at every message's header, remove what may go, leave: what was marked goes with QUIT.

    Readings: removed (messages), left_out (why headers cannot be read).
    """
    if (yield from enter(check)) is None:
        raise refuse(FaultKind.OURS, "login", "a mailbox to tidy needs an address and a password")
    words = (yield from say("stat", "STAT")).split()
    messages = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    removed = 0
    for number in range(messages, max(0, messages - MOST_LOOKED_AT), -1):
        reply = yield from try_optional("top", f"TOP {number} 0", {})
        if reply.startswith(b"-"):
            yield Note("left_out", f"message {number}: {printable(reply)}")
        elif leftovers.wants(b"\r\n".join(lines_of(reply))) and (yield from _goes(number, leftovers)):
            removed += yield from delete(number)
    yield from say("quit", "QUIT")
    yield Note("removed", removed)


def _goes(number: int, leftovers: Leftovers) -> Generator[Move, bytes, bool]:
    if (yield from size_of(number)) > BODY_LIMIT_BYTES:
        return False
    reply = yield from try_optional("retr", f"RETR {number}", {})
    return not reply.startswith(b"-") and leftovers.may_go(b"".join(line + b"\r\n" for line in lines_of(reply)))
