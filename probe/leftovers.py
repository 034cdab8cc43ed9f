"""Which messages a janitor may remove: our own test messages, proven by our key, from before a moment; nobody else's. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.message import read, recognise

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What nobody awaits any more."""

    key: bytes  # that signed them
    before: datetime  # aware; what we wrote later may be awaited still, by another prober too

    def wants(self, header: bytes) -> bool:
        """Return whether a header section proves the message one of ours, and old: it is worth to be read whole."""
        mine = recognise(header, self.key)
        return mine is not None and mine.letter.at < self.before

    def may_go(self, raw: bytes) -> bool:
        """Return whether a whole message is ours, as we wrote it, and old; one that carries a copy of our header is somebody's."""
        mine = read(raw, self.key)
        return mine is not None and mine.deletable and mine.letter.at < self.before
