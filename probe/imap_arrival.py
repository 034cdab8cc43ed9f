"""Waits for the open INBOX to grow: IDLE where that works, else NOOP after growing naps. RFC 3501, 2177. No I/O, no clock.

A server may say by itself what it likes: a line without news ends no wait and makes us send nothing, and the wait's time goes on. Who talks
without end, or tells of mail that is not there, is not listened to for a nap: whatever a server says, we ask it only so often.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from probe.dialogue import Ask, Wait
from probe.framing import imap_any, imap_continuation, imap_tagged
from probe.imap_parse import parse
from probe.imap_session import reading

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Move
    from probe.imap_parse import Reply
    from probe.imap_session import Session
    from probe.mailbox import Inbox

IDLE_LIMIT_SECONDS = 28 * 60.0  # RFC 2177: a client leaves IDLE at least every 29 minutes
NAP_SECONDS = (0.2, 1.5, 5.0)  # between two NOOPs: the first, how it grows, the longest
CHATTER_LINES = 1000  # without news in one wait; above it nobody listens for a nap
FALSE_ALARMS = 5  # times in a row that the INBOX had grown and held nothing new; above it too
_COUNT = re.compile(rb"\* (\d{1,10}) (EXISTS|EXPUNGE)\b", re.IGNORECASE)


class _End(Enum):
    """How listening ended."""

    SILENCE = auto()  # its time is over
    NEWS = auto()
    LEFT = auto()  # the server has ended the command by itself
    FLOOD = auto()


@dataclass(slots=True)
class Arrivals:
    """How many messages the INBOX holds, by what it has grown, and the waiting for more.

    Shown every reply (`heard`) that comes while the INBOX is open.
    """

    session: Session
    inbox: Inbox
    exists: int = 0  # messages in the INBOX
    news: int = 0  # by how many it has grown since we looked
    unwatched: float = 0.0  # seconds that were waited at most since whoever reads this has set it to 0
    nap: float = NAP_SECONDS[0]
    flooded: bool = False
    false_alarms: int = 0

    def opened(self, messages: int) -> None:
        """Begin to count: the INBOX is open and holds so many."""
        self.exists, self.news = messages, 0
        self.session.heard = self.heard

    def heard(self, reply: Reply) -> None:
        """Count the INBOX's messages in a reply."""
        for count in filter(None, map(_COUNT.match, reply.lines)):
            if count[2].upper() == b"EXPUNGE":
                self.exists = max(0, self.exists - 1)
                continue
            grown = int(count[1]) - self.exists
            self.exists = int(count[1])
            if grown > 0 and not self.news:
                self.inbox.noticed()
            self.news += max(0, grown)

    def looked(self, *, found: bool) -> None:
        """Take note whether what had come, by the count, was there."""
        self.false_alarms = 0 if found else self.false_alarms + 1

    def wait(self, poll: float, *, stay: bool) -> Generator[Move, bytes, float]:
        """Wait until the INBOX grows. Returns for how many seconds nobody looked at it.

        Args:
            poll: seconds to wait at most.
            stay: remain in IDLE for longer than that, while anything is awaited.
        """
        if self.news and not self._cries_wolf:  # said on the side of another reply
            return 0.0
        if self.session.can("IDLE") and not self.flooded and not self._cries_wolf:
            yield from self._idle(poll, stay=stay)
            self.unwatched += poll
            return 0.0
        nap = min(self.nap, poll)
        yield from self._ask_after(nap)
        self.unwatched += nap
        return nap

    @property
    def _cries_wolf(self) -> bool:
        return self.false_alarms > FALSE_ALARMS

    # -- IDLE

    def _idle(self, poll: float, *, stay: bool) -> Generator[Move, bytes, None]:
        tag = self.session.next_tag()
        word = self._word("idle", (yield Ask("idle", tag + b" IDLE\r\n", imap_continuation(tag))), tag)
        end = _End.LEFT if word != "+" else (yield from self._remain(tag, poll, stay=stay))
        if end is _End.LEFT:
            self.session.capabilities -= {"IDLE"}  # it will not, or does not stay in it: to ask again at once would be a busy loop
            return
        self.flooded = end is _End.FLOOD
        self.session.take("idle", (yield Ask("idle", b"DONE\r\n", imap_tagged(tag))), tag)

    def _remain(self, tag: bytes, poll: float, *, stay: bool) -> Generator[Move, bytes, _End]:
        """Listen in IDLE until there is news or something to do."""
        listened = 0.0
        while not self.news:  # it may have been said before the `+`
            end = yield from self._listen(Wait("idle", imap_any(tag), min(poll, IDLE_LIMIT_SECONDS), parting=b"DONE\r\n"), tag)
            listened += poll
            if end is not _End.SILENCE or not stay or listened + poll > IDLE_LIMIT_SECONDS or self.inbox.poll_seconds() is None:
                return end
        return _End.NEWS

    def _listen(self, wait: Wait, tag: bytes) -> Generator[Move, bytes, _End]:
        """Hear line after line until the wait's time is over, there is news, or it is too much."""
        for _ in range(CHATTER_LINES):
            raw = yield wait
            if not raw:
                return _End.SILENCE
            if self._word(wait.step, raw, tag) not in {"", "+"}:
                return _End.LEFT
            if self.news:
                return _End.NEWS
            wait = wait.rest()
        return _End.FLOOD

    def _word(self, step: str, raw: bytes, tag: bytes) -> str:
        """Return the word of what came to IDLE. A BAD ends it as a NO does: without IDLE the mail is seen all the same."""
        reply = reading(step, parse, raw, tag)
        if reply.status.word != "BAD":
            return self.session.take(step, raw, tag).status.word
        self.heard(reply)
        return "BAD"

    # -- NOOP

    def _ask_after(self, nap: float) -> Generator[Move, bytes, None]:
        """Ask with NOOP after a nap. News ends the nap, but not where nobody listens."""
        deaf, pending = self.flooded or self._cries_wolf, self.news
        wait = Wait("noop", imap_any(b"-"), nap)
        if not deaf and (yield from self._listen(wait, b"-")) is _End.FLOOD:
            deaf, wait = True, wait.rest()
        if deaf and (raw := (yield replace(wait, framing=imap_tagged(b"-")))):
            self.session.take("noop", raw, b"-")
        reply = yield from self.session.command("noop", b"NOOP")
        self.flooded = self.flooded and len(reply.lines) >= CHATTER_LINES
        if pending:
            self.inbox.noticed()  # once more: what is there now may have come during the nap
        if not self.news:
            self.false_alarms = 0
        fresh = self.news and not self._cries_wolf
        self.nap = NAP_SECONDS[0] if fresh else min(self.nap * NAP_SECONDS[1], NAP_SECONDS[2])
