"""Alertmanager, Debian's real one: incidents fire, are kept firing, and resolve; it tells a webhook of its own what it made of them."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import urllib.request
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

from lab.ground import free_port
from notifier.channels.alertmanager import Alertmanager, AlertmanagerSettings, alert_of
from notifier.values import NotDeliveredError
from probe.clock import utc_now
from probe.values import Secret
from tests.notifier.channels.receiver import receiving, status
from tests.notifier.channels.telling import CLOSED, OPENED, hostile
from thresholds.incident_values import ChangeKind
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

CONFIG = """\
route: {{receiver: us, group_by: [incident, severity], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: us
    webhook_configs: [{{url: "http://127.0.0.1:{port}/", send_resolved: true}}]
"""


@pytest.fixture
def ports() -> tuple[int, int]:
    """Where Alertmanager listens, and where it tells us."""
    return free_port(), free_port()


@pytest.fixture
def real(tmp_path: Path, ports: tuple[int, int]) -> Iterator[str]:
    """Yield the address of a running Alertmanager."""
    (tmp_path / "alertmanager.yml").write_text(CONFIG.format(port=ports[1]))
    here = ["--config.file", f"{tmp_path}/alertmanager.yml", "--storage.path", f"{tmp_path}/data"]
    there = ["--web.listen-address", f"127.0.0.1:{ports[0]}", "--cluster.listen-address", ""]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(["prometheus-alertmanager", *here, *there], stdout=log, stderr=log)
    try:
        _await_port(ports[0])
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        process.terminate()
        process.wait()


def _await_port(port: int) -> None:
    until = monotonic() + 10
    while monotonic() < until:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
            return
        sleep(0.05)
    pytest.fail("Alertmanager does not listen")


@pytest.fixture
async def opened() -> AsyncIterator[list[Alertmanager]]:
    """The channels of a test, closed at its end."""
    channels: list[Alertmanager] = []
    yield channels
    for one in channels:
        await one.close()


def channel(opened: list[Alertmanager], url: str, **more: Any) -> Alertmanager:
    opened.append(Alertmanager("am", AlertmanagerSettings(url, **more)))
    return opened[-1]


async def alerts(url: str) -> list[Any]:
    """Return what fires there."""

    def ask() -> list[Any]:
        with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:  # noqa: S310 - loopback
            found: list[Any] = json.load(answer)
            return found

    return await asyncio.to_thread(ask)


async def test_an_incident_fires_and_resolves_and_alertmanager_says_so(
    real: str, ports: tuple[int, int], opened: list[Alertmanager]
) -> None:
    there = channel(opened, real, labels={"team": "mail"})
    async with receiving(port=ports[1]) as told:
        began = utc_now() - timedelta(seconds=30)
        assert await there.send(replace(OPENED, began_at=began, at=utc_now())) == f"{real} answered 200"
        (alert,) = await alerts(real)
        assert alert["labels"] == {
            "alertname": "MailsondeIncident",
            "incident": "i0badcafe",
            "severity": "critical",
            "site": "berlin",
            "team": "mail",
        }
        assert alert["annotations"]["summary"] == OPENED.subject
        assert [alert["annotations"][name] for name in ("level", "cause", "cause_kind")] == ["critical", "server:imap", "server"]
        assert alert["annotations"]["domains"] == "alpha.test, beta.test"
        assert alert["annotations"]["runbook_url"] == "https://wiki.example/imap"
        assert alert["generatorURL"] == OPENED.links.console
        assert abs(datetime.fromisoformat(alert["startsAt"]) - began) < timedelta(seconds=1)
        assert datetime.fromisoformat(alert["endsAt"]) > utc_now() + timedelta(hours=23)
        await _until(lambda: _states(told.requests) == ["firing"])
        await there.send(replace(CLOSED, began_at=began, at=utc_now()))
        await _until(lambda: _states(told.requests) == ["firing", "resolved"])
        assert await alerts(real) == []
    assert there.firing == ()


def _states(requests: list[Any]) -> list[str]:
    return [request.json["status"] for request in requests]


async def _until(holds: Any) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 - it waits for another program
            await asyncio.sleep(0.05)


FIRST = replace(OPENED, level=Level.WARNING, cause="check:alpha.test/imap")
WORSE = replace(OPENED, kind=ChangeKind.WORSENED, number=2, key="k2")


async def test_what_grows_worse_and_wider_is_one_alert_and_not_resolved_before_its_end(
    real: str, ports: tuple[int, int], opened: list[Alertmanager]
) -> None:
    there = channel(opened, real)
    began = utc_now() - timedelta(seconds=30)
    async with receiving(port=ports[1]) as told:
        await there.send(replace(FIRST, began_at=began, at=utc_now()))
        await _until(lambda: _states(told.requests) == ["firing"])
        await there.send(replace(WORSE, began_at=began, at=utc_now()))
        (alert,) = await alerts(real)
        assert alert["labels"]["severity"] == "warning"
        assert [alert["annotations"][name] for name in ("level", "cause")] == ["critical", "server:imap"]
        await asyncio.sleep(2.0)  # in which Alertmanager would tell of a second one
        await there.send(replace(CLOSED, began_at=began, at=utc_now()))
        await _until(lambda: "resolved" in _states(told.requests))
        assert _states(told.requests) == ["firing", "resolved"]
        assert await alerts(real) == []


async def test_after_a_restart_it_is_the_same_alert(real: str, opened: list[Alertmanager]) -> None:
    began = utc_now() - timedelta(seconds=30)
    first = channel(opened, real)
    await first.send(replace(FIRST, began_at=began, at=utc_now()))
    await first.close()
    after = channel(opened, real, again_seconds=0.2)
    after.resume([replace(FIRST, began_at=began), replace(WORSE, began_at=began)])
    await asyncio.sleep(0.5)
    (alert,) = await alerts(real)
    assert (alert["labels"]["severity"], alert["annotations"]["level"]) == ("warning", "critical")
    await after.close()
    await channel(opened, real).send(replace(CLOSED, began_at=began, at=utc_now()))  # by one that knows of nothing
    assert await alerts(real) == []


async def test_what_is_open_is_posted_again_before_it_ends(real: str, opened: list[Alertmanager]) -> None:
    there = channel(opened, real, again_seconds=0.5, lasts_seconds=2.0)
    await there.send(replace(OPENED, began_at=utc_now(), at=utc_now()))
    await asyncio.sleep(3.0)
    assert len(await alerts(real)) == 1
    await there.close()  # as our end would
    await asyncio.sleep(2.3)
    assert await alerts(real) == []
    after = channel(opened, real, again_seconds=0.5, lasts_seconds=2.0)
    after.resume([replace(OPENED, began_at=utc_now(), at=utc_now())])
    await asyncio.sleep(1.0)
    assert len(await alerts(real)) == 1


async def test_while_it_is_down_it_is_said_once_and_kept(opened: list[Alertmanager], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mailsonde.notifier")
    async with receiving() as up:
        there = channel(opened, up.url, again_seconds=0.05, lasts_seconds=2.0)
        await there.send(OPENED)
    await asyncio.sleep(0.3)
    with pytest.raises(NotDeliveredError, match=f"^http://127.0.0.1:{up.port}: connection refused$"):
        await there.send(CLOSED)
    async with receiving(port=up.port) as again:
        await _until(lambda: len(again.requests) > 1)
        assert "resolved" not in str(again.requests)
        await there.send(CLOSED)
        assert there.firing == ()
    words = [record.message for record in caplog.records if record.name == "mailsonde.notifier"]
    assert words == [
        f"am: open incidents cannot be posted again: http://127.0.0.1:{up.port}: connection refused",
        "am: open incidents are posted again",
    ]


async def test_what_it_refuses_is_for_good(real: str, opened: list[Alertmanager]) -> None:
    with pytest.raises(NotDeliveredError) as caught:
        await channel(opened, f"{real}/nowhere").send(OPENED)
    assert str(caught.value).startswith(f"{real} answered 404")
    assert not caught.value.again
    async with receiving(status("401 Who", "token t0ken-of-ours is wrong")) as there:
        with pytest.raises(NotDeliveredError) as caught:
            await channel(opened, there.url, token=Secret("t0ken-of-ours")).send(OPENED)
    assert str(caught.value) == f"{there.url} answered 401: token *** is wrong"


async def test_hostile_words_become_labels_and_no_more(real: str, opened: list[Alertmanager]) -> None:
    await channel(opened, real).send(replace(hostile(), began_at=utc_now(), at=utc_now()))
    (alert,) = await alerts(real)
    assert len(alert["labels"]) == 4
    assert all(value.isprintable() for value in alert["labels"].values())
    assert len(alert["annotations"]["description"]) <= 4_000


def test_no_label_holds_an_address() -> None:
    alert = alert_of(replace(OPENED, cause="account:probe@abc.example"), {"for": "a.b@c.example"})
    assert alert["labels"]["for"] == "c.example"
    assert "probe@" not in str(alert["labels"])
    assert alert["annotations"]["cause"] == "account:probe@abc.example"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"labels": {"1a": "x"}}, "has a label `1a`; a label's name is letters, digits and `_`, and begins with no digit"),
        ({"labels": {"severity": "x"}}, "has a label `severity`, which says what each incident is; take another name"),
        ({"lasts_seconds": 60.0}, "would let alerts resolve before they are posted again; let `lasts` be at least twice `again`"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        AlertmanagerSettings("http://127.0.0.1:9093", **settings)
    assert str(caught.value) == words
