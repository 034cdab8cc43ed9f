"""Reads a POP3 mailbox for whoever awaits test messages: one look is one session. RFC 1939, 2449. No I/O; the repeating is the caller's.

Deletes only by a number that UIDL gave in this same session, and only what the Inbox proves ours. Only what its header proves ours is read
with RETR, for that marks it as read on most servers; a report is read with TOP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.dialogue import Ask, Wait, refuse
from probe.framing import pop3_line, pop3_multiline
from probe.mailbox import BODY_LIMIT_BYTES, DISK_NAPS, Copy
from probe.pop3_session import enter, lines_of, refusal, say, try_optional
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Dialogue, Move
    from probe.mailbox import Inbox
    from probe.values import Check

LOOKED_AT = 100  # newest new messages that one look reads the headers of
LINES_OF_TOP = 1000  # of a report, which says what it has to say at its beginning, and of ours above BODY_LIMIT_BYTES


def look(check: Check, inbox: Inbox, known_uids: set[str], polled_seconds: float | None = None) -> Dialogue:
    """Log in, show the Inbox what is new, delete what it proves ours, leave.

    Args:
        check: kind pop3, with a mailbox.
        inbox: who awaits messages.
        known_uids: UIDLs that need no second look; this look adds its own. One that we deleted is added only once the server has
            confirmed it with QUIT: should the session break before, the next look shows the same uid again.
        polled_seconds: since the last look began; None = this is the first.
    """
    if (yield from enter(check)) is None:
        raise refuse(FaultKind.OURS, "login", "a mailbox to read from needs an address and a password")
    listed = yield from _uidl()
    known_uids &= set(listed.values())  # what is gone is forgotten: the set stays as small as the mailbox
    new = {number: uid for number, uid in listed.items() if uid not in known_uids}
    if new:
        inbox.noticed()
    shown: dict[int, Copy] = {}
    for number in sorted(new)[-LOOKED_AT:]:
        copy = yield from _read(number, new[number], inbox, polled_seconds)
        if copy is not None:
            inbox.seen(copy)
            shown[number] = copy
    deleted = yield from _delete_allowed(shown, inbox)
    known_uids |= set(new.values()) - deleted
    yield from say("quit", "QUIT")
    known_uids |= deleted


def _uidl() -> Generator[Move, bytes, dict[int, str]]:
    """Return the unique ids by message number."""
    reply = yield from say("uidl", "UIDL", pop3_multiline())
    pairs = (line.decode("ascii", "backslashreplace").split() for line in lines_of(reply))
    return {int(pair[0]): pair[1] for pair in pairs if len(pair) == 2 and pair[0].isdigit()}


def _read(number: int, uid: str, inbox: Inbox, polled_seconds: float | None) -> Generator[Move, bytes, Copy | None]:
    """Return the message, or None when it is not wanted or has vanished. Raises: Unwelcome when the server names another reason."""
    top = yield from try_optional("top", f"TOP {number} 0", {})
    header = b"\r\n".join(lines_of(top))
    if top.startswith(b"-") or not inbox.wants(header):
        return None
    small = inbox.owns(header) and (yield from size_of(number)) <= BODY_LIMIT_BYTES
    reply = yield from try_optional("retr", f"RETR {number}" if small else f"TOP {number} {LINES_OF_TOP}", {})
    if reply.startswith(b"-"):
        return None
    raw = b"".join(line + b"\r\n" for line in lines_of(reply))
    return Copy("INBOX", uid, raw[:BODY_LIMIT_BYTES], None, polled_seconds)


def size_of(number: int) -> Generator[Move, bytes, int]:
    """Return the size of a message in bytes; 0 = the server does not say."""
    reply = yield from say("list", f"LIST {number}")
    words = reply.split()
    return int(words[2]) if len(words) > 2 and words[2].isdigit() else 0


def _delete_allowed(shown: dict[int, Copy], inbox: Inbox) -> Generator[Move, bytes, set[str]]:
    """Mark for deletion what the Inbox proves ours and has written down. Returns the unique ids of these."""
    deleted = set()
    for number, copy in shown.items():
        if (yield from _allowed(copy, inbox)):
            if (yield from delete(number)):
                deleted.add(copy.uid)
            inbox.deleted(copy)
    return deleted


def _allowed(copy: Copy, inbox: Inbox) -> Generator[Move, bytes, bool]:
    """Return whether a message may be deleted; wait a moment for what is being written down."""
    for nap in DISK_NAPS:
        may = inbox.may_delete(copy)
        if may is not None:
            return may
        if raw := (yield Wait("dele", pop3_line, nap)):
            raise refusal("dele", raw) or refuse(FaultKind.PROTOCOL, "dele", b"speaks without being asked: " + raw)
    return inbox.may_delete(copy) or False


def delete(number: int) -> Generator[Move, bytes, bool]:
    """Mark a message for deletion. Returns whether the server will."""
    reply = yield Ask("dele", f"DELE {number}\r\n".encode(), pop3_line)
    return reply.startswith(b"+")
