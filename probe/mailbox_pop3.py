"""Reads a POP3 mailbox for whoever awaits test messages: one look is one session. RFC 1939, 2449. No I/O; the repeating is the caller's.

Deletes only by a number that UIDL gave in this same session, and only what the Inbox proves ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.dialogue import Ask, refuse
from probe.framing import pop3_line, pop3_multiline
from probe.mailbox import BODY_LIMIT_BYTES, Copy
from probe.pop3_session import enter, lines_of, refusal, say
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Dialogue, Move
    from probe.mailbox import Inbox
    from probe.values import Check

LOOKED_AT = 100  # newest new messages that one look reads the headers of
LINES_OF_LARGE = 1000  # of a message above BODY_LIMIT_BYTES: RETR knows no "part of it", and a DSN says what it has to say at its beginning


def look(check: Check, inbox: Inbox, known_uids: set[str], polled_seconds: float | None = None) -> Dialogue:
    """Log in, show the Inbox what is new, delete what it proves ours, leave.

    Args:
        check: kind pop3, with a mailbox.
        inbox: who awaits messages.
        known_uids: UIDLs that need no second look; this look adds its own. One that we deleted is added only once the server has
            confirmed it with QUIT: should the session break before, the next look shows the same uid again.
        polled_seconds: since the last look began; None = this is the first.
    """
    if not (yield from enter(check)):
        raise refuse(FaultKind.OURS, "login", "a mailbox to read from needs an address and a password")
    listed = yield from _uidl()
    known_uids &= set(listed.values())  # what is gone is forgotten: the set stays as small as the mailbox
    new = {number: uid for number, uid in listed.items() if uid not in known_uids}
    if new:
        inbox.noticed()
    newest = sorted(new)[-LOOKED_AT:]
    deleted = set()
    for number in newest:
        copy = yield from _read(number, new[number], inbox, polled_seconds)
        if copy is not None and inbox.seen(copy) and (yield from _delete(number)):
            deleted.add(new[number])
    known_uids |= set(new.values()) - deleted
    yield from say("quit", "QUIT")
    known_uids |= deleted


def _uidl() -> Generator[Move, bytes, dict[int, str]]:
    """Return the unique ids by message number."""
    reply = yield from say("uidl", "UIDL", pop3_multiline())
    pairs = (line.decode("ascii", "backslashreplace").split() for line in lines_of(reply))
    return {int(pair[0]): pair[1] for pair in pairs if len(pair) == 2 and pair[0].isdigit()}


def _read(number: int, uid: str, inbox: Inbox, polled_seconds: float | None) -> Generator[Move, bytes, Copy | None]:
    """Return the message, or None when it is not wanted or has vanished."""
    top = yield Ask("top", f"TOP {number} 0\r\n".encode(), pop3_multiline())
    if top.startswith(b"-") or not inbox.wants(b"\r\n".join(lines_of(top))):
        return None
    command = f"RETR {number}" if (yield from _size(number)) <= BODY_LIMIT_BYTES else f"TOP {number} {LINES_OF_LARGE}"
    reply = yield Ask("retr", f"{command}\r\n".encode(), pop3_multiline())
    if refusal("retr", reply):
        return None
    raw = b"".join(line + b"\r\n" for line in lines_of(reply))
    return Copy("INBOX", uid, raw[:BODY_LIMIT_BYTES], None, polled_seconds)


def _size(number: int) -> Generator[Move, bytes, int]:
    reply = yield from say("list", f"LIST {number}")
    words = reply.split()
    return int(words[2]) if len(words) > 2 and words[2].isdigit() else 0


def _delete(number: int) -> Generator[Move, bytes, bool]:
    reply = yield Ask("dele", f"DELE {number}\r\n".encode(), pop3_line)
    return reply.startswith(b"+")
