"""The end of `probe serve`: within its five seconds also where a thread or a part of it hangs."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING

import yaml

from service.serve import _end
from tests.service.serving import END_SECONDS, serving, until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def plan(file: Path, password: str) -> None:
    server = {"kind": "smtp", "host": "127.0.0.1", "port": "1", "security": "none"}
    mailbox = {"address": "probe@abc.example", "password": {"file": password}}
    domain = {"name": "abc.example", "servers": ["mx"], "mailbox": mailbox}
    sections = {"servers": {"mx": server}, "domains": [domain], "metrics": {"listen": "127.0.0.1:0"}, "store": {"path": "t.db"}}
    file.write_text(yaml.safe_dump(sections), "utf-8")


def opened(fifo: Path) -> bool:
    """Return whether somebody reads a pipe; he goes on waiting, for it stays open."""
    try:
        os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    return True


def test_a_reload_that_hangs_in_a_read_does_not_hold_up_the_end(tmp_path: Path) -> None:
    file, hanging = tmp_path / "mailsonde.yml", tmp_path / "hanging"
    (tmp_path / "secret").write_text("geheim\n")
    (tmp_path / "secret").chmod(0o600)
    os.mkfifo(hanging, 0o600)
    plan(file, "secret")
    with serving(file) as service:
        assert service.says("event=ready")
        plan(file, "hanging")
        service.process.send_signal(signal.SIGHUP)
        assert until(lambda: opened(hanging))
        assert service.end() < END_SECONDS
        assert service.process.returncode == 0
        assert "event=ended" in service.lines[-1]


async def test_a_part_that_waits_while_it_ends_is_left_behind(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.serve.PARTING_SECONDS", 0.05)
    released, ends = asyncio.Event(), list[str]()

    async def part(name: str, waits: int) -> None:
        try:
            await released.wait()
        finally:
            for _ in range(waits):
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    ends.append(name)
            ends.append(name)

    tasks = {asyncio.create_task(part("polite", 0)), asyncio.create_task(part("slow", 1))}
    await asyncio.sleep(0)
    with caplog.at_level(logging.ERROR):
        await _end(tasks)
    assert ends == ["polite", "slow", "slow"]
    assert all(task.cancelled() for task in tasks)
    assert not caplog.messages

    monkeypatch.setattr("service.serve.LAST_SECONDS", 0.05)
    deaf = asyncio.create_task(part("deaf", 2))
    await asyncio.sleep(0)
    await _end({deaf})
    assert caplog.messages == ["not all parts have ended"]
    released.set()
    await asyncio.wait([deaf])
