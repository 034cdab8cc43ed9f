"""`probe run` against peers that speak something else, never stop talking, or never answer while somebody presses Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.service.peers import ROOT, Peer, peer, probe, says

if TYPE_CHECKING:
    import socket

HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
MEBIBYTE = 1 << 20
# The command, and then its own peak of memory in KiB: wait4 would give this process's, which a child inherits until it has more.
WITH_PEAK = """
import atexit, sys
from pathlib import Path
from service.cli import main

atexit.register(lambda: print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0], file=sys.stderr))
main()
"""


def fault_of(url: str) -> tuple[int, dict[str, str]]:
    run = probe("run", url, "--format", "json", "--timeout", "5s")
    assert run.stderr == ""
    fault: dict[str, str] = json.loads(run.stdout)["checks"][0]["fault"]
    return run.returncode, fault


@pytest.mark.parametrize("kind", ["smtp", "lmtp", "submission", "imap", "pop3"])
@pytest.mark.parametrize(("name", "banner"), [("HTTP", HTTP), ("SSH", SSH)])
def test_a_server_of_another_protocol_is_named(kind: str, name: str, banner: bytes) -> None:
    with peer(says(banner)) as other:
        code, fault = fault_of(f"{kind}://127.0.0.1:{other.port}")
    assert (code, fault["kind"], fault["step"]) == (2, "PROTOCOL", "greeting")
    assert fault["said"].startswith(f"speaks {name}, not ")


def test_plain_text_where_tls_is_expected() -> None:
    with peer(says(b"220 mail ready\r\n")) as other:
        code, fault = fault_of(f"smtps://127.0.0.1:{other.port}")
    assert (code, fault["kind"], fault["step"]) == (2, "TLS", "tls")


def flood(line: bytes) -> object:
    def behave(one: Peer, connection: socket.socket) -> None:
        sent = 0
        while sent < 1024 * MEBIBYTE:
            connection.sendall(line)
            sent += len(line)
        one.listen(connection)

    return behave


@pytest.mark.parametrize("line", [b"x" * 65_536, b"220-and more\r\n" * 4_096], ids=["endless line", "endless lines"])
@pytest.mark.parametrize("kind", ["smtp", "imap", "pop3"])
def test_a_gigabyte_of_answer_is_cut_off_and_memory_stays_bounded(kind: str, line: bytes) -> None:
    with peer(flood(line)) as other:  # type: ignore[arg-type] # a closure of the right shape
        url = f"{kind}://127.0.0.1:{other.port}"
        command = [sys.executable, "-c", WITH_PEAK, "run", url, "--format", "json"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    fault = json.loads(run.stdout)["checks"][0]["fault"]
    assert (run.returncode, fault["kind"], fault["step"]) == (2, "PROTOCOL", "greeting")
    assert len(fault["said"]) <= 500
    assert int(run.stderr) < 100 * 1024


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupt(process: subprocess.Popen[str], by: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
    process.send_signal(by)
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("kind", "banner", "farewell"),
    [("smtp", b"220 ready\r\n", b"QUIT"), ("imap", b"* OK ready\r\n", b"bye LOGOUT"), ("pop3", b"+OK ready\r\n", b"QUIT")],
)
def test_ctrl_c_ends_each_connection_by_its_farewell(kind: str, banner: bytes, farewell: bytes) -> None:
    with peer(says(banner)) as silent:
        process = start("run", f"{kind}://127.0.0.1:{silent.port}")
        assert silent.spoken.wait(10)
        assert interrupt(process) == (130, "", "")
        assert silent.gone.wait(5)
    assert silent.heard[-1] == farewell


def test_a_supervisor_gets_the_same_politeness() -> None:
    with peer(says(b"220 ready\r\n")) as silent:
        process = start("run", f"smtp://127.0.0.1:{silent.port}")
        assert silent.spoken.wait(10)
        assert interrupt(process, signal.SIGTERM) == (143, "", "")
        assert silent.gone.wait(5)
    assert silent.heard[-1] == b"QUIT"


def test_ctrl_c_ends_a_watch() -> None:
    def behave(one: Peer, connection: socket.socket) -> None:
        connection.sendall(b"554 go away\r\n")
        one.listen(connection)

    with peer(behave) as refusing:
        process = start("run", f"smtp://127.0.0.1:{refusing.port}", "--watch", "--every", "1s", "--format", "json")
        assert process.stdout is not None
        reports = [json.loads(process.stdout.readline()) for _ in range(3)]
        code, _, err = interrupt(process)
    assert (code, err) == (130, "")
    assert [report["checks"][0]["fault"]["kind"] for report in reports] == ["PERMANENT"] * 3
    assert len({report["started_at"] for report in reports}) == 3
