"""The yardstick of measurement_error tells what it took itself, not what the prober took, however late it runs."""

import os
import signal
import socket
from subprocess import check_output
from time import sleep

import pytest

from bench import delay_server


def visit(port: int, *, thinking: float = 0.0, commands: tuple[bytes, ...] = (b"EHLO x\r\n", b"QUIT\r\n")) -> str:
    """Hold a conversation, thinking before each command; return the address that was dialled."""
    with socket.create_connection(("127.9.8.7", port), 5) as peer:
        assert peer.recv(100) == delay_server.GREETING
        for command in commands:
            sleep(thinking)
            peer.sendall(command)
            assert peer.recv(100).startswith(b"2")
    return "127.9.8.7"


def test_the_injected_delay_is_in_hello_alone() -> None:
    with delay_server.running() as (port, took):
        address = visit(port)
    greeting, hello, quit_ = took[address]
    assert hello >= delay_server.DELAY_SECONDS
    assert 0 <= greeting < hello
    assert 0 <= quit_ < hello


def test_what_the_client_thinks_is_not_laid_to_the_server() -> None:
    with delay_server.running() as (port, took):
        address = visit(port, thinking=0.3)
    assert sum(took[address]) < 0.3


def test_a_server_that_runs_late_says_by_how_much() -> None:
    with delay_server.running() as (port, took), socket.create_connection(("127.9.8.7", port), 5) as peer:
        peer.recv(100)
        process = _server()
        os.kill(process, signal.SIGSTOP)
        peer.sendall(b"EHLO x\r\n")
        sleep(0.2)
        os.kill(process, signal.SIGCONT)
        assert peer.recv(100) == delay_server.HELLO
        peer.sendall(b"QUIT\r\n")
        assert peer.recv(100) == delay_server.BYE
    assert 0.2 <= took["127.9.8.7"][1] < 5


def test_a_visit_that_breaks_off_has_no_truth() -> None:
    with delay_server.running() as (port, took):
        visit(port, commands=(b"EHLO x\r\n",))
    assert took == {}


def test_who_may_not_go_first_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    delay_server.go_first()
    said = "delay_server: may not go before others (CAP_SYS_NICE): its waits to accept count as errors of the probers\n"
    assert capsys.readouterr().err == said


def _server() -> int:
    """Return the process id of the one delay_server among our children."""
    children = check_output(["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], text=True).splitlines()
    return next(int(line.split()[0]) for line in children if "bench.delay_server" in line)
