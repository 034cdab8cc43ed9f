"""The heartbeat: on its beat, only while we are well, and silent about its address."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from lab.ground import free_port
from notifier.channels.mqtt import Mqtt, MqttSettings
from notifier.channels.screen import Screen, ScreenSettings
from notifier.heartbeat import Heartbeat, beat_of
from notifier.values import HeartbeatPlan
from probe.values import Secret
from tests.notifier.channels.brokers import Mosquitto, retained
from tests.notifier.channels.receiver import HANG, OK, receiving, status

if TYPE_CHECKING:
    from pathlib import Path

    from notifier.kinds import Channel


def heartbeat(url: str | Secret, every_seconds: float = 0.1, healthy: Any = lambda: True) -> Heartbeat:
    return Heartbeat(every_seconds, beat_of(HeartbeatPlan(every_seconds, url), {}), healthy)


async def test_it_beats_while_we_are_well() -> None:
    well = [True]
    async with receiving() as there:
        ours = heartbeat(f"{there.url}/ping/uuid", healthy=lambda: well[0])
        running = asyncio.create_task(ours.run())
        await asyncio.sleep(0.55)
        well[0] = False
        await asyncio.sleep(0.15)
        count = len(there.requests)
        await asyncio.sleep(0.3)
        assert len(there.requests) == count
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert 3 <= count <= 7
    assert there.requests[0].line == "GET /ping/uuid HTTP/1.1"
    assert (ours.sent, ours.failed) == (count, 0)
    assert ours.withheld >= 2
    assert ours.last_proof_at is not None


async def test_what_fails_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mailsonde.notifier")
    async with receiving(status("500 Oh")) as there:
        ours = heartbeat(Secret(f"{there.url}/ping/t0ken"))
        await ours.once()
        await ours.once()
        assert (ours.sent, ours.failed, ours.last_error) == (0, 2, f"{there.url} answered 500")
        there.answer = OK
        await ours.once()
        assert (ours.sent, ours.failed, ours.last_error) == (1, 2, "")
    words = [record.message for record in caplog.records if record.name == "mailsonde.notifier"]
    assert words == [f"the heartbeat does not get through: {there.url} answered 500", "the heartbeat gets through again"]


async def test_one_that_hangs_costs_no_beat() -> None:
    async with receiving(HANG) as there:
        ours = heartbeat(there.url, 0.1)
        running = asyncio.create_task(ours.run())
        await asyncio.sleep(0.55)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert len(there.requests) >= 2
        assert ours.failed >= 2


async def test_it_beats_on_a_topic(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, free_port())
    broker.start()
    channel = Mqtt("ops-mqtt", MqttSettings("127.0.0.1", broker.port, topic="m/berlin", timeout_seconds=2.0))
    try:
        heard: list[str] = []
        channels: dict[str, Channel] = {"ops-mqtt": channel, "screen": Screen("screen", ScreenSettings())}
        for topic in ("", "life/mailsonde"):
            beat = beat_of(HeartbeatPlan(60.0, channel="ops-mqtt", topic=topic), channels)
            heard.append(await beat())
        assert heard == [f"acknowledged by 127.0.0.1:{broker.port}"] * 2
        assert list(await retained(broker.port)) == ["m/berlin/status"]  # a beat is no state
    finally:
        await channel.close()
        broker.stop()


@pytest.mark.parametrize("name", ["screen", "gone"])
def test_a_channel_that_cannot_beat(name: str) -> None:
    channels = {"screen": Screen("screen", ScreenSettings())}
    with pytest.raises(ValueError, match=f"^the heartbeat's channel `{name}` is none of kind mqtt$"):
        beat_of(HeartbeatPlan(60.0, channel=name), channels)
