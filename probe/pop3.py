"""POP3 without I/O: log in, count, list, read the newest test message; delete nothing. RFC 1939, 2449.

Only a message that carries our header is read with RETR, for that marks it as read on most servers; TOP does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from probe.dialogue import Note, Skip, printable, refuse
from probe.framing import pop3_multiline
from probe.message import HEADER, header_fields
from probe.pop3_session import enter, lines_of, say, try_optional
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Dialogue, Move
    from probe.pop3_session import Capabilities
    from probe.values import Check

SEARCHED = 5  # newest messages among which ours is looked for: each costs a round trip
_STAT = re.compile(rb"\+OK (\d{1,18}) (\d{1,18})")


def dialogue(check: Check, message: bytes = b"") -> Dialogue:  # noqa: ARG001 - every kind has this shape; POP3 sends no message
    """Speak POP3 to a server. `message` is not sent: a mailbox is filled by a trip.

    Readings: auth, mailbox_messages, mailbox_bytes, fetched_bytes.
    """
    offers = yield from enter(check)
    if offers is not None:
        yield from _look(offers)
    else:
        for step in ("stat", "uidl", "retr"):
            yield Skip(step, "no mailbox is configured")
    yield from say("quit", "QUIT")


def _look(offers: Capabilities) -> Generator[Move, bytes, None]:
    messages = yield from _stat()
    reply = yield from try_optional("uidl", "UIDL", offers)
    if reply.startswith(b"-"):
        yield Note("uidl", f"no UIDL: {printable(reply)}")
    if not messages:
        yield Skip("retr", "no test message yet: the mailbox is empty")
        return
    newest = yield from _newest(messages, offers)
    if newest is not None:
        reply = yield from say("retr", f"RETR {newest}", pop3_multiline())
        yield Note("fetched_bytes", len(b"\r\n".join(lines_of(reply))) + 2)


def _stat() -> Generator[Move, bytes, int]:
    reply = yield from say("stat", "STAT")
    counted = _STAT.match(reply)
    if counted is None:
        raise refuse(FaultKind.PROTOCOL, "stat", b"not a count and a size: " + reply)
    yield Note("mailbox_messages", int(counted[1]))
    yield Note("mailbox_bytes", int(counted[2]))
    return int(counted[1])


def _newest(messages: int, offers: Capabilities) -> Generator[Move, bytes, int | None]:
    """Return the number of our newest test message among the last few, or None with the reading that says why."""
    for number in range(messages, max(0, messages - SEARCHED), -1):
        reply = yield from try_optional("top", f"TOP {number} 0", offers)
        if reply.startswith(b"-"):
            yield Skip("retr", f"no TOP, and no message is read that may be somebody's: {printable(reply)}")
            return None
        if header_fields(b"\r\n".join(lines_of(reply)), HEADER):
            return number
    yield Skip("retr", "no test message yet" if messages <= SEARCHED else f"no test message among the newest {SEARCHED}")
    return None
