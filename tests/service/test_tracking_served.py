"""`probe serve` that follows logs, for real: its process, its metrics, imports by hand through it, and what kills leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.conftest import ROOT
from tests.service.serving import Serving, serving, until
from tests.tracking.made import log, message

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 60.0  # the machine may be busy, and the process gives way
DNS = {"dns": {"kind": "dns", "host": "127.0.0.1", "port": 1, "query": {"name": "a.example", "type": "MX"}}}


def configured(folder: Path) -> Path:
    """Write a configuration that follows mail.log*."""
    plan = {
        "servers": DNS,
        "domains": [{"name": "a.example", "servers": ["dns"]}],
        "metrics": {"listen": "127.0.0.1:0"},
        "tracking": {"sources": [{"name": "mx", "paths": ["mail.log*"], "format": "postfix"}]},
    }
    file = folder / "mailsonde.yml"
    file.write_text(yaml.safe_dump(plan), "utf-8")
    return file


@contextmanager
def following(folder: Path, messages: int = 3) -> Iterator[Serving]:
    """Run a service that has read a log of some messages."""
    log(folder / "mail.log", range(messages))
    with serving(configured(folder)) as service:
        assert service.says("ready")
        assert until(lambda: lines_of(service) == 7 * messages, PATIENCE_SECONDS), service.lines
        yield service


def lines_of(service: Serving) -> float:
    return service.series("mailsonde_tracking_lines").get('{site="local",source="mx"}', -1.0)


def child_of(service: Serving) -> int:
    """Return the process that follows."""
    [child] = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text("ascii").split()
    return int(child)


def lives(pid: int) -> bool:
    try:
        return "(Z" not in Path(f"/proc/{pid}/stat").read_text("utf-8").replace(") Z", "(Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


def probe(folder: Path, *words: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "service.cli", "track", *words, "--config", str(folder / "mailsonde.yml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=environment)
    return done.returncode, done.stdout, done.stderr


def status(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(probe(folder, "status", "--format", "json")[1])
    return found


def test_a_log_is_followed_and_imports_go_through_the_service(tmp_path: Path) -> None:
    other = log(tmp_path / "elsewhere.txt", range(50, 54), server="mx9")
    with following(tmp_path) as service:
        with (tmp_path / "mail.log").open("a") as file:
            file.writelines(f"{line}\n" for line in message(3))
        assert until(lambda: lines_of(service) == 28, PATIENCE_SECONDS)
        code, out, err = probe(tmp_path, "import", str(other), "none")
        assert (code, err) == (1, f"probe: {tmp_path}/none: no such file or folder\n")
        assert out.splitlines()[0] == f"1 file read into {tmp_path}/lake: 28 lines = 24 events + 4 noise + 0 not understood"
        assert out.splitlines()[1].startswith("4 flows made or changed; ")
        code, _, err = probe(tmp_path, "import", str(other), "--format", "nonsense")
        assert (code, err[:47]) == (3, "probe: there is no format 'nonsense': there are")
        found = status(tmp_path)
        assert found["following"]["state"]["sources"][0]["lines"] == 28
        assert [one["lines"] for one in found["imports"]] == [28]
        shown = probe(tmp_path, "status")[1]
        assert "mx " in shown
        assert "followed" in shown
        assert service.end() < 5.0


def test_a_service_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    with following(tmp_path) as service:
        child = child_of(service)
        service.end(signal.SIGKILL)
        assert until(lambda: not lives(child), 10.0)


def test_the_process_is_started_again_and_goes_on(tmp_path: Path) -> None:
    with following(tmp_path) as service:
        child = child_of(service)
        os.kill(child, signal.SIGKILL)
        with (tmp_path / "mail.log").open("a") as file:
            file.writelines(f"{line}\n" for line in message(3))
        assert until(lambda: lines_of(service) == 28, PATIENCE_SECONDS)
        assert service.series("mailsonde_tracking_starts_total") == {'{site="local"}': 2.0}
        assert service.says("following logs has ended, it begins again")


def test_another_writer_is_refused_in_one_line(tmp_path: Path) -> None:
    with following(tmp_path):
        (tmp_path / "other.yml").write_text("store: {path: other.db}\n")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "service.cli", "track", "import", "mail.log", "--lake", "lake", "--config", "other.yml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, env=environment)
        assert done.returncode == 3
        assert done.stderr.startswith("probe: the lake lake is being written by process ")
        assert done.stderr.count("\n") == 1
