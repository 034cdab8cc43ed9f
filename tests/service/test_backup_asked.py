"""What `probe backup` makes of a service's answers: its progress on a terminal, a file that is elsewhere, a refusal."""

from __future__ import annotations

import json
import tarfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from service import cli
from service.show.progress import ERASE
from tests.service.peers import Peer, peer
from tests.service.test_terminal import on_a_terminal

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

MEGABYTE = 1_000_000
OTHER_FOLDERS = "it sees other folders than this command (a container, or PrivateTmp): name a file beside its store"


@contextmanager
def answering(backup: Callable[[Path | None], tuple[int, object]], target: Path | None = None) -> Iterator[str]:
    """Serve as a control API whose store has 100 MB, and which makes its backups so; yield its URL."""

    def behave(one: Peer, connection: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked or (asked.startswith(b"POST") and not asked.endswith(b"}")):
            asked += connection.recv(65_536)
        one.heard.append(asked)
        status, body = backup(target) if asked.startswith(b"POST /api/v1/backup") else (200, {"store": {"file_bytes": 100 * MEGABYTE}})
        data = json.dumps(body).encode()
        connection.sendall(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (status, len(data), data))

    with peer(behave) as server:
        yield f"http://127.0.0.1:{server.port}"


def slowly(target: Path | None) -> tuple[int, object]:
    """Write 60 MB, wait, and end."""
    assert target is not None
    partial = target.with_name(f"{target.name}.partial")
    with partial.open("wb") as file:
        file.truncate(60 * MEGABYTE)
    time.sleep(3)
    with tarfile.open(partial, "w") as tar:
        tar.addfile(tarfile.TarInfo("store/t.db"))
        tar.addfile(tarfile.TarInfo("manifest.json"))
    partial.rename(target)
    return 200, {"done": "saved"}


def test_progress_on_a_terminal_while_the_service_packs(tmp_path: Path) -> None:
    target = tmp_path / "saved.tar"
    with answering(slowly, target) as url:
        shown = on_a_terminal("backup", str(target), "--url", url)
    assert f"{ERASE}[{'#' * 18}{'.' * 12}] 60/100 MB, 2 s" in shown
    bars, _, rest = shown.rpartition(ERASE)
    assert rest.replace("\r\n", "").startswith(f"saved t.db in {target} (")
    assert "saved t.db" not in bars


def elsewhere(_: Path | None) -> tuple[int, object]:
    return 200, {"done": "saved"}


def refuses(_: Path | None) -> tuple[int, object]:
    return 503, {"detail": "another backup is under way: wait until it has ended"}


@pytest.mark.parametrize(
    ("backup", "said"),
    [
        (elsewhere, f"the service has written {{}}, but not here: {OTHER_FOLDERS}"),
        (refuses, "another backup is under way: wait until it has ended"),
    ],
)  # fmt: skip
def test_what_the_service_says_of_it(
    backup: Callable[[Path | None], tuple[int, object]], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "saved.tar"
    with answering(backup) as url:
        assert cli.run(["backup", str(target), "--url", url]) == 3
    assert capsys.readouterr() == ("", f"probe: {said.format(target)}\n")


def test_nothing_is_written_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["backup", "-"]) == 3
    said = "probe: a backup is a file, whole or not there at all: name one (see: probe backup --help)\n"
    assert capsys.readouterr() == ("", said)
