"""What a mailbox's reader tells and asks: the border between the dialogues that read mail and whoever awaits it. No I/O, no clock.

A reader decides nothing about messages. It shows each to an `Inbox`, and deletes only what that proves to be ours and has written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

DISK_NAPS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28)  # seconds between two questions whether a message is written down
BODY_LIMIT_BYTES = 262_144  # of a message that is fetched whole; ours and the DSNs about them are far smaller
WANTED_HEADERS = ("X-Mailsonde", "Content-Type", "From", "Message-ID", "Auto-Submitted", "Subject", "X-Failed-Recipients")


@dataclass(frozen=True, slots=True)
class Copy:
    """One message as it lies in a mailbox. A session that broke may show it once more: count copies by folder and uid."""

    folder: str  # "INBOX", or the junk folder's name, decoded
    uid: str  # unique in this folder for ever: IMAP "uidvalidity.uid", POP3 the UIDL
    raw: bytes  # the message, RFC 5322, at most BODY_LIMIT_BYTES
    internal_date: str | None  # when the server took it, as it says: IMAP INTERNALDATE, "21-Nov-2026 04:00:01 +0000"; None = POP3
    polled_seconds: float | None  # nobody looked for so long before it was noticed (IDLE: 0.0); None = it lay there when we came


class Inbox(Protocol):
    """Who awaits messages."""

    def noticed(self) -> None:
        """Take the moment: the first sign of new mail has come, nothing is fetched yet."""

    def poll_seconds(self) -> float | None:
        """Return how often to look into junk folders (and, without IDLE, at least into the INBOX); None = nothing is awaited any more."""

    def wants(self, header: bytes) -> bool:
        """Return whether the whole message is wanted. `header`: its WANTED_HEADERS or more, folded as they came."""

    def owns(self, header: bytes) -> bool:
        """Return whether this header proves the message ours, not only about ours: it may be marked as read."""

    def seen(self, copy: Copy) -> None:
        """Take a message."""

    def may_delete(self, copy: Copy) -> bool | None:
        """Return whether a message that was seen is proven ours and written down: it may be deleted, and will be, at once.

        None = that is not known yet: ask again after each of DISK_NAPS, and let it lie when they are over.
        """

    def deleted(self, copy: Copy) -> None:
        """Take note that the deletion which may_delete has allowed is done, or was refused by the server."""
