"""An incident of a running `probe serve`, from the first bad verdict to the far end of a channel: told, acknowledged by link, closed."""

from __future__ import annotations

import http.client
import json
import socket
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from service import cli
from tests.service.serving import serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.service.serving import Serving

KEEP = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"
CONFIGURATION = """site: berlin
servers:
  imap: {{kind: imap, host: 127.0.0.1, port: {port}}}
domains:
  - {{name: abc.example, servers: [imap], mailbox: {{address: probe@abc.example, password: {{file: password}}}}}}
checks: {{every: 1s, timeout: 500ms}}
incidents: {{again: 1s, gather: 1s}}
store: {{path: t.db}}
metrics: {{listen: "127.0.0.1:0"}}
console: {{listen: "127.0.0.1:0"}}
notify:
  console_url: https://mon.isp.example
  channels:
    keep: {{kind: command, command: [{python}, -c, "{keep}", {told}]}}
    broken: {{kind: command, command: [/nonexistent/pager], deadline: 1s}}
  routes:
    - {{to: [[broken, keep]]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    return tmp_path


@pytest.fixture
def service(folder: Path) -> Iterator[Serving]:
    """Return a service whose one server refuses every connection."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening: whoever connects is refused, and nobody else gets the port
        words = {"port": taken.getsockname()[1], "python": sys.executable, "keep": KEEP, "told": folder / "told.json"}
        (folder / "mailsonde.yml").write_text(CONFIGURATION.format(**words))
        with serving(folder / "mailsonde.yml") as running:
            assert running.says("ready"), running.lines
            yield running
            assert running.end() < 5


def notices(folder: Path) -> list[dict[str, Any]]:
    """What has arrived at the far end."""
    file = folder / "told.json"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def probe(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command says, as JSON."""
    assert cli.run([*words, "--format", "json"]) == 0, capsys.readouterr()
    return json.loads(capsys.readouterr().out)


def pressed(service: Serving, link: str, method: str) -> int:
    """Follow a link of a notice to where the service really listens; return the status."""
    [line] = [line for line in service.lines if "the control API is served" in line]
    place = urlsplit(line.partition("url=")[2].strip('"')).netloc
    connection = http.client.HTTPConnection(place, timeout=10)
    try:
        connection.request(method, urlsplit(link).path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_incident_is_told_acknowledged_and_closed(service: Serving, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert until(lambda: bool(notices(folder))), service.lines
    opening = notices(folder)[0]
    (listed,) = probe(capsys, "incidents", "list")
    assert (listed["id"], listed["level"], listed["failing"]) == (opening["incident"], "CRITICAL", ["abc.example/imap"])

    story = probe(capsys, "incidents", "show", listed["id"])
    told = {one["channel"]: (one["state"], one["said"]) for one in story["deliveries"]}
    assert told["broken"][0] in {"refused", "taken-over"}
    assert told["keep"] == ("sent", f"{sys.executable} ended with exit code 0")

    link = opening["links"]["acknowledge"]
    assert [pressed(service, link, method) for method in ("GET", "POST", "POST")] == [200, 200, 409]
    assert probe(capsys, "incidents", "show", listed["id"])["acknowledged"]["by"] == "link over keep"

    assert service.series("mailsonde_incidents_open")['{site="berlin",level="CRITICAL"}'] == 1
    assert service.series("mailsonde_deliveries_total")['{site="berlin",channel="keep",result="sent"}'] >= 1

    probe(capsys, "incidents", "close", listed["id"], "--why", "tried enough")
    assert until(lambda: notices(folder)[-1]["kind"] == "closed"), notices(folder)
    assert probe(capsys, "incidents", "list") == []


def test_a_silence_a_route_and_a_test_of_a_running_service(service: Serving, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert until(lambda: bool(notices(folder))), service.lines
    (silence,) = probe(capsys, "silence", "add", "--server", "imap", "--until", "1h", "--reason", "quiet now")
    assert until(lambda: bool(probe(capsys, "incidents", "list")[0]["muted"]))
    probe(capsys, "silence", "expire", silence["id"])
    assert until(lambda: not probe(capsys, "incidents", "list")[0]["muted"])
    (window,) = probe(capsys, "maintenance", "add", "--all", "--until", "1h", "--reason", "new disks")
    assert [one["id"] for one in probe(capsys, "maintenance", "list")] == [window["id"]]
    assert probe(capsys, "notify", "route", "--server", "imap")["chains"] == [["broken", "keep"]]
    (tried,) = probe(capsys, "notify", "test", "keep")
    assert tried["proof"] == f"{sys.executable} ended with exit code 0"
    assert {one["name"] for one in probe(capsys, "notify", "channels")} >= {"keep", "broken"}
