"""The lab with tracking on: trips are followed through the servers' own logs, and what hub keeps back is blamed on hub, with its lines."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from service import cli
from service.control_client import at_socket
from tests.conftest import ROOT
from tests.service.serving import configuration, serving, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_what_hub_keeps_back_is_blamed_on_hub_with_its_lines(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = followed(lab, tmp_path)
    with serving(file) as service:
        assert service.says("ready")
        assert until(lambda: any(name.startswith("hub") for name in hops(service)), PATIENCE_SECONDS), service.lines
        fault(lab, "fault", "held")
        try:
            found: list[dict[str, Any]] = []

            def blamed() -> bool:  # at once, or as a way that turns out to end there
                found[:] = [one for one in incidents(file, capsys) if one["cause"]["kind"] == "hop"]
                return bool(found)

            seconds = trusted(at_socket(tmp_path / "t.sock"), blamed)
            if not found and seconds < TRUSTED_SECONDS:
                pytest.skip("the prober itself is in doubt: other programs take this machine's processors")
            assert found, (incidents(file, capsys), service.lines[-5:])
        finally:
            fault(lab, "clear", "held")
        cause = found[0]["cause"]
        assert cause["name"].startswith("hub")
        assert any(f"{lab.dir}/log/hub.log:" in sentence for sentence in cause["evidence"]), cause
