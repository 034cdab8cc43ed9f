"""The fault proxy as a process: it acknowledges what is in force, refuses in one line what cannot be done, and ends when told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lab = {"host": HOST, "addresses": [HOST, "::1"], "ports": {"imap": free_port(), "mqtt": 7}, "backs": {"imap": free_port(), "mqtt": 7}}
    (tmp_path / "lab.json").write_text(json.dumps(lab))
    return tmp_path


@pytest.fixture
def process(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-m", "lab.proxy", "--dir", str(folder)], stderr=subprocess.PIPE) as running:
        yield running
        running.terminate()
        assert running.wait(5) == 0


def acknowledged(folder: Path, generation: int) -> str:
    """Return what the proxy said of this generation of faults.json, once it has."""
    for _ in range(500):
        ack = json.loads((folder / "faults.ack").read_text()) if (folder / "faults.ack").exists() else {}
        if ack.get("generation") == generation:
            return str(ack["said"])
        time.sleep(0.01)
    raise AssertionError("no acknowledgement")


def refused(port: int, host: str = HOST) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except (ConnectionRefusedError, ConnectionResetError):  # reset: it had been taken into the queue of a port that closed
        return True
    return False


def test_the_process_acknowledges_what_is_in_force(folder: Path, process: subprocess.Popen[bytes]) -> None:
    port = json.loads((folder / "lab.json").read_text())["ports"]["imap"]
    assert acknowledged(folder, 0) == ""
    for generation, (routes, down) in enumerate([({"imap": {"refuse": True}}, True), ({}, False)], 1):
        (folder / "faults.json").write_text(json.dumps({"generation": generation, "routes": routes}))
        process.send_signal(signal.SIGHUP)
        assert acknowledged(folder, generation) == ""
        assert (refused(port), refused(port, "::1")) == (down, down)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"generation": 4, "routes": {"imapp": {}}}', "fault proxy: faults.json: no route 'imapp'; known are imap"),
        ('{"generation": 4, "routes": {"imap": {"cut": "2"}}}', "fault proxy: faults.json: route imap: cut wants int, not '2'"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(folder: Path, process: subprocess.Popen[bytes], content: str, said: str) -> None:
    acknowledged(folder, 0)
    (folder / "faults.json").write_text(content)
    process.send_signal(signal.SIGHUP)
    assert acknowledged(folder, 4) == said
    assert not refused(json.loads((folder / "lab.json").read_text())["ports"]["imap"])


def test_a_port_in_use_is_one_clear_line(folder: Path) -> None:
    lab = json.loads((folder / "lab.json").read_text())
    with socket.socket() as other:
        other.bind((HOST, lab["ports"]["imap"]))
        other.listen()
        done = subprocess.run([sys.executable, "-m", "lab.proxy", "--dir", folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"fault proxy: port {lab['ports']['imap']} (imap) on {HOST}: Address already in use\n")
