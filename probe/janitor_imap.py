r"""Removes our own leftovers from every folder of an IMAP account, Junk included. RFC 3501, 2342, 4315, 6154. No I/O, no clock.

Everything is read with PEEK; what `Leftovers` proves ours is flagged and expunged by its UID. There is no bare EXPUNGE here, and no CLOSE.
Without UIDPLUS it stays flagged. Folders of other users, shared ones, and the views of a server that shows mail twice (`\All`, `\Flagged`)
are not opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from probe.dialogue import Note, printable, refuse
from probe.imap_junk import CLOSED
from probe.imap_parse import fetched, folders, foreign_prefixes, found_uids, quoted
from probe.imap_session import Session, reading
from probe.mailbox_imap import AT_ONCE, HEADERS, WHOLE
from probe.message import HEADER
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from probe.dialogue import Dialogue, Move
    from probe.imap_parse import Folder
    from probe.leftovers import Leftovers
    from probe.values import Check

VIEWS = frozenset({"\\ALL", "\\FLAGGED"})
MOST_FOLDERS = 200
SEARCHED_AT_ONCE = 1_000  # messages that one SEARCH reads the headers of
MOST_SEARCHED = 20_000  # newest messages of a folder
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sweep(check: Check, leftovers: Leftovers) -> Dialogue:
    """Log in, look into every folder, remove what may go, log out.

    Readings: removed (messages), folders (looked into), left_out and not_deleted (why, of the last one).
    """
    if check.mailbox is None:
        raise refuse(FaultKind.OURS, "login", "a mailbox to tidy needs an address and a password")
    yield from _Sweep(Session(check), leftovers).run()


@dataclass(slots=True)
class _Sweep:
    session: Session
    leftovers: Leftovers
    removed: int = 0
    criteria: str = field(init=False)

    def __post_init__(self) -> None:
        self.criteria = f'BEFORE {_day(self.leftovers.before + timedelta(days=2))} HEADER {HEADER} ""'  # days of another zone

    def run(self) -> Dialogue:
        yield from self.session.enter()
        if not self.session.can("UIDPLUS"):
            self.criteria = f"UNDELETED {self.criteria}"
        own = yield from self._folders()
        for folder in own[:MOST_FOLDERS]:
            yield from self._tidy(folder)
        yield Note("folders", min(len(own), MOST_FOLDERS))
        yield Note("removed", self.removed)
        yield from self.session.leave()

    def _folders(self) -> Generator[Move, bytes, list[Folder]]:
        """Return the account's own folders that can be opened, each once."""
        foreign: list[str] = []
        if self.session.can("NAMESPACE"):
            reply = yield from self.session.attempt("namespace", b"NAMESPACE")
            foreign = reading("namespace", foreign_prefixes, reply)
        reply = yield from self.session.command("list", b'LIST "" "*"')
        listed = reading("list", folders, reply)
        return [one for one in listed if not one.flags & (CLOSED | VIEWS) and not any(one.name.startswith(name) for name in foreign)]

    def _tidy(self, folder: Folder) -> Generator[Move, bytes, None]:
        """Remove what may go from one folder, from the newest to the oldest, so that no number changes that is still to be used."""
        spelled = quoted(folder.wire_name)
        reply = (yield from self.session.attempt("select", b"SELECT " + spelled)) if spelled else None
        if reply is None or reply.status.word == "NO" or reply.status.code == "READ-ONLY":
            why = "its name cannot be quoted" if reply is None else printable(reply.status.line.partition(b" ")[2])
            yield Note("left_out", f"{folder.name}: {why}")
            return
        messages = max((number for number, _ in reply.data("EXISTS")), default=0)
        for last in range(messages, max(0, messages - MOST_SEARCHED), -SEARCHED_AT_ONCE):
            first = max(1, last - SEARCHED_AT_ONCE + 1)
            found = yield from self.session.command("search", f"UID SEARCH {first}:{last} {self.criteria}".encode())
            uids = found_uids(found)
            for start in range(0, len(uids), AT_ONCE):
                yield from self._remove((yield from self._proven(uids[start : start + AT_ONCE])))

    def _proven(self, uids: list[int]) -> Generator[Move, bytes, list[int]]:
        """Return those of these messages that may go."""
        reply = yield from self.session.command("fetch", f"UID FETCH {_listed(uids)} {HEADERS}".encode())
        wanted = [one.uid for one in reading("fetch", fetched, reply) if one.body is not None and self.leftovers.wants(one.body)]
        proven = []
        for uid in wanted:
            reply = yield from self.session.attempt("fetch", f"UID FETCH {uid} {WHOLE}".encode())
            bodies = [one.body for one in reading("fetch", fetched, reply) if one.uid == uid and one.body is not None]
            proven += [uid] if bodies and self.leftovers.may_go(bodies[0]) else []
        return proven

    def _remove(self, uids: list[int]) -> Generator[Move, bytes, None]:
        if not uids:
            return
        reply = yield from self.session.attempt("store", f"UID STORE {_listed(uids)} +FLAGS.SILENT (\\Deleted)".encode())
        if reply.status.word == "OK" and self.session.can("UIDPLUS"):
            reply = yield from self.session.attempt("expunge", f"UID EXPUNGE {_listed(uids)}".encode())
        if reply.status.word == "NO":
            yield Note("not_deleted", printable(reply.status.line.partition(b" ")[2]))
            return
        self.removed += len(uids)


def _listed(uids: list[int]) -> str:
    return ",".join(map(str, uids))


def _day(at: datetime) -> str:
    """Return a day as SEARCH wants it, in no language but IMAP's: 5-Nov-2026."""
    return f"{at.day}-{MONTHS[at.month - 1]}-{at.year}"
