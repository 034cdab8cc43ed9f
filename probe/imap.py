"""IMAP4rev1 without I/O: log in, look into the INBOX, fetch the newest test message, leave all as it was. RFC 3501, 9208.

The INBOX is opened with EXAMINE and read with PEEK: no flag of any message changes. The step is named `select` all the same, for that is
what it measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.dialogue import Note, Skip, printable
from probe.imap_parse import fetched, found_uids, quotas
from probe.imap_session import Session, reading
from probe.mailbox import BODY_LIMIT_BYTES
from probe.message import HEADER

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Dialogue, Move
    from probe.values import Check

SEARCHED = 200  # newest messages among which ours is looked for: a probe must not make the server read a million headers
NONE_YET = "no test message yet"


def dialogue(check: Check, message: bytes = b"") -> Dialogue:  # noqa: ARG001 - every kind has this shape; IMAP sends no message
    """Speak IMAP to a server. `message` is not sent: a mailbox is filled by a trip.

    Readings: auth, server_name, server_version, mailbox_messages, fetched_bytes, quota_used_bytes, quota_limit_bytes.
    """
    session = Session(check)
    if (yield from session.enter()):
        yield from _look(session)
    else:
        for step in ("select", "search", "fetch"):
            yield Skip(step, "no mailbox is configured")
    yield from session.leave()


def _look(session: Session) -> Generator[Move, bytes, None]:
    reply = yield from session.command("select", b"EXAMINE INBOX")
    messages = max((number for number, _ in reply.data("EXISTS")), default=0)
    yield Note("mailbox_messages", messages)
    newest = yield from _search(session, messages)
    if newest is None:
        yield Skip("fetch", NONE_YET if messages <= SEARCHED else f"no test message among the newest {SEARCHED}")
    else:
        yield from _fetch(session, newest)
    if session.can("QUOTA"):
        yield from _quota(session)


def _search(session: Session, messages: int) -> Generator[Move, bytes, int | None]:
    """Return the UID of our newest test message, or None."""
    if not messages:
        yield Skip("search", "the mailbox is empty")
        return None
    criteria = f'UID SEARCH {max(1, messages - SEARCHED + 1)}:* UNDELETED HEADER {HEADER} ""'
    uids = found_uids((yield from session.command("search", criteria.encode())))
    return uids[-1] if uids else None


def _fetch(session: Session, uid: int) -> Generator[Move, bytes, None]:
    """Read the message whole, without marking it read."""
    reply = yield from session.command("fetch", b"UID FETCH %d (UID BODY.PEEK[]<0.%d>)" % (uid, BODY_LIMIT_BYTES))
    bodies = [one.body for one in reading("fetch", fetched, reply) if one.uid == uid and one.body is not None]
    if bodies:
        yield Note("fetched_bytes", len(bodies[0]))
    else:
        yield Note("fetch", "the test message was gone before it was fetched")


def _quota(session: Session) -> Generator[Move, bytes, None]:
    """Note how full the mailbox is. A server that will not say is no fault."""
    reply = yield from session.attempt("quota", b"GETQUOTAROOT INBOX")
    if reply.status.word == "NO":
        yield Note("quota", printable(reply.status.line.partition(b" ")[2]))
    for resource, used, limit in reading("quota", lambda: list(quotas(reply))):
        if resource == "STORAGE":  # in units of 1,024 octets (RFC 9208, 5.1)
            yield Note("quota_used_bytes", used * 1024)
            yield Note("quota_limit_bytes", limit * 1024)
