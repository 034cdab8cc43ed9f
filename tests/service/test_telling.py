"""The channels of a running service: kept open over a reload, told what was open before a restart, and heard where they may command."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import aiomqtt
import pytest

from notifier.channels.alertmanager import Alertmanager, AlertmanagerSettings
from notifier.channels.command import CommandSettings
from notifier.channels.mqtt import MqttSettings
from notifier.values import ChannelPlan, DrillPlan, NotifyPlan, Route
from probe.clock import utc_now
from service.alarms.telling import Telling
from store.incidents import save
from store.store import Store
from thresholds.calendars import Calendar
from thresholds.incident_values import Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.conftest import Lab
    from thresholds.incident_values import Acknowledgement

UTC_ZONE = ZoneInfo("UTC")
CELL = "abc.example/imap"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = await Store.open(tmp_path / "s.db")
    yield made
    await made.close()


def telling(store: Store) -> Telling:
    return Telling(store, b"k" * 32, UTC_ZONE, tuple, lambda: True)


def plan(*channels: ChannelPlan, **more: object) -> NotifyPlan:
    route = Route((tuple(one.name for one in channels),), origin="notify.routes[0]")
    return NotifyPlan(channels, (route,), UTC_ZONE, **more)  # type: ignore[arg-type]  # whatever a test adds, as it is named there


def opening(level: Level = Level.CRITICAL) -> Change:
    now = utc_now()
    cause = Cause(CauseKind.SERVER, "imap", (CELL,), ("1 of 1 domains on imap",))
    incident = Incident("i0badcafe", cause, level, now, now, ("abc.example",), (CELL,), (CELL,), (f"{CELL}: no connection",))
    return Change(incident, ChangeKind.OPENED, now, 1)


async def until(true: object, seconds: float = 8.0) -> None:
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is awaited is a reading, which rings no bell
            await asyncio.sleep(0.02)


async def run(service: Telling) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(service.run())


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_what_is_stored_is_told_with_its_runbook_and_its_link(store: Store, tmp_path: Path) -> None:
    service, pages = telling(store), tmp_path / "pages"
    command = ChannelPlan("pager", "command", CommandSettings(("tee", "-a", str(pages))))
    service.adopt(plan(command, console_url="https://mon.isp.example", runbooks={"server:*": "https://wiki.isp.example/imap"}))
    running = await run(service)
    await save(store, [opening()])
    service.wake()
    await until(lambda: any(channel.sent for channel in service.channels()))  # settled, not only written
    told = json.loads(pages.read_text())
    assert told["links"]["runbook"] == "https://wiki.isp.example/imap"
    assert told["links"]["acknowledge"].startswith("https://mon.isp.example/ack/")
    (numbers,) = service.channels()
    assert (numbers.name, numbers.kind, numbers.sent, numbers.last_proof) == ("pager", "command", 1, "tee ended with exit code 0")
    await end(running)


async def test_a_test_that_arrives_is_remembered_beside_the_counts(store: Store, tmp_path: Path) -> None:
    service = telling(store)
    service.adopt(plan(ChannelPlan("pager", "command", CommandSettings(("tee", str(tmp_path / "pages"))))))
    running = await run(service)
    proof = await service.test("pager")
    (numbers,) = service.channels()
    assert (numbers.sent, numbers.last_proof_at, numbers.last_test, numbers.last_test_at is None) == (0, None, proof, False)
    await end(running)


async def test_who_sees_some_domains_only_is_given_neither_link_nor_command_that_acknowledges(store: Store, tmp_path: Path) -> None:
    service, pages = telling(store), tmp_path / "pages"
    command = ChannelPlan("pager", "command", CommandSettings(("tee", "-a", str(pages))), sees=("abc.example",))
    service.adopt(plan(command, console_url="https://mon.isp.example"))
    running = await run(service)
    await save(store, [opening()])
    service.wake()
    await until(lambda: any(channel.sent for channel in service.channels()))
    assert "acknowledge" not in json.loads(pages.read_text())["links"]
    assert "incidents ack" not in pages.read_text()
    await end(running)


async def test_a_channel_stays_open_over_a_reload_as_long_as_its_settings_stay(store: Store) -> None:
    service = telling(store)
    same, other = ChannelPlan("a", "command", CommandSettings(("true",))), ChannelPlan("b", "command", CommandSettings(("true",)))
    service.adopt(plan(same, other))
    before = dict(service._channels)
    service.adopt(plan(same, ChannelPlan("b", "command", CommandSettings(("false",)))))
    assert (service._channels["a"] is before["a"], service._channels["b"] is before["b"]) == (True, False)
    await end(await run(service))


async def test_an_alertmanager_keeps_what_a_former_process_told_it(store: Store, tmp_path: Path) -> None:
    command = ChannelPlan("am", "command", CommandSettings(("tee", str(tmp_path / "pages"))))
    former = telling(store)
    former.adopt(plan(command))
    running = await run(former)
    first = opening(Level.WARNING)
    worse = replace(first, incident=replace(first.incident, level=Level.CRITICAL), kind=ChangeKind.WORSENED, number=2)
    for number, change in enumerate((first, worse), start=1):
        await save(store, [change])
        former.wake()
        await until(lambda number=number: former.channels()[0].sent == number)
    await asyncio.sleep(0.3)
    await end(running)
    later = telling(store)
    later.adopt(plan(ChannelPlan("am", "alertmanager", AlertmanagerSettings("http://127.0.0.1:1"))))
    running = await run(later)
    channel = later._channels["am"]
    assert isinstance(channel, Alertmanager)
    await until(lambda: "i0badcafe" in channel._firing)
    alert = channel._firing["i0badcafe"]
    assert (alert["labels"]["severity"], alert["annotations"]["level"]) == ("warning", "critical")
    await end(running)


@pytest.mark.lab
async def test_who_says_so_over_mqtt_takes_an_incident_on(store: Store, lab: Lab) -> None:
    service, taken = telling(store), list[tuple[str, str, str]]()

    async def acknowledge(incident: str, ack: Acknowledgement) -> None:
        taken.append((incident, ack.by, ack.why))

    service.acknowledge = acknowledge
    port = lab.ground.ports["mqtt"]
    service.adopt(plan(ChannelPlan("bus", "mqtt", MqttSettings("127.0.0.1", port, "t", commands=True))))
    running = await run(service)
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for _ in range(50):
            await client.publish("t/commands/acknowledge", json.dumps({"incident": "i0badcafe", "by": "ada", "why": "on it"}), qos=1)
            await asyncio.sleep(0.1)
            if taken:
                break
    assert taken[0] == ("i0badcafe", "ada", "on it")
    await end(running)


async def test_channels_are_tried_when_the_drills_calendar_begins_to_hold(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.alarms.telling.DRILL_LOOK_SECONDS", 0.05)
    caplog.set_level("INFO")
    service, pages = telling(store), tmp_path / "pages"
    good = ChannelPlan("pager", "command", CommandSettings(("tee", "-a", str(pages))))
    bad = ChannelPlan("broken", "command", CommandSettings(("false",)))
    day = Calendar("drills", UTC_ZONE, dates=(frozenset({utc_now().date() + timedelta(days=400)}),))
    service.adopt(plan(good, bad, drill=DrillPlan(day, ("pager", "broken"))))
    running = await run(service)
    await asyncio.sleep(0.2)
    assert not pages.exists()
    now = Calendar("drills", UTC_ZONE, dates=(frozenset({utc_now().date(), utc_now().date() + timedelta(days=1)}),))
    service.adopt(plan(good, bad, drill=DrillPlan(now, ("pager", "broken"))))
    await until(lambda: "the drill got through" in caplog.text and "the drill did not get through" in caplog.text)
    assert json.loads(pages.read_text().splitlines()[0])["subject"].startswith("DRILL")
    await end(running)


async def test_nothing_is_planned_before_there_is_a_plan(store: Store, tmp_path: Path) -> None:
    service, pages = telling(store), tmp_path / "pages"
    await save(store, [opening()])  # by a process that was killed
    running = await run(service)
    service.wake()
    await asyncio.sleep(0.3)
    service.adopt(plan(ChannelPlan("pager", "command", CommandSettings(("tee", "-a", str(pages))))))
    await until(lambda: pages.exists() and pages.read_text().endswith("\n"))
    await end(running)
