"""The dead man's heartbeat tells somebody else that we live, so that they notice when we do not: a URL (GET), or an mqtt channel's topic.

It beats only while we are healthy: a prober that runs and sees nothing is dead to who trusts it. What fails is counted, and logged once.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING

from notifier.channels.http import Call, ask
from notifier.channels.mqtt import Mqtt
from notifier.channels.payload import encoded, stamp
from notifier.values import NotDeliveredError
from probe.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from notifier.kinds import Channel
    from notifier.values import HeartbeatPlan

log = logging.getLogger("mailsonde.notifier")

LONGEST_BEAT_SECONDS = 10.0


def beat_of(plan: HeartbeatPlan, channels: Mapping[str, Channel]) -> Callable[[], Awaitable[str]]:
    """Return what beats once.

    Raises: ValueError when the plan's channel cannot: it is none, or of another kind.
    """
    if plan.url:
        return lambda: ask(Call(plan.url, "GET", timeout_seconds=min(LONGEST_BEAT_SECONDS, plan.every_seconds)))
    channel = channels.get(plan.channel)
    if not isinstance(channel, Mqtt):
        raise ValueError(f"the heartbeat's channel `{plan.channel}` is none of kind mqtt")  # noqa: TRY004 - a wrong setting, not a wrong type of ours
    topic = f"/{plan.topic}" if plan.topic else "heartbeat"
    return lambda: channel.publish(topic, encoded({"at": stamp(utc_now()), "every_seconds": plan.every_seconds}))


class Heartbeat:
    """Beats every `every_seconds`, while `healthy` says so."""

    def __init__(self, every_seconds: float, beat: Callable[[], Awaitable[str]], healthy: Callable[[], bool]) -> None:
        self._every_seconds, self._beat, self._healthy = every_seconds, beat, healthy
        self.sent = self.failed = self.withheld = 0  # withheld: we were not healthy
        self.last_proof_at: datetime | None = None
        self.last_error = ""  # "" = the last one came through

    async def run(self) -> None:
        """Beat until cancelled, on a grid that a slow receiver does not shift."""
        began = monotonic()
        while True:
            await self.once()
            await asyncio.sleep(self._every_seconds - (monotonic() - began) % self._every_seconds)

    async def once(self) -> None:
        """Beat, if we are healthy."""
        if not self._healthy():
            self.withheld += 1
            return
        try:
            async with asyncio.timeout(min(LONGEST_BEAT_SECONDS, self._every_seconds)):
                await self._beat()
        except NotDeliveredError as error:
            self._missed(str(error))
        except TimeoutError:
            self._missed("no answer in time")
        else:
            self._came_through()

    def _missed(self, why: str) -> None:
        if not self.last_error:
            log.warning("the heartbeat does not get through: %s", why)
        self.failed += 1
        self.last_error = why

    def _came_through(self) -> None:
        if self.last_error:
            log.info("the heartbeat gets through again")
        self.sent += 1
        self.last_error, self.last_proof_at = "", utc_now()
