"""MQTT against a real Mosquitto: events and state, both versions, TLS, last will, a broker that refuses, hangs, or is down for a while."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiomqtt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from lab.certificates import Order, authority, issue
from lab.ground import free_port
from notifier.channels import mqtt
from notifier.channels.mqtt import Mqtt, MqttSettings
from notifier.values import NotDeliveredError
from probe.values import Secret
from tests.notifier.channels.brokers import Mosquitto, heard, retained
from tests.notifier.channels.receiver import listening
from tests.notifier.channels.telling import CLOSED, OPENED, hostile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

HOST = "127.0.0.1"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    found = Mosquitto(tmp_path, free_port())
    found.start()
    yield found
    found.stop()


@pytest.fixture
async def opened() -> AsyncIterator[list[Mqtt]]:
    """The channels of a test, closed at its end."""
    channels: list[Mqtt] = []
    yield channels
    for channel in channels:
        await channel.close()
    await asyncio.sleep(0.05)  # for paho's callbacks
    gc.collect()


def channel(opened: list[Mqtt], port: int, **more: Any) -> Mqtt:
    wanted: dict[str, Any] = {"topic": "m/berlin", "timeout_seconds": 2.0} | more
    opened.append(Mqtt("ops-mqtt", MqttSettings(HOST, port, **wanted)))
    return opened[-1]


async def refusal(there: Mqtt) -> tuple[str, bool]:
    with pytest.raises(NotDeliveredError) as caught:
        await there.send(OPENED)
    return str(caught.value), caught.value.again


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_events_pass_and_state_stays_until_the_end(broker: Mosquitto, opened: list[Mqtt], version: str) -> None:
    there = channel(opened, broker.port, version=version)
    async with aiomqtt.Client(HOST, broker.port) as watcher:
        await watcher.subscribe("m/berlin/events", 1)
        assert await there.send(OPENED) == f"acknowledged by 127.0.0.1:{broker.port}"
        state = await retained(broker.port)
        assert json.loads(state.pop("m/berlin/incidents/i0badcafe"))["kind"] == "opened"
        assert state == {"m/berlin/status": b"online"}
        await there.send(CLOSED)
        assert await retained(broker.port) == {"m/berlin/status": b"online"}
        events = await heard(watcher, 2)
    assert [(topic, json.loads(body)["kind"], kept) for topic, body, kept in events] == [
        ("m/berlin/events", "opened", False),
        ("m/berlin/events", "closed", False),
    ]


async def test_who_watches_the_state_sees_its_end_before_it_is_cleared(broker: Mosquitto, opened: list[Mqtt]) -> None:
    async with aiomqtt.Client(HOST, broker.port) as watcher:
        await watcher.subscribe("m/berlin/incidents/#", 1)
        await channel(opened, broker.port).send(CLOSED)
        (_, last, _), (_, cleared, _) = await heard(watcher, 2)
    assert json.loads(last)["kind"] == "closed"
    assert cleared == b""


async def test_the_broker_says_that_we_are_gone(broker: Mosquitto, opened: list[Mqtt]) -> None:
    there = channel(opened, broker.port)
    await there.send(OPENED)
    async with aiomqtt.Client(HOST, broker.port) as watcher:
        await watcher.subscribe("m/berlin/status", 1)
        assert await heard(watcher, 1) == [("m/berlin/status", b"online", True)]
        assert there._link is not None
        there._link.drop()  # as if we were killed: no DISCONNECT
        assert await heard(watcher, 1) == [("m/berlin/status", b"offline", False)]
    await there.close()
    assert (await retained(broker.port))["m/berlin/status"] == b"offline"


async def test_it_is_online_before_anything_happens(broker: Mosquitto, opened: list[Mqtt]) -> None:
    channel(opened, broker.port)
    async with aiomqtt.Client(HOST, broker.port) as watcher:
        await watcher.subscribe("m/berlin/status", 1)
        assert (await heard(watcher, 1))[0][1] == b"online"


async def test_a_broker_that_is_down_takes_it_when_it_is_back(
    broker: Mosquitto, opened: list[Mqtt], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mqtt, "AGAIN_SECONDS", 0.1)
    there = channel(opened, broker.port)
    await there.send(OPENED)
    broker.stop()
    await asyncio.sleep(0.5)
    assert await refusal(there) == (f"127.0.0.1:{broker.port}: connection refused", True)
    assert [one.message for one in caplog.records if one.name == "mailsonde.notifier"] == [
        f"ops-mqtt: 127.0.0.1:{broker.port}: connection refused"
    ]
    broker.start()
    async with aiomqtt.Client(HOST, broker.port) as watcher:
        await watcher.subscribe("m/berlin/status", 1)
        assert (await heard(watcher, 1))[0][1] == b"online"  # by itself, without a notice
    assert await there.send(OPENED) == f"acknowledged by 127.0.0.1:{broker.port}"


async def test_a_connection_that_dies_under_a_notice_is_made_again(broker: Mosquitto, opened: list[Mqtt]) -> None:
    there = channel(opened, broker.port)
    await there.send(OPENED)
    broker.stop()
    broker.start()
    for _ in range(5):
        try:
            await there.send(OPENED)
        except NotDeliveredError as error:
            assert error.again  # noqa: PT017 - it may or may not be refused at first
        else:
            return
    pytest.fail("never delivered")


async def test_in_mqtt_5_an_acknowledgement_can_refuse(tmp_path: Path, opened: list[Mqtt]) -> None:
    (tmp_path / "acl").write_text("topic write m/berlin/status\ntopic write m/berlin/incidents/#\n")
    broker = Mosquitto(tmp_path, free_port(), ("allow_anonymous true", f"acl_file {tmp_path}/acl"))
    broker.start()
    try:
        assert await refusal(channel(opened, broker.port)) == (f"127.0.0.1:{broker.port} refused it: Not authorized", False)
    finally:
        for one in opened:
            await one.close()
        broker.stop()


async def test_a_wrong_password_is_said_without_it(tmp_path: Path, opened: list[Mqtt]) -> None:
    broker = Mosquitto(tmp_path, free_port(), ("allow_anonymous false",))
    broker.start()
    try:
        for version, words in (("5", "Not authorized"), ("3.1.1", "Not authorized")):
            why, again = await refusal(channel(opened, broker.port, version=version, user="u", password=Secret("passw0rd")))
            assert words in why
            assert "passw0rd" not in why
            assert again
    finally:
        for one in opened:
            await one.close()
        broker.stop()


async def test_tls_wants_a_certificate_that_is_good(tmp_path: Path, opened: list[Mqtt]) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - certificates are judged by the real clock
    signer = authority("ours", now)
    (tmp_path / "ca.pem").write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "mqtt.pem").write_text(issue(Order(("mqtt.lab.test",), now - timedelta(days=1), now + timedelta(days=1)), signer))
    pem = f"{tmp_path}/mqtt.pem"
    broker = Mosquitto(tmp_path, free_port(), ("allow_anonymous true", f"certfile {pem}", f"keyfile {pem}"))
    broker.start()
    try:
        there = channel(opened, broker.port, security="tls", ca_file=tmp_path / "ca.pem")
        assert await there.send(OPENED) == f"acknowledged by 127.0.0.1:{broker.port}"
        why, again = await refusal(channel(opened, broker.port, security="tls"))
        assert why == f"127.0.0.1:{broker.port}: its certificate is not accepted: unable to get local issuer certificate"
        assert again
        assert await channel(opened, broker.port, security="tls", verify=False).send(OPENED)
    finally:
        for one in opened:
            await one.close()
        broker.stop()


async def test_a_broker_that_says_nothing_is_left(opened: list[Mqtt]) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as port:
        there = channel(opened, port, timeout_seconds=0.4)
        assert await refusal(there) == (f"127.0.0.1:{port}: no answer in time", True)
        await there.close()
        await asyncio.sleep(0.6)


async def test_no_word_of_a_notice_reaches_a_topic(broker: Mosquitto, opened: list[Mqtt]) -> None:
    await channel(opened, broker.port).send(hostile())
    state = await retained(broker.port)
    name = next(topic for topic in state if "incidents" in topic)
    assert name.startswith("m/berlin/incidents/ix=d=aBcc=3a")
    assert len(name) < 250
    assert json.loads(state[name])["text"] == hostile().text


async def test_a_refused_thread_of_many_is_one_at_a_time(broker: Mosquitto, opened: list[Mqtt]) -> None:
    there = channel(opened, broker.port)
    notices = [replace(OPENED, key=f"k{number}", number=number) for number in range(20)]
    async with aiomqtt.Client(HOST, broker.port) as watcher:
        await watcher.subscribe("m/berlin/events", 1)
        for notice in notices:
            await there.send(notice)
        events = await heard(watcher, 20)
    assert [json.loads(body)["number"] for _, body, _ in events] == list(range(20))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"topic": "m/+/x"}, "has the topic `m/+/x` with a wildcard; what is published goes to one exact topic"),
        ({"topic": "m/#"}, "has the topic `m/#` with a wildcard; what is published goes to one exact topic"),
        (
            {"topic": "$SYS/x"},
            "has a topic that cannot be: empty, longer than 1,000 bytes, with control characters, `$` first or `/` last",
        ),
        ({"password": Secret("p")}, "has a `password` but no `user`"),
        ({"version": "4"}, "knows the versions 5 and 3.1.1, and the securities none and tls"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        MqttSettings(HOST, **settings)
    assert str(caught.value) == words


async def test_a_broker_that_stops_to_acknowledge_is_left_and_asked_anew(broker: Mosquitto, opened: list[Mqtt]) -> None:
    there = channel(opened, broker.port, timeout_seconds=0.5)
    await there.send(OPENED)
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    try:
        assert await refusal(there) == (f"127.0.0.1:{broker.port}: no answer in time", True)
    finally:
        broker.process.send_signal(signal.SIGCONT)
    assert await there.send(OPENED) == f"acknowledged by 127.0.0.1:{broker.port}"
