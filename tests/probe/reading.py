"""Stories for the readers of mailboxes: an Inbox with a plan, tags that number themselves, and what FETCH gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from probe.mailbox_imap import watch
from tests.probe.transcripts import ALICE, Told, a_check, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.dialogue import Dialogue
    from probe.mailbox import Copy

HEADERS = "(UID BODY.PEEK[HEADER.FIELDS (X-Mailsonde Content-Type From Message-ID Auto-Submitted Subject X-Failed-Recipients)])"
WHOLE = "(UID INTERNALDATE BODY.PEEK[]<0.262144>)"
CRITERIA = 'UNDELETED OR OR HEADER X-Mailsonde "" HEADER Content-Type "multipart/report" FROM "MAILER-DAEMON"'
ALL = CRITERIA.removeprefix("UNDELETED ")  # of a reader that can expunge what it finds
NUMBERS = "S: * OK [UIDVALIDITY 7] x\nS: * OK [UIDNEXT %d] x"
EMPTY_INBOX = f"S: * 0 EXISTS\n{NUMBERS % 5}\n"
ALICE_PLAIN = replace(ALICE, mechanism="PLAIN")
OUT = "C: LOGOUT\nS: * BYE\nS: OK"


@dataclass
class Script:
    """An Inbox that wants what starts with X-Mailsonde, proves what holds `ours`, and awaits `polls` rounds."""

    polls: list[float | None]
    told: list[str] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    busy: int = 0  # so often it does not know yet whether a message may be deleted
    gone: list[str] = field(default_factory=list)

    def noticed(self) -> None:
        self.told.append("noticed")

    def poll_seconds(self) -> float | None:
        return self.polls.pop(0) if self.polls else None

    def wants(self, header: bytes) -> bool:
        return header.startswith(b"X-Mailsonde")

    def owns(self, header: bytes) -> bool:
        return b"a report" not in header

    def seen(self, copy: Copy) -> None:
        self.told.append(f"{copy.folder} {copy.uid} {copy.polled_seconds}")
        self.copies.append(copy)

    def may_delete(self, copy: Copy) -> bool | None:
        if self.busy:
            self.busy -= 1
            return None
        return b"ours" in copy.raw

    def deleted(self, copy: Copy) -> None:
        self.gone.append(copy.uid)


def numbered(story: str) -> str:
    """Return the story with tags: each command gets the next one, and `S: OK`, `NO`, `BAD` the one of the command before."""
    lines: list[str] = []
    count = 0
    for line in (raw.strip() for raw in story.splitlines()):
        if line.startswith("C: ") and line != "C: DONE":
            count += 1
            lines.append(f"C: A{count:04} {line[3:]}")
        elif line.startswith(("S: OK", "S: NO", "S: BAD")):
            lines.append(f"S: A{count:04} {line[3:]}")
        else:
            lines.append(line)
    return "\n".join(lines)


def enter(capabilities: str, inbox: str = EMPTY_INBOX, folders: str = "") -> str:
    login = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\nC: AUTHENTICATE PLAIN AGFsaWNlQGFiYy5leGFtcGxlAHBhInNzXHdvcmQ=\n"
    login += f"S: OK [CAPABILITY X {capabilities}] in\n"
    listing = f'C: LIST "" "*"\n{folders}\nS: OK\n'
    return f"{login}C: SELECT INBOX\n{inbox}\nS: OK [READ-WRITE] x\n@{listing}"


def headers(number: int, uid: int, text: str) -> str:
    return f"S: * {number} FETCH (UID {uid} BODY[HEADER.FIELDS (X-Mailsonde)] {{{len(text) + 4}}}\nS: {text}\nS:\nS: )"


def whole(number: int, uid: int, text: str) -> str:
    date = 'INTERNALDATE "21-Nov-2026 04:00:01 +0000"'
    fetched = f"S: * {number} FETCH (UID {uid} {date} BODY[]<0> {{{len(text) + 2}}}"
    return f"C: UID FETCH {uid} {WHOLE}\n{fetched}\nS: {text}\nS: )\nS: OK"


def read(story: str, make: Callable[[], Script]) -> tuple[Told, Script]:
    inboxes: list[Script] = []

    def start() -> Dialogue:
        inboxes.append(make())
        return watch(a_check("imap", mailbox=ALICE_PLAIN), inboxes[-1])

    told = tell(start, numbered(story.replace("@", "")))
    assert all(inbox.told == inboxes[0].told for inbox in inboxes)
    assert not any(word in sent for sent in told.sent for word in (b" CLOSE", b" BODY[", b" EXPUNGE\r\n"))
    return told, inboxes[0]
