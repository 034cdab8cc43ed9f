"""The prober's real surroundings break: a resolver that never answers, a host without any route. And the control probe's own server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from probe.values import Check, Endpoint, FaultKind
from probe.wire import Wire
from service.health.prober_health import ProberHealth
from service.rounds.control_probe import HOST, ControlProbe
from tests.probe.fakes import HELLO, fault, serve, talk
from thresholds.judge import judge_result
from thresholds.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parent.parent.parent
NOWHERE = """
import asyncio, json
from probe.clock import utc_now
from probe.values import Check, Endpoint, Result
from probe.wire import Wire
from service.health.prober_health import ProberHealth

async def main():
    wire = Wire()
    health = ProberHealth(wire)
    watching = asyncio.create_task(health.run())
    checks = [Check("x/y", "x", "y", "smtp", Endpoint(f"192.0.2.{number}", 25), timeout_seconds=2.0) for number in range(1, 7)]
    for check in checks:
        health.saw(Result(check, utc_now(), readings={"server_address": check.endpoint.host}))  # it worked until now
    for check in checks[:2]:
        health.saw(await wire.run(check))
    early = health.sick
    await asyncio.sleep(0.3)
    watching.cancel()
    print(json.dumps([early, health.numbers.sick_reason, health.sick]))

asyncio.run(main())
"""


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made.close()


def named(host: str, port: int) -> Check:
    return Check(f"{host}/mx", host, "mx", "smtp", Endpoint(host, port), timeout_seconds=0.4)


async def test_a_resolver_that_never_answers_blocks_nothing_and_blames_nobody() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HOST, 0))
        wire = Wire(Endpoint(*silent.getsockname()))
        health = ProberHealth(wire)
        async with serve(talk(*HELLO)) as port:
            checks = [named(f"mx{number}.example", port) for number in range(20)] + [named("127.0.0.1", port)]
            results = await asyncio.gather(*(wire.run(check) for check in checks))
        for result in results:
            health.saw(result)
        await wire.close()
    assert {fault(result) for result in results[:-1]} == {(FaultKind.TIMEOUT, "resolve")}
    assert results[-1].fault is None
    assert results[-1].seconds < 0.2
    assert health.numbers.sick_reason == "resolver"
    assert "mx0.example: looking up mx0.example (asked 127.0.0.1 port " in health.sick
    verdict = health.doubt(results[0], judge_result(results[0], Limits()))
    assert verdict.suspect
    assert verdict.reasons[-1].startswith("the prober was in doubt: no name can be looked up since ")


async def test_a_name_that_cannot_be_asked_is_its_own_fault_alone() -> None:
    wire = Wire(Endpoint(HOST, 9))
    health = ProberHealth(wire)
    result = await wire.run(named("a..b", 25))
    health.saw(result)
    assert fault(result) == (FaultKind.RESOLVE, "resolve")
    assert health.sick == ""
    await wire.close()


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root may take a process off the network")
def test_a_host_that_has_lost_its_route_says_so_before_all_servers_have_had_their_turn() -> None:
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" -c "$1"', sys.executable, NOWHERE]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=30)
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine does not let a process leave the network")
    early, code, words = json.loads(done.stdout)
    assert (early, code) == ("", "network"), done.stderr
    assert "192.0.2.1: Network is unreachable (192.0.2.1 port 25); " in words
    assert words.endswith("and 3 more): look at the prober's own network first")


async def test_a_stranger_may_talk_to_the_control_server_and_breaks_nothing(wire: Wire) -> None:
    control = ControlProbe(wire)
    await control.measure()
    port = control._check.endpoint.port
    reader, writer = await asyncio.open_connection(HOST, port)
    assert await reader.readline() == b"220 control.invalid ESMTP\r\n"
    writer.write(bytes(range(256)))
    assert await reader.readline() == b"221 2.0.0 Bye\r\n"
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    result = await control.measure()
    assert result.fault is None
    assert [step.name for step in result.steps if step.seconds] == ["resolve", "connect", "greeting", "hello", "quit"]
    control.stop()


async def test_a_stranger_who_stays_is_sent_away(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.rounds.control_probe.IDLE_SECONDS", 0.05)
    control = ControlProbe(wire)
    await control.measure()
    reader, writer = await asyncio.open_connection(HOST, control._check.endpoint.port)
    await reader.readline()
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 2.0) == b""
    writer.close()
    control.stop()


async def test_after_its_end_nothing_listens_and_no_task_is_left(wire: Wire) -> None:
    before = len(asyncio.all_tasks())
    health = ProberHealth(wire)
    watching = asyncio.create_task(health.run())
    while health.numbers.control_probe_seconds is None:  # noqa: ASYNC110 - what is awaited is a reading, which rings no bell
        await asyncio.sleep(0.01)
    port = health._control._check.endpoint.port
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, port)
    assert len(asyncio.all_tasks()) == before
