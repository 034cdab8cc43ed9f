"""Every far side is down while an incident opens and ends: when they are back each hears of both, in order, and says so."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import aiomqtt
import pytest

from lab import dovecot, faults
from notifier.channels.alertmanager import AlertmanagerSettings
from notifier.channels.command import CommandSettings
from notifier.channels.mail import MailSettings
from notifier.channels.mqtt import MqttSettings
from notifier.channels.webhook import WebhookSettings
from notifier.values import ChannelPlan, NotifyPlan, Route
from probe.clock import utc_now
from probe.values import Security
from service.alarms.telling import Telling
from store.incidents import save
from store.store import Store
from tests.notifier.channels.brokers import Mosquitto
from tests.notifier.channels.receiver import receiving
from thresholds.incident_values import Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.conftest import Lab
    from tests.notifier.channels.receiver import Receiver

CELL, ADDRESS = "abc.example/imap", "probe@gamma.test"
BACK_SECONDS = 60.0  # the pause between tries has grown meanwhile
QUIET_AM = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def changes() -> tuple[Change, Change]:
    """The opening of an incident, and its end."""
    now = utc_now()
    cause = Cause(CauseKind.SERVER, "imap", (CELL,), ("1 of 1 domains on imap",))
    incident = Incident("i0badcafe", cause, Level.CRITICAL, now, now, ("abc.example",), (CELL,), (CELL,), (f"{CELL}: no connection",))
    opened = Change(replace(incident, told=True, changes=1), ChangeKind.OPENED, now, 1)
    closed = replace(incident, told=True, changes=2, closed_at=now, ended="all is well again", failing=())
    return opened, Change(closed, ChangeKind.CLOSED, now, 2)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


async def until(so: Callable[[], object], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not so():  # noqa: ASYNC110 - what is awaited is a reading, which rings no bell
            await asyncio.sleep(0.05)


@contextmanager
def alertmanager(folder: Path, port: int) -> Iterator[None]:
    """Run Debian's, which tells nobody."""
    (folder / "am.yml").write_text(QUIET_AM)
    here = ["--config.file", f"{folder}/am.yml", "--storage.path", f"{folder}/am", "--cluster.listen-address", ""]
    with (folder / "am.log").open("wb") as log:
        process = subprocess.Popen(["prometheus-alertmanager", *here, "--web.listen-address", f"127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def subscribed(port: int) -> AsyncIterator[list[str]]:
    """Hear the events on a broker: the kinds of changes, in their order."""
    heard: list[str] = []

    async def listen(client: aiomqtt.Client) -> None:
        with suppress(aiomqtt.MqttError):  # the broker goes first
            async for message in client.messages:
                heard.append(json.loads(bytes(message.payload))["kind"])  # noqa: PERF401 - it is read while it grows

    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("mailsonde/events", qos=1)
        task = asyncio.create_task(listen(client))
        yield heard
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def letters(lab: Lab) -> list[str]:
    """The kinds of changes that lie in the mailbox."""
    files = (dovecot.home(lab.ground, ADDRESS) / "Maildir").glob("[cn]*/*")
    texts = [file.read_text("utf-8", "replace") for file in files if file.is_file()]
    return [text.partition("X-Mailsonde-Kind: ")[2].split()[0] for text in texts if "X-Mailsonde-Incident: i0badcafe" in text]


def once_each(kinds: list[str]) -> list[str]:
    """Without those that came again: at least once is what is promised."""
    return list(dict.fromkeys(kinds))


def plans(lab: Lab, tmp_path: Path, ports: dict[str, int]) -> NotifyPlan:
    settings = {
        "webhook": WebhookSettings(f"http://127.0.0.1:{ports['webhook']}/"),
        "mqtt": MqttSettings("127.0.0.1", ports["mqtt"]),
        "alertmanager": AlertmanagerSettings(f"http://127.0.0.1:{ports['alertmanager']}"),
        "mail": MailSettings("127.0.0.1", "drill@mailsonde.test", (ADDRESS,), lab.ground.ports["smtp"], Security.NONE),
        "command": CommandSettings(("cp", "/dev/stdin", str(tmp_path / "up" / "page"))),
    }
    channels = tuple(ChannelPlan(kind, kind, one) for kind, one in settings.items())
    return NotifyPlan(channels, (Route(tuple((kind,) for kind in settings), origin="notify.routes[0]"),), ZoneInfo("UTC"))


@pytest.mark.lab
async def test_what_was_down_hears_of_opening_and_end_when_it_is_back(lab: Lab, tmp_path: Path) -> None:
    ports = {kind: free_port() for kind in ("webhook", "mqtt", "alertmanager")}
    store = await Store.open(tmp_path / "s.db")
    service = Telling(store, b"k" * 32, ZoneInfo("UTC"), tuple, lambda: True)
    service.adopt(plans(lab, tmp_path, ports))
    running = asyncio.create_task(service.run())
    dovecot.empty(lab.ground, ADDRESS)
    await asyncio.to_thread(faults.inject, lab.ground, ["smtp-stopped"])
    try:
        opened, closed = changes()
        await save(store, [opened])
        service.wake()
        await until(lambda: all(one.failed for one in service.channels()), 20)
        await save(store, [closed])
        service.wake()
    finally:
        await asyncio.to_thread(faults.clear, lab.ground)
    (tmp_path / "up").mkdir()
    broker = Mosquitto(tmp_path, ports["mqtt"])
    broker.start()
    async with AsyncExitStack() as stack:
        stack.callback(broker.stop)
        stack.enter_context(alertmanager(tmp_path, ports["alertmanager"]))
        hook: Receiver = await stack.enter_async_context(receiving(port=ports["webhook"]))
        heard = await stack.enter_async_context(subscribed(ports["mqtt"]))
        await until(lambda: all(one.sent == 2 for one in service.channels()), BACK_SECONDS)
        assert once_each([request.json["kind"] for request in hook.requests]) == ["opened", "closed"]
        assert once_each(heard) == ["opened", "closed"]
        await until(lambda: len(once_each(letters(lab))) == 2, 10)
        assert set(letters(lab)) == {"opened", "closed"}  # handed in in their order; which the mail system delivers first is its own affair
        assert json.loads((tmp_path / "up" / "page").read_text())["kind"] == "closed"
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    dovecot.empty(lab.ground, ADDRESS)
    await store.close()
