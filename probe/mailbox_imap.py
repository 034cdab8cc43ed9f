r"""Reads an IMAP mailbox for whoever awaits test messages: the INBOX as it grows, and a look into the junk folders. RFC 3501, 4315.

Everything is read with PEEK. A message is flagged and expunged by its UID, and only when the Inbox proves it ours; without UIDPLUS it stays
flagged. There is no bare EXPUNGE here, and no CLOSE, for both would remove what others have marked. The INBOX is opened with SELECT, not
EXAMINE, because of that deletion: it costs the others the `\Recent` flag, which IMAP4rev2 has given up (docs/decisions/0041).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probe import imap_junk
from probe.dialogue import Note, Wait, printable, refuse
from probe.framing import imap_any
from probe.imap_arrival import Arrivals
from probe.imap_parse import fetched, found_uids, quoted, state_of
from probe.imap_session import Session, no_one, reading, unwelcome
from probe.mailbox import BODY_LIMIT_BYTES, DISK_NAPS, WANTED_HEADERS, Copy
from probe.message import HEADER
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Dialogue, Move
    from probe.imap_parse import Fetched, Reply
    from probe.mailbox import Inbox
    from probe.values import Check

Marks = dict[str, tuple[int, int]]  # by folder: UIDVALIDITY, and the first UID that nobody has looked at

CATCH_UP = 1000  # newest messages among which those that came while nobody looked are searched
AT_ONCE = 50  # messages of a known list whose headers one FETCH asks for: its reply has a limit
FLOOD = 200  # new messages above which ours are searched instead of reading every header
HEADERS = f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(WANTED_HEADERS)})])"
WHOLE = f"(UID INTERNALDATE BODY.PEEK[]<0.{BODY_LIMIT_BYTES}>)"
_CRITERIA = f'OR OR HEADER {HEADER} "" HEADER Content-Type "multipart/report" FROM "MAILER-DAEMON"'


@dataclass(slots=True)
class _Place:
    """One folder, and how far we have looked into it."""

    name: str
    spelled: bytes  # for a command: quoted
    uid_validity: int = 0
    next_uid: int = 0  # the first UID that we have not looked at; 0 = never looked
    coming_uid: int = 0  # UIDNEXT when it was opened
    messages: int = 0  # when it was opened
    writable: bool = True
    spurned: str = ""  # why we no longer look here


def watch(check: Check, inbox: Inbox, marks: Marks | None = None) -> Dialogue:
    """Log in, show the Inbox what is there and what comes, delete what it proves ours; end when it awaits nothing any more.

    Args:
        check: kind imap, with a mailbox. Its timeout counts for each move.
        inbox: who awaits messages.
        marks: up to where former sessions have looked; what lies before is passed over. This session adds its own when it ends well: one
            that breaks may have noticed what it did not read.

    Raises: Unwelcome as every dialogue; whoever drives it comes again. A folder that refuses is left out, the INBOX never.
    """
    reader = _Reader(check, inbox, {} if marks is None else marks)
    try:
        yield from reader.run()
    finally:
        reader.session.heard = no_one  # the session holds the reader that holds it: a ring that would outlive the conversation


@dataclass(slots=True)
class _Reader:
    check: Check
    inbox: Inbox
    marks: Marks
    session: Session = field(init=False)
    arrivals: Arrivals = field(init=False)
    home: _Place = field(init=False)
    junk: list[_Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home = self._place("INBOX", b"INBOX")
        self.session = Session(self.check)
        self.arrivals = Arrivals(self.session, self.inbox)

    def run(self) -> Dialogue:
        mailbox = self.check.mailbox
        if mailbox is None or not (yield from self.session.enter()):
            raise refuse(FaultKind.OURS, "login", "a mailbox to read from needs an address and a password")
        yield from self._come_home()
        found = yield from imap_junk.find(self.session, mailbox.junk)
        self.junk = [self._place(folder.name, spelled) for folder in found if (spelled := quoted(folder.wire_name))]
        yield from self._look_into_junk(None)
        while (poll := self.inbox.poll_seconds()) is not None:
            waited = yield from self.arrivals.wait(poll, stay=not self.junk)
            if self.arrivals.news:
                yield from self._look_at_home(waited)
            if self.arrivals.unwatched >= poll:
                yield from self._look_into_junk(self.arrivals.unwatched)
        self.marks |= {place.name: (place.uid_validity, place.next_uid) for place in (self.home, *self.junk)}
        yield from self.session.leave()

    def _place(self, name: str, spelled: bytes) -> _Place:
        return _Place(name, spelled, *self.marks.get(name, (0, 0)))

    # -- looking

    def _come_home(self) -> Generator[Move, bytes, None]:
        """Open the INBOX and look at what has come since we were last there."""
        reply = yield from self._open(self.home)
        if reply.status.word == "NO":
            raise unwelcome("select", reply.status)
        self.arrivals.opened(self.home.messages)
        yield from self._catch_up(self.home, None)

    def _open(self, place: _Place) -> Generator[Move, bytes, Reply]:
        self.session.heard = no_one
        reply = yield from self.session.attempt("select", b"SELECT " + place.spelled)
        if reply.status.word == "NO":
            return reply
        validity, coming = reply.number("UIDVALIDITY"), reply.number("UIDNEXT")
        if validity is None or coming is None:
            raise refuse(FaultKind.PROTOCOL, "select", f"opens {place.name} without UIDVALIDITY and UIDNEXT: no message can be told again")
        if validity != place.uid_validity:
            place.uid_validity, place.next_uid = validity, 0
        place.coming_uid = coming
        place.messages = max((number for number, _ in reply.data("EXISTS")), default=0)
        place.writable = reply.status.code != "READ-ONLY"
        return reply

    def _catch_up(self, place: _Place, polled: float | None) -> Generator[Move, bytes, None]:
        """Look at what came into the open folder while another, or none, was open."""
        if not place.messages or place.next_uid >= place.coming_uid:
            place.next_uid = max(place.next_uid, place.coming_uid)
            return
        uids = yield from self._search(place)
        place.next_uid = max(place.next_uid, place.coming_uid)
        if uids and place is self.home:
            self.inbox.noticed()
        yield from self._show_listed(place, uids, polled)

    def _search(self, place: _Place) -> Generator[Move, bytes, list[int]]:
        """Return the UIDs of what may be ours among the newest that we have not looked at, and take these for looked at.

        A message of ours that is flagged as deleted was left in between by somebody who was killed: where we can, we finish that.
        """
        first = max(1, place.next_uid)
        flagged = "" if self.session.can("UIDPLUS") else "UNDELETED "
        command = f"UID SEARCH {max(1, place.messages - CATCH_UP + 1)}:* UID {first}:* {flagged}{_CRITERIA}"
        reply = yield from self.session.command("search", command.encode())
        uids = [uid for uid in found_uids(reply) if uid >= first]  # "9:*" is also the last message when there is no 9
        place.next_uid = max([place.next_uid, *(uid + 1 for uid in uids)])
        return uids

    def _show_listed(self, place: _Place, uids: list[int], polled: float | None) -> Generator[Move, bytes, None]:
        for start in range(0, len(uids), AT_ONCE):
            listed = ",".join(map(str, uids[start : start + AT_ONCE]))
            yield from self._show(place, (yield from self._headers(listed)), polled)

    def _look_at_home(self, polled: float) -> Generator[Move, bytes, None]:
        """Look at the messages that came into the open INBOX."""
        grown, self.arrivals.news = self.arrivals.news, 0
        if grown > FLOOD:
            self.home.messages = self.arrivals.exists
            uids = yield from self._search(self.home)
            self.arrivals.looked(found=bool(uids))
            yield from self._show_listed(self.home, uids, polled)
            return
        first = max(1, self.home.next_uid)
        new = [one for one in (yield from self._headers(f"{first}:*")) if one.uid >= first]
        self.home.next_uid = max([first, *(one.uid + 1 for one in new)])
        self.arrivals.looked(found=bool(new))
        yield from self._show(self.home, new, polled)

    def _headers(self, uids: str) -> Generator[Move, bytes, list[Fetched]]:
        reply = yield from self.session.command("fetch", f"UID FETCH {uids} {HEADERS}".encode())
        return reading("fetch", fetched, reply)

    def _show(self, place: _Place, messages: list[Fetched], polled: float | None) -> Generator[Move, bytes, None]:
        """Show the Inbox what it wants of these, and delete what it proves ours and has written down."""
        shown: list[tuple[int, Copy]] = []
        for one in messages:
            if one.body is None or not self.inbox.wants(one.body):
                continue
            copy = yield from self._read(place, one.uid, polled)
            if copy is not None:
                self.inbox.seen(copy)
                shown.append((one.uid, copy))
        for uid, copy in shown:
            if (yield from self._allowed(copy)):
                yield from self._delete(place, uid)
                self.inbox.deleted(copy)

    def _allowed(self, copy: Copy) -> Generator[Move, bytes, bool]:
        """Return whether a message may be deleted; wait a moment for what is being written down, and hear the server meanwhile."""
        for nap in DISK_NAPS:
            may = self.inbox.may_delete(copy)
            if may is not None:
                return may
            if raw := (yield Wait("store", imap_any(b"-"), nap)):
                self.session.take("store", raw, b"-")
        return self.inbox.may_delete(copy) or False

    def _read(self, place: _Place, uid: int, polled: float | None) -> Generator[Move, bytes, Copy | None]:
        """Return the whole message, or None when it has vanished meanwhile."""
        reply = yield from self.session.attempt("fetch", f"UID FETCH {uid} {WHOLE}".encode())
        for one in reading("fetch", fetched, reply):
            if one.uid == uid and one.body is not None:
                return Copy(place.name, f"{place.uid_validity}.{uid}", one.body, one.internal_date, polled)
        return None

    def _delete(self, place: _Place, uid: int) -> Generator[Move, bytes, None]:
        """Delete one message that is proven ours; a server that will not let us is a reading, no fault."""
        if not place.writable:
            yield Note("not_deleted", f"{place.name} is read-only")
            return
        reply = yield from self.session.attempt("store", b"UID STORE %d +FLAGS.SILENT (\\Deleted)" % uid)
        if reply.status.word == "OK" and self.session.can("UIDPLUS"):
            reply = yield from self.session.attempt("expunge", b"UID EXPUNGE %d" % uid)
        if reply.status.word == "NO":
            yield Note("not_deleted", _words(reply))

    # -- junk folders

    def _look_into_junk(self, polled: float | None) -> Generator[Move, bytes, None]:
        self.arrivals.unwatched = 0.0
        for place in self.junk:
            if (yield from self._has_news(place)):
                yield from self._visit(place, polled)
            if place.spurned:
                yield Note("left_out", f"{place.name}: {place.spurned}")
        self.junk = [place for place in self.junk if not place.spurned]

    def _has_news(self, place: _Place) -> Generator[Move, bytes, bool]:
        """Return whether there is something in this folder that we have not looked at, without opening it."""
        reply = yield from self.session.attempt("status", b"STATUS " + place.spelled + b" (MESSAGES UIDNEXT UIDVALIDITY)")
        if reply.status.word == "NO":
            place.spurned = _words(reply)
            return False
        state = reading("status", state_of, reply)
        if state.get("UIDVALIDITY", 0) != place.uid_validity:
            place.uid_validity, place.next_uid = state.get("UIDVALIDITY", 0), 0
        coming = state.get("UIDNEXT", 0)
        if state.get("MESSAGES", 0) and coming > place.next_uid:
            self.inbox.noticed()
            return True
        place.next_uid = max(place.next_uid, coming)
        return False

    def _visit(self, place: _Place, polled: float | None) -> Generator[Move, bytes, None]:
        """Open a junk folder, look, and come home."""
        reply = yield from self._open(place)
        if reply.status.word == "NO":
            place.spurned = _words(reply)
        else:
            yield from self._catch_up(place, polled if place.next_uid else None)
        yield from self._come_home()


def _words(reply: Reply) -> str:
    return printable(reply.status.line.partition(b" ")[2])
