"""sd_notify on a real datagram socket, and what happens without one."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from service import notify_systemd

if TYPE_CHECKING:
    from pathlib import Path


def test_the_supervisor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert notify_systemd.tell(notify_systemd.READY, notify_systemd.status("21 checks\nin  3 domains"))
        assert supervisor.recv(1000) == b"READY=1\nSTATUS=21 checks in 3 domains"


def test_a_supervisor_in_the_abstract_name_space(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"mailsonde-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert notify_systemd.tell(notify_systemd.STOPPING)
        assert supervisor.recv(1000) == b"STOPPING=1"


@pytest.mark.parametrize("path", ["", "relative", "/nowhere/notify"])
def test_nobody_to_tell(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    assert not notify_systemd.tell(notify_systemd.READY)


@pytest.mark.parametrize(("usec", "pid", "seconds"), [("30000000", "", 15.0), ("30000000", "1", None), ("", "", None), ("0", "", None)])
def test_the_watchdog_is_fed_twice_in_its_patience(usec: str, pid: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert notify_systemd.watchdog_seconds() == seconds


def test_a_reload_says_when_it_began() -> None:
    assert notify_systemd.reloading().startswith("RELOADING=1\nMONOTONIC_USEC=")
