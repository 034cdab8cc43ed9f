"""Keeps one mailbox open for all trips that await something there, and reconnects with growing pauses when it is lost.

It decides what a message is (ours, a report about ours, anybody's) and deletes only what our key proves ours and the ledger has on disk.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from probe import mailbox_imap, mailbox_pop3
from probe.clock import utc_now
from probe.dsn import Bounce, bounce, is_report
from probe.maildate import read_date
from probe.message import Mine, has_own_id, read, recognise
from probe.outcome import Sighting
from probe.values import Fault, FaultKind

if TYPE_CHECKING:
    from probe.dialogue import Dialogue
    from probe.mailbox import Copy
    from probe.values import Check
    from probe.wire import Wire

log = logging.getLogger("mailsonde.reader")

POLL_SHARE = 0.1  # of the age of the youngest trip: a fresh one is looked for often, an old one seldom
POLL_BOUNDS_SECONDS = {"imap": (0.5, 30.0), "pop3": (0.4, 60.0)}  # a look at POP3 is a login; servers count those
STEADY_SECONDS = 30.0  # a session that broke before lasted too short to come back at once: it may break again
LONGEST_PAUSE_SECONDS = 60.0  # between two tries to reconnect
FORGOTTEN_AFTER = timedelta(days=7)  # test messages that no ledger knows, proven ours, are cleared away then


@dataclass(frozen=True, slots=True)
class Found:
    """A copy of a message of ours, with our own stamps (seconds of the monotonic clock)."""

    by: Check  # whose reader found it
    mine: Mine
    copy: Copy
    sighting: Sighting
    noticed: float
    read: float


class Post(Protocol):
    """Who knows the trips under way."""

    def youngest_seconds(self) -> float | None:
        """Return the age of the youngest trip under way, None when there is none."""

    def found(self, found: Found) -> bool:
        """Take a copy of a message of ours. Returns whether it may be deleted."""

    def bounced(self, report: Bounce) -> None:
        """Take a report about a message of ours."""

    def stirred(self, reader: Reader) -> None:
        """Take note that a mailbox can be read now, or no longer."""


class Reader:
    """The reader of one mailbox, and its Inbox: one for all trips that end there."""

    def __init__(self, wire: Wire, check: Check, key: bytes, post: Post) -> None:
        self.check = check
        self.blind = "not opened yet"  # why the mailbox cannot be read now; "" = it is read
        self.opened = asyncio.Event()  # it is read, or the first try has failed
        self._wire = wire
        self._key = key
        self._post = post
        self._noticed = (monotonic(), utc_now())
        self._known_uids: set[str] = set()
        self._looked: float | None = None  # monotonic second at which the last look began (POP3)

    async def run(self) -> None:
        """Read until nothing is awaited any more, whatever happens to the connection."""
        failures = 0
        while self.poll_seconds(reading=False) is not None:
            began = monotonic()
            fault = await self._talk()
            steady = self.blind == "" and monotonic() - began >= STEADY_SECONDS
            failures = 0 if fault is None or steady else failures + 1
            self._see(f"{fault.kind} at {fault.step}: {fault.said}" if fault else "")
            await asyncio.sleep(self._pause_seconds(failures))

    async def _talk(self) -> Fault | None:
        try:
            return (await self._wire.talk(self.check, self._dialogue())).fault
        except Exception as bug:
            log.exception("our own error in reading %s", self.check.name)
            return Fault(FaultKind.OURS, "read", type(bug).__name__)

    def _dialogue(self) -> Dialogue:
        if self.check.kind == "imap":
            return mailbox_imap.watch(self.check, self)
        now = monotonic()
        polled = None if self._looked is None else now - self._looked
        self._looked = now
        return mailbox_pop3.look(self.check, self, self._known_uids, polled)

    def _pause_seconds(self, failures: int) -> float:
        if failures or self.check.kind == "imap":
            return min(0.5 * 2.0 ** min(failures, 10), LONGEST_PAUSE_SECONDS)
        return self.poll_seconds(reading=False) or 0.0

    def _see(self, blind: str) -> None:
        changed = blind != self.blind
        self.blind = blind
        self.opened.set()
        if changed:
            self._post.stirred(self)

    # -- the Inbox

    def noticed(self) -> None:
        """Take the moment: the first sign of new mail has come."""
        self._noticed = (monotonic(), utc_now())

    def poll_seconds(self, *, reading: bool = True) -> float | None:
        """Return how often to look; None = nothing is awaited any more."""
        if reading:
            self._see("")
        age = self._post.youngest_seconds()
        least, most = POLL_BOUNDS_SECONDS[self.check.kind]
        return None if age is None else min(max(age * POLL_SHARE, least), most)

    def wants(self, header: bytes) -> bool:
        """Return whether the whole message is wanted: ours, or a report."""
        return recognise(header, self._key) is not None or is_report(header)

    def owns(self, header: bytes) -> bool:
        """Return whether this header proves the message ours."""
        mine = recognise(header, self._key)
        return mine is not None and has_own_id(header, mine)

    def seen(self, copy: Copy) -> bool:
        """Take a message. Returns whether it is proven ours and may be deleted."""
        now = monotonic()
        mine = read(copy.raw, self._key)
        if mine is not None:
            noticed, noticed_at = self._noticed
            found = Found(self.check, mine, copy, self._sighting(copy, mine, noticed_at), noticed, now)
            return (self._post.found(found) or noticed_at - mine.letter.at > FORGOTTEN_AFTER) and mine.deletable
        report = bounce(copy.raw, self._key)
        if report is not None:
            self._post.bounced(report)
        return False  # a report is not our own message, though it is about one: it stays

    def _sighting(self, copy: Copy, mine: Mine, noticed_at: datetime) -> Sighting:
        epoch, _, uid = copy.uid.rpartition(".") if self.check.kind == "imap" else ("", "", copy.uid)
        return Sighting(
            folder=copy.folder,
            uid=uid,
            epoch=epoch,
            misplaced=copy.folder.upper() != "INBOX",
            changed=mine.changed,
            noticed_at=noticed_at,
            fresh=copy.polled_seconds is not None,
            stamped_at=read_date(copy.internal_date.replace("-", " ", 2)).at if copy.internal_date else None,
        )
