"""A running service whose alarms go by mail first: while an incident about its smarthost is open, no other alarm waits for that mail."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lab import dovecot, faults
from service import cli
from tests.notifier.channels.receiver import receiving
from tests.service.serving import configuration, serving, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Lab
    from tests.notifier.channels.receiver import Receiver

ADDRESS = "probe@gamma.test"
RULES = {"again": "500ms", "gather": "4s"}  # all checks of a server fail within 3 s
HELD = ["held", "hub-slow=400"]  # it takes mail, late, and keeps all of it
LIMIT = {"match": {"server": "hub"}, "critical": "300ms"}


def configured(lab: Lab, folder: Path, hook: str) -> Path:
    """Write a configuration of the lab whose hub is a server like the others, and the smarthost of the alarms."""
    hub = {"kind": "smtp", "host": "hub.lab.test", "port": lab.ports["hub"], "security": "none"}
    mail = {
        "kind": "mail",
        "host": "127.0.0.1",
        "port": lab.ports["hub"],
        "security": "none",
        "sender": "alarm@alpha.test",
        "to": [ADDRESS],
    }
    channels = {"mail": {**mail, "depends_on": {"servers": ["hub"]}}, "hook": {"kind": "webhook", "url": hook}}
    file = configuration(lab, folder, trips=[], incidents=RULES, notify={"channels": channels, "routes": [{"to": [["mail", "hook"]]}]})
    plan = yaml.safe_load(file.read_text())
    plan["servers"]["hub"] = hub
    plan["thresholds"].insert(0, LIMIT)
    for domain in plan["domains"]:
        domain.pop("roundtrip")
        domain["servers"].append("hub")
    plan["checks"] = {"every": "3s", "timeout": "2900ms"}
    file.write_text(yaml.safe_dump(plan, sort_keys=False))
    return file


def heard(hook: Receiver) -> list[tuple[str, str]]:
    """Return cause and kind of what the webhook was told."""
    return [(request.json["cause"], request.json["kind"]) for request in hook.requests]


async def so(true: Any, seconds: float = 30.0) -> bool:
    return await asyncio.to_thread(until, true, seconds)


async def probe(capsys: pytest.CaptureFixture[str], file: Path, *words: str) -> Any:
    """Return what a command says, as JSON."""
    await asyncio.to_thread(cli.run, [*words, "--config", str(file), "--format", "json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.lab
async def test_another_alarm_does_not_wait_for_the_mail_of_a_hub_that_is_reported(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dovecot.empty(lab.ground, ADDRESS)
    async with receiving() as hook:
        file = configured(lab, tmp_path, hook.url)
        with serving(file) as service:
            assert await so(lambda: service.says("event=ready", 0.1)), service.lines
            try:
                await asyncio.to_thread(faults.inject, lab.ground, HELD)
                assert await so(lambda: ("server:hub", "opened") in heard(hook)), service.lines
                (hub,) = await probe(capsys, file, "incidents", "list")
                routed = await probe(capsys, file, "notify", "route", "--server", "imap")
                await asyncio.to_thread(faults.inject, lab.ground, ["imap-stopped"])
                assert await so(lambda: ("server:imap", "opened") in heard(hook)), service.lines
                imap = next(one for one in await probe(capsys, file, "incidents", "list") if one["cause"]["name"] == "imap")
                story = await probe(capsys, file, "incidents", "show", imap["id"])
            finally:
                await asyncio.to_thread(faults.clear, lab.ground)
            assert await so(lambda: {("server:hub", "closed"), ("server:imap", "closed")} <= set(heard(hook))), heard(hook)
            await asyncio.to_thread(faults.inject, lab.ground, ["pop3-stopped"])
            try:
                assert await so(lambda: service.series("mailsonde_deliveries_total").get(MAILED, 0) >= 1), service.lines
            finally:
                await asyncio.to_thread(faults.clear, lab.ground)
            assert service.end() < 5
    why = f"depends on the server hub, which is what fails (incident {hub['id']}, server:hub)"
    assert (routed["chains"], routed["refused"]) == ([["hook", "mail"]], {})
    assert f"mail is asked last: it {why}" in routed["words"]
    (told,) = [one for one in story["deliveries"] if one["number"] == 1]
    assert (told["channel"], told["state"], told["chain"]) == ("hook", "sent", ["hook", "mail"])
    assert any(why in line and "server:imap" in line for line in service.lines)
    dovecot.empty(lab.ground, ADDRESS)


MAILED = '{site="lab",channel="mail",result="sent"}'
