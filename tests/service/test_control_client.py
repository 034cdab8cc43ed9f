"""The client of the control API: one clear line for whatever keeps a command from its service."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from probe.values import Secret
from service import control_client
from service.control_client import ControlError, NotRunning, at_socket, at_url
from tests.service.peers import Peer, peer

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "127.0.0.1"


def failing(control: control_client.Control) -> ControlError:
    with pytest.raises(ControlError) as error:
        control.get("/status", since=None)
    return error.value


def saying(data: bytes) -> tuple[list[bytes], object]:
    heard: list[bytes] = []

    def behave(_: Peer, connection: socket.socket) -> None:
        heard.append(connection.recv(65_536))
        connection.sendall(data)

    return heard, behave


def test_no_socket(tmp_path: Path) -> None:
    error = failing(at_socket(tmp_path / "mailsonde.sock"))
    assert isinstance(error, NotRunning)
    assert str(error) == f"the service does not run (no socket at {tmp_path}/mailsonde.sock)"


def test_a_socket_that_nobody_listens_on(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    error = failing(at_socket(path))
    assert isinstance(error, NotRunning)
    assert str(error) == f"the service does not run (nobody listens on {path})"


def test_a_socket_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        path.chmod(0o600)
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        code = f"""
import os
from pathlib import Path
from service.control_client import ControlError, at_socket
os.getuid() or os.setuid(65534)
try:
    at_socket(Path({str(path)!r})).get("/status")
except ControlError as error:
    print(error)
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    assert done.stdout == f"{path} is for root and the user of the service alone: run this as one of them\n"


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 30)
    assert str(failing(at_socket(path))) == f"{path} cannot be opened: AF_UNIX path too long"


def test_a_host_that_refuses() -> None:
    with socket.create_server((LOCAL, 0)) as gone:
        port = gone.getsockname()[1]
    assert str(failing(at_url(f"http://{LOCAL}:{port}"))) == f"http://{LOCAL}:{port} cannot be reached: connection refused"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("prober.example:8025", "--url 'prober.example:8025' is not of the form https://HOST:PORT"),
        ("ftp://prober.example", "--url 'ftp://prober.example' is not of the form https://HOST:PORT"),
        ("http://", "--url 'http://' is not of the form https://HOST:PORT"),
        ("http://x:y@prober.example", "--url 'http://x:y@prober.example' is not of the form https://HOST:PORT"),
        ("http://prober.example:eighty", None),
        ("http://[::1", None),
    ],
)
def test_a_url_that_is_none(url: str, said: str | None) -> None:
    with pytest.raises(ControlError) as error:
        at_url(url)
    assert str(error.value).startswith(said or f"--url {url!r}: ")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", "http://{where} wants another token"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\n<html", "http://{where} is not a Mailsonde service (HTTP 404)"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<html", "http://{where} is not a Mailsonde service (HTTP 200)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "http://{where} broke the connection off (BadStatusLine)"),
        (b"", "http://{where} broke the connection off (RemoteDisconnected)"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{", "http://{where} broke the connection off (IncompleteRead)"),
        (b'HTTP/1.1 409 Conflict\r\ncontent-length: 20\r\n\r\n{"detail": "a\\nb c"}', "a\nb c"),
    ],
)
def test_what_comes_instead_of_an_answer(answer: bytes, said: str) -> None:
    heard, behave = saying(answer)
    with peer(behave) as server:  # type: ignore[arg-type] # a behaviour, made above
        where = f"{LOCAL}:{server.port}"
        assert str(failing(at_url(f"http://{where}", Secret("t0ken")))) == said.format(where=where)
    assert heard[0].startswith(b"GET /api/v1/status HTTP/1.1\r\n")
    assert b"authorization: Bearer t0ken\r\n" in heard[0]


def test_a_service_below_a_proxys_path() -> None:
    heard, behave = saying(b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"site": 1}')
    with peer(behave) as server:  # type: ignore[arg-type] # a behaviour, made above
        assert at_url(f"http://{LOCAL}:{server.port}/below/").get("/status") == {"site": 1}
    assert heard[0].startswith(b"GET /below/api/v1/status HTTP/1.1\r\n")
    assert b"authorization" not in heard[0]


def test_a_service_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_client, "PATIENCE_SECONDS", 0.2)
    with socket.create_server((LOCAL, 0)) as mute:
        url = f"http://{LOCAL}:{mute.getsockname()[1]}"
        assert str(failing(at_url(url))) == f"{url} did not answer within 0.2 s"


def test_the_token_shows_nowhere() -> None:
    assert "t0ken" not in repr(at_url("http://prober.example", Secret("t0ken")))
