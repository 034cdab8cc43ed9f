"""One channel at work: one notice at a time, each within its time, with its tally. A channel that breaks or hangs harms nobody else."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notifier.grouping import Minute
from notifier.kinds import CHANNELS
from notifier.values import NotDeliveredError

if TYPE_CHECKING:
    from datetime import datetime

    from notifier.kinds import Channel
    from notifier.values import ChannelPlan, Notice

log = logging.getLogger("mailsonde.notifier")

SEND_SECONDS = 30.0  # for one try, or longer where the channel's own timeout is
SPARE_SECONDS = 5.0  # after its own timeout a channel says in its own words what it waited for
CLOSE_SECONDS = 1.0
NO_END = 1_000_000  # notices a minute: a machine may have as many as there are


@dataclass(slots=True)
class Tally:
    """How one channel has done since the start."""

    sent: int = 0  # deliveries that are proven
    failed: int = 0  # tries that ended without proof
    refused: int = 0  # deliveries that will never get through here
    taken_over: int = 0  # deliveries for which the next of the chain was asked
    given_up: int = 0  # deliveries that were tried for a day
    last_proof_at: datetime | None = None
    last_proof: str = ""  # in the far side's words
    last_error: str = ""  # why the last try failed; "" = it did not


@dataclass(slots=True)
class Lane:
    """A channel, and what goes over it now."""

    plan: ChannelPlan
    channel: Channel
    tally: Tally = field(default_factory=Tally)
    minute: Minute = field(default_factory=Minute)
    task: asyncio.Task[None] | None = None  # the try under way
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while anything is sent
    back: bool = False  # it works again: what failed before is tried at once

    @property
    def busy(self) -> bool:
        """Say whether a try is under way."""
        return self.task is not None and not self.task.done()

    @property
    def machine(self) -> bool:
        """Say whether it reads facts: then every change is told by itself."""
        kind = CHANNELS.get(self.plan.kind)
        return kind is not None and kind.machine

    @property
    def limit_seconds(self) -> float:
        """Return how long one try may take: never less than the channel's own timeout."""
        own = getattr(self.plan.settings, "timeout_seconds", None)
        return SEND_SECONDS if own is None else max(SEND_SECONDS, own + SPARE_SECONDS)

    def left(self, now: datetime) -> int:
        """Return for how many notices there is room in this minute."""
        return NO_END if self.machine else self.minute.left(self.plan.per_minute, now)

    async def send(self, notice: Notice, spare: Notice) -> str:
        """Tell a notice, or `spare` where our own error keeps it from being told.

        Returns: the proof. Raises: NotDeliveredError.
        """
        async with self.gate:
            proof = await self._attempt(notice)
            proof = await self._attempt(spare) if proof is None else proof
        if proof is None:
            raise NotDeliveredError("our own error in this channel; the log has its traceback")
        return proof

    async def _attempt(self, notice: Notice) -> str | None:
        """Return the proof, None where a bug of ours is in the way. Raises: NotDeliveredError."""
        limit_seconds = self.limit_seconds
        try:
            async with asyncio.timeout(limit_seconds):
                return await self.channel.send(notice)
        except NotDeliveredError:
            raise
        except TimeoutError:
            raise NotDeliveredError(f"no proof came within {limit_seconds:g} s") from None
        except Exception:
            log.exception("our own error in the channel %s", self.plan.name)
            return None

    async def close(self) -> None:
        """End what is open, once the try under way has ended; it may take CLOSE_SECONDS and may fail."""
        if self.task is not None:
            await asyncio.wait({self.task})
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.channel.close()
        except Exception:
            log.exception("our own error in closing the channel %s", self.plan.name)
