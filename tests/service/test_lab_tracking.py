"""The lab with tracking on: what hub keeps back is blamed on hub, with its lines; at once, or when its log is read at last."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from service import cli
from service.control_client import at_socket
from tests.conftest import ROOT
from tests.service.serving import configuration, serving, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.control_client import Control
    from tests.conftest import Lab
    from tests.service.serving import Serving

pytestmark = pytest.mark.lab
SERVERS = ("mx", "hub", "edge", "dovecot")
PATIENCE_SECONDS = 240.0  # a late trip takes a minute, and the process that follows gives way
TRUSTED_SECONDS = 60.0  # at a stretch: within them what hub keeps back must be blamed on it
SLOW = {"checks": {"every": "20s", "timeout": "5s"}, "roundtrip": {"every": "10s", "late_after": "60s", "lost_after": "5m"}}


def followed(lab: Lab, folder: Path) -> Path:
    """Write the lab's configuration with its logs as sources."""
    sources = [{"name": name, "paths": [str(lab.dir / "log" / f"{name}.log")]} for name in SERVERS]
    incidents = {"again": "1s", "gather": "2s"}
    return configuration(lab, folder, tracking={"sources": sources, "memory": "512MiB"}, incidents=incidents, **SLOW)


def changes(file: Path, incident: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert cli.run(["incidents", "show", incident, "--config", str(file), "--format", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["history"]
    return found


def fault(lab: Lab, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab", *words, "--dir", str(lab.dir)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def incidents(file: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert cli.run(["incidents", "list", "--config", str(file), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    listed: list[dict[str, Any]] = found["incidents"] if isinstance(found, dict) else found
    return listed


def hops(service: Serving) -> set[str]:
    """Return the servers of which stays were counted."""
    return {label.partition('server="')[2].partition('"')[0] for label in service.series("mailsonde_tracking_hop_seconds_count")}


def trusted(service: Control, blamed: Callable[[], bool]) -> float:
    """Wait for the blame; return for how long at a stretch the prober trusted itself: what it saw in doubt it blames on nobody."""
    longest, since, end = 0.0, time.monotonic(), time.monotonic() + PATIENCE_SECONDS
    while not blamed() and time.monotonic() < end:
        if service.get("/status")["sick"]:
            since = time.monotonic()
        longest = max(longest, time.monotonic() - since)
        time.sleep(0.2)
    return longest


def evidence(lab: Lab, incident: dict[str, Any]) -> bool:
    """Say whether it is blamed on hub, with a line of its log."""
    cause = incident["cause"]
    return cause["name"].startswith("hub") and any(f"{lab.dir}/log/hub.log:" in sentence for sentence in cause["evidence"])


@contextmanager
def held(lab: Lab) -> Iterator[None]:
    """Have hub keep back what comes."""
    fault(lab, "fault", "held")
    try:
        yield
    finally:
        fault(lab, "clear", "held")


def opened(file: Path, folder: Path, kinds: set[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the incidents with a cause of such a kind, as soon as there are any."""
    found: list[dict[str, Any]] = []

    def blamed() -> bool:
        found[:] = [one for one in incidents(file, capsys) if one["cause"]["kind"] in kinds]
        return bool(found)

    seconds = trusted(at_socket(folder / "t.sock"), blamed)
    if not found and seconds < TRUSTED_SECONDS:
        pytest.skip("the prober itself is in doubt: other programs take this machine's processors")
    assert found, incidents(file, capsys)
    return found


def follows(service: Serving) -> bool:
    return until(lambda: any(name.startswith("hub") for name in hops(service)), PATIENCE_SECONDS)


def test_what_hub_keeps_back_is_blamed_on_hub_with_its_lines(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = followed(lab, tmp_path)
    with serving(file) as service:
        assert service.says("ready")
        assert follows(service), service.lines
        with held(lab):
            found = opened(file, tmp_path, {"hop"}, capsys)
        assert evidence(lab, found[0]), found


def test_a_way_is_narrowed_to_hub_when_its_log_is_read_at_last(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = followed(lab, tmp_path)
    with serving(file) as service:
        assert service.says("ready")
        assert follows(service), service.lines
        follower = int(Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text("ascii"))
        os.kill(follower, signal.SIGSTOP)
        with held(lab):
            vague = {one["id"] for one in opened(file, tmp_path, {"path", "check"}, capsys)}
            os.kill(follower, signal.SIGCONT)
            found = opened(file, tmp_path, {"hop"}, capsys)
        assert (found[0]["id"] in vague, evidence(lab, found[0])) == (True, True), found
        assert any("now known: hub holds up" in one["said"] for one in changes(file, found[0]["id"], capsys))
