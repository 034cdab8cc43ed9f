"""Acknowledging over MQTT: a command is obeyed once, what is none is said in the log, and yesterday's is not heard."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import aiomqtt
import pytest

from lab.ground import free_port
from notifier.channels.mqtt import Mqtt, MqttSettings
from notifier.channels.mqtt_commands import FORM, Command, command
from tests.notifier.channels.brokers import Mosquitto

if TYPE_CHECKING:
    from pathlib import Path

GOOD = json.dumps({"incident": "i0badcafe", "by": "ada\r\n\x1b[2J", "why": "on it"}).encode()


async def test_a_command_is_obeyed_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    obeyed: list[Command] = []

    async def acknowledge(wanted: Command) -> None:
        if wanted.incident == "igone":
            raise KeyError("there is no open incident igone")  # as thresholds.incidents.Watch does
        obeyed.append(wanted)

    broker = Mosquitto(tmp_path, free_port())
    broker.start()
    topic = "m/berlin/commands/acknowledge"
    async with aiomqtt.Client("127.0.0.1", broker.port) as hand:
        await hand.publish(topic, GOOD, 1, retain=True)
        channel = Mqtt("ops-mqtt", MqttSettings("127.0.0.1", broker.port, topic="m/berlin", commands=True, timeout_seconds=2.0))
        channel.acknowledge = acknowledge
        await asyncio.sleep(0.5)
        assert obeyed == []  # it was retained: somebody said it before we were there
        for body in (b"\xff", b'{"incident": "igone", "by": "ada"}', GOOD):
            await hand.publish(topic, body, 1)
        async with asyncio.timeout(5):
            while not obeyed:  # noqa: ASYNC110 - it waits for a broker
                await asyncio.sleep(0.02)
    await channel.close()
    broker.stop()
    assert obeyed == [Command("i0badcafe", "ada [2J", "on it")]
    where = "ops-mqtt: what came to m/berlin/commands/acknowledge was not obeyed:"
    assert [one.message for one in caplog.records if one.name == "mailsonde.notifier"] == [
        f"{where} is no command; one looks like {FORM}",
        f"{where} there is no open incident igone",
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"incident": 1, "by": "a"}', b'{"incident": "', b"[" * 4_000])
def test_what_is_no_command(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^is no command; one looks like "):
        command(body)


def test_what_is_too_long_is_told_so() -> None:
    body = json.dumps({"incident": "i0badcafe", "by": "ada", "why": "w" * 5_000}).encode()
    with pytest.raises(ValueError, match=r"^is 5,049 bytes long, and a command at most 4,096$"):
        command(body)


@pytest.mark.parametrize("body", [b"{}", b'{"incident": "i0badcafe"}', b'{"by": "ada", "incident": " "}'])
def test_what_does_not_say_enough(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^does not say who takes which incident; a command looks like "):
        command(body)
