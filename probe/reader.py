"""Keeps one mailbox open for all trips that await something there, and reconnects with growing pauses when it is lost.

It decides what a message is (ours, a report about ours, anybody's) and deletes only what our key proves ours and the ledger has on disk.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
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
    from collections.abc import Callable

    from probe.dialogue import Dialogue
    from probe.mailbox import Copy
    from probe.values import Check
    from probe.wire import Wire

log = logging.getLogger("mailsonde.reader")

NOT_OPENED = "not opened yet"
POLL_SHARE = 0.1  # of the age of the youngest trip: a fresh one is looked for often, an old one seldom
POLL_BOUNDS_SECONDS = {"imap": (0.5, 30.0), "pop3": (0.4, 60.0)}  # a look at POP3 is a login; servers count those
STEADY_SECONDS = 30.0  # a session that broke before lasted too short to come back at once: it may break again
LONGEST_PAUSE_SECONDS = 60.0  # between two tries to reconnect
STAY_SECONDS = 60.0  # an IMAP mailbox stays open for a trip that begins so soon; else it is closed and opened again (decision 0120)
FINISH_SECONDS = 1.0  # how long a deletion under way is waited for at the end
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

    def youngest_seconds(self, check: Check) -> float | None:
        """Return the age of the youngest trip that is awaited in a mailbox, None when there is none."""

    @property
    def due_seconds(self) -> Callable[[Check], float | None]:
        """Return what says how long it is until the next trip to a mailbox begins; None = none is planned."""

    def found(self, found: Found) -> bool | asyncio.Future[bool]:
        """Take a copy of a message of ours. Returns whether it may be deleted, or what will say so."""

    def bounced(self, report: Bounce) -> None:
        """Take a report about a message of ours."""

    def stirred(self, reader: Reader) -> None:
        """Take note that a mailbox can be read now, or no longer."""


class Reader:
    """The reader of one mailbox, and its Inbox: one for all trips that end there."""

    def __init__(self, wire: Wire, check: Check, key: bytes, post: Post) -> None:
        self.check = check
        self.blind = NOT_OPENED  # why the mailbox cannot be read now; "" = it is read
        self.opened = asyncio.Event()  # it is read, or the first try has failed
        self._wire = wire
        self._key = key
        self._post = post
        self._noticed = (monotonic(), utc_now())
        self._known_uids: set[str] = set()
        self._looked: float | None = None  # monotonic second at which the last look began (POP3)
        self._marks: mailbox_imap.Marks = {}
        self._anew = False  # what was passed over is to be looked at once more
        self._answers: dict[tuple[str, str], bool | asyncio.Future[bool]] = {}  # by folder and uid: may it be deleted?
        self._free = asyncio.Event()  # no deletion is under way
        self._free.set()
        self._leaving = False
        self._hurried = asyncio.Event()

    async def run(self) -> None:
        """Read until nothing is awaited any more, whatever happens to the connection."""
        failures, self.blind = 0, NOT_OPENED
        while self.poll_seconds(reading=False) is not None and not self._leaving:
            began = monotonic()
            if self._anew:
                self._marks, self._known_uids, self._looked, self._anew = {}, set(), None, False
            fault = await self._talk()
            self._free.set()
            self._answers.clear()
            steady = self.blind == "" and monotonic() - began >= STEADY_SECONDS
            failures = 0 if fault is None or steady else failures + 1
            self._see(f"{fault.kind} at {fault.step}: {fault.said}" if fault else "")
            if fault is None and self.check.kind == "imap":
                self.opened.clear()  # it has left, and comes back if something is awaited again
            await self._rest(failures)
        self.opened.clear()

    def hurry(self) -> None:
        """Look soon: something new is awaited. A server that is in trouble is given its time all the same."""
        self._hurried.set()

    def forget(self) -> None:
        """Look once more at what was passed over, in a new session."""
        self._anew = True

    async def leave(self) -> None:
        """Begin no deletion any more, and wait for the end of the one under way: a message that is flagged only is in everybody's way."""
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                await self._free.wait()

    async def _rest(self, failures: int) -> None:
        """Pause between two sessions; who is hurried cuts it short, unless the last session failed."""
        if failures:
            await asyncio.sleep(self._pause_seconds(failures))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause_seconds(0)):
                await self._hurried.wait()
        self._hurried.clear()

    async def _talk(self) -> Fault | None:
        try:
            return (await self._wire.talk(self.check, self._dialogue())).fault
        except Exception as bug:
            log.exception("our own error in reading %s", self.check.name)
            return Fault(FaultKind.OURS, "read", type(bug).__name__)

    def _dialogue(self) -> Dialogue:
        if self.check.kind == "imap":
            return mailbox_imap.watch(self.check, self, self._marks)
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
            if self._anew:
                self.opened.clear()
                return None
        age, due = self._post.youngest_seconds(self.check), self._post.due_seconds(self.check)
        least, most = POLL_BOUNDS_SECONDS[self.check.kind]
        if age is not None:
            return min(max(min(age * POLL_SHARE, most if due is None else due), least), most)
        if self.check.kind == "imap" and due is not None and due <= STAY_SECONDS:
            return min(max(due, least), most)
        self.opened.clear()
        return None

    def wants(self, header: bytes) -> bool:
        """Return whether the whole message is wanted: ours, or a report."""
        return recognise(header, self._key) is not None or is_report(header)

    def owns(self, header: bytes) -> bool:
        """Return whether this header proves the message ours."""
        mine = recognise(header, self._key)
        return mine is not None and has_own_id(header, mine)

    def seen(self, copy: Copy) -> None:
        """Take a message. A report is not our own message, though it is about one: it stays."""
        now = monotonic()
        mine = read(copy.raw, self._key)
        if mine is not None:
            noticed, noticed_at = self._noticed
            written = self._post.found(Found(self.check, mine, copy, self._sighting(copy, mine, noticed_at), noticed, now))
            forgotten = noticed_at - mine.letter.at > FORGOTTEN_AFTER
            self._answers[copy.folder, copy.uid] = mine.deletable and (forgotten or written)
            return
        report = bounce(copy.raw, self._key)
        if report is not None:
            self._post.bounced(report)

    def may_delete(self, copy: Copy) -> bool | None:
        """Return whether a message that was seen is proven ours and stands in the ledger; None = that is not known yet."""
        answer = self._answers.get((copy.folder, copy.uid), False)
        if isinstance(answer, asyncio.Future):
            if not answer.done():
                return None
            answer = answer.result()
        self._answers.pop((copy.folder, copy.uid), None)
        if not answer or self._leaving:
            return False
        self._free.clear()
        return True

    def deleted(self, copy: Copy) -> None:  # noqa: ARG002 - one at a time: which it was does not matter
        """A deletion is done, or was refused."""
        self._free.set()

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
