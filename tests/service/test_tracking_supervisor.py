"""The process that follows logs, kept by the service: started anew, ended, changed; and what the serving process never loads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from config.tracking import Tracking
from service.tracking import supervisor as module
from service.tracking.orders import first_order, message
from service.tracking.supervisor import Supervisor
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

BERLIN = ZoneInfo("Europe/Berlin")
SAYS = "import sys; print(sys.stdin.readline().strip(), flush=True); "


def tracking(*names: str) -> Tracking:
    return Tracking.model_validate({"sources": [{"name": name, "paths": ["/nowhere.log"]} for name in names]})


def plays(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let the process be one that says its first order, and then does this."""
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", SAYS + code))
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.05)


@asynccontextmanager
async def kept(told: list[dict[str, Any]]) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(told.append)
    running = asyncio.create_task(supervisor.run())
    yield supervisor
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not supervisor.running


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not so():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.02)


async def test_one_that_ends_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    plays(monkeypatch, 'print(\'{"failed": "no room"}\', flush=True)')
    told: list[dict[str, Any]] = []
    async with kept(told) as supervisor:
        supervisor.adopt(tracking("mx"), BERLIN)
        await until(lambda: supervisor.starts == 3)
        assert supervisor.problem in {"", "no room"}
        assert [one["sources"][0]["name"] for one in told if "sources" in one][:2] == ["mx", "mx"]


async def test_one_that_says_nothing_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    plays(monkeypatch, "pass")
    monkeypatch.setattr(module, "FIRST_SECONDS", 60.0)
    async with kept([]) as supervisor:
        supervisor.adopt(tracking("mx"), BERLIN)
        await until(lambda: bool(supervisor.problem))
        assert supervisor.problem == "its process ended without a word"
        with pytest.raises(ValueError, match=r"^its process ended without a word$"):
            supervisor.say({"import": "1"})


async def test_another_configuration_is_another_process_and_none_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    plays(monkeypatch, "sys.stdin.read()")
    told: list[dict[str, Any]] = []
    async with kept(told) as supervisor:
        supervisor.adopt(tracking("mx"), BERLIN)
        await until(lambda: len(told) == 1)
        supervisor.adopt(tracking("mx"), BERLIN)
        supervisor.adopt(tracking("mx", "hub"), BERLIN)
        await until(lambda: len(told) == 2)
        assert [len(one["sources"]) for one in told] == [1, 2]
        supervisor.adopt(None, BERLIN)
        await until(lambda: not supervisor.running)
        assert (supervisor.wanted, supervisor.starts) == (False, 2)


async def test_one_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    plays(monkeypatch, "import time; time.sleep(600)")
    told: list[dict[str, Any]] = []
    async with kept(told) as supervisor:
        supervisor.adopt(tracking("mx"), BERLIN)
        await until(lambda: len(told) == 1)


def test_a_source_without_a_zone_has_that_of_the_file() -> None:
    (source,) = first_order(tracking("mx"), BERLIN)["sources"]
    assert (source["timezone"], source["format"], source["every_seconds"]) == ("Europe/Berlin", "auto", None)


@pytest.mark.parametrize("raw", [b"", b"no\n", b"[1]\n", b"\xff\n"])
def test_what_is_no_message_is_none(raw: bytes) -> None:
    assert message(raw) is None


def test_the_serving_process_loads_no_duckdb(tmp_path: Path) -> None:
    file = tmp_path / "mailsonde.yml"
    file.write_text("servers: {}\ntracking: {sources: [{name: mx, paths: [a.log], format: exchange, cron: '0 2 * * *'}]}\n")
    code = f"import sys, service.serve; from config.load import load; load({str(file)!r}); print('duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
