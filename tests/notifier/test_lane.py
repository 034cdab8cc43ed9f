"""How long one try over a channel may take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from notifier.lane import Lane
from notifier.plain import plain
from notifier.values import ChannelPlan, NotDeliveredError, Stored
from tests.notifier.stage import Far, opened

NOTICE = plain(Stored(1, opened()), "i1-1-a")


@dataclass(frozen=True)
class Patient:
    """Settings of a channel that waits for long."""

    timeout_seconds: float


@pytest.mark.parametrize(("own", "limit"), [(None, 30.0), (Patient(10.0), 30.0), (Patient(26.0), 31.0), (Patient(120.0), 125.0)])
def test_a_try_may_take_half_a_minute_and_longer_where_the_channel_itself_waits_longer(own: Patient | None, limit: float) -> None:
    assert Lane(ChannelPlan("a", "webhook", own), Far()).limit_seconds == limit


class Slow(Far):
    """A far side that takes its time."""

    async def send(self, notice: object) -> str:
        await asyncio.sleep(0.1)
        return f"taken: {notice is NOTICE}"


async def test_what_answers_within_the_channels_own_timeout_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.lane.SEND_SECONDS", 0.02)
    assert await Lane(ChannelPlan("a", "webhook", Patient(0.5)), Slow()).send(NOTICE, NOTICE) == "taken: True"
    with pytest.raises(NotDeliveredError, match=r"^no proof came within 0\.02 s$"):
        await Lane(ChannelPlan("a", "webhook", None), Slow()).send(NOTICE, NOTICE)
