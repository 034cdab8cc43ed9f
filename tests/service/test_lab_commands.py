"""`probe status`, `backup`, `restore` and `run --like` beside a running service on the real lab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lab import faults
from service.control_client import at_socket
from tests.service.peers import probe
from tests.service.serving import END_SECONDS, configuration, serving, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
IMAP = {f"{domain}.test/imap" for domain in ("alpha", "beta", "gamma")}
TOKEN = "a long and secret token"


def calm(lab: Lab, folder: Path) -> Path:
    """Write a configuration by which a busy machine alone makes nothing bad."""
    checks = {"every": "3s", "timeout": "2900ms"}
    slow = {"every": "3s", "late_after": "2m", "lost_after": "5m"}
    return configuration(lab, folder, trips=[], checks=checks, roundtrip=slow, thresholds=[], calendars={})


def status(file: Path, *options: str, code: int) -> str:
    """Return what it says once it ends with this exit code, as it should before long; nothing on standard error."""
    said: list[str] = []

    def ended() -> bool:
        done = probe("status", "--config", str(file), *options)
        said[:] = [done.stdout, done.stderr]
        return done.returncode == code

    assert until(ended, 40.0), said
    assert said[1] == ""
    return said[0]


def test_status_says_what_is_bad_and_what_is_well_again(lab: Lab, tmp_path: Path) -> None:
    file = calm(lab, tmp_path)
    with serving(file) as service:
        assert service.says("event=ready"), service.lines
        well = status(file, code=0).splitlines()
        assert (well[0], len(well)) == ("lab: 28 checks: 28 OK; 3 trips: 3 OK", 2)
        assert status(file, "--bad", code=0) == ""
        faults.inject(lab.ground, ["imap-refusing"])
        try:
            assert until(lambda: "3 CRITICAL" in status(file, code=2))
            bad, told = status(file, "--bad", code=2), json.loads(status(file, "--bad", "--format", "json", code=2))
        finally:
            faults.clear(lab.ground)
        assert bad.count("no connection to imap.lab.test: Connection refused") == 3
        assert {one["check"] for one in told["checks"] if one["level"] == "CRITICAL"} >= IMAP
        whole = json.loads(status(file, "--format", "json", code=0))
        assert (whole["level"], len(whole["checks"]), len(whole["trips"])) == ("OK", 28, 3)
        assert service.end() < END_SECONDS
    gone = probe("status", "--config", str(file))
    said = f"probe: the service does not run (no socket at {tmp_path}/t.sock): start it with `probe serve`\n"
    assert (gone.returncode, gone.stdout, gone.stderr) == (3, "", said)


def test_from_afar_with_its_token_alone(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "token").chmod(0o600)
    console = {"listen": "127.0.0.1:0", "token": {"file": "token"}}
    with serving(configuration(lab, tmp_path, console=console)) as service:
        assert service.says("event=ready"), service.lines
        url = next(line for line in service.lines if "control API" in line).partition("url=")[2].strip('"')
        asked = probe("status", "--url", url, "--token-file", str(tmp_path / "token"))
        assert asked.stdout.startswith("lab: 28 checks: ")
        refused = probe("status", "--url", url)
        assert (refused.returncode, refused.stderr) == (3, f"probe: {url} wants another token\n")
        saved = probe("backup", str(tmp_path / "saved.tar"), "--url", url, "--token-file", str(tmp_path / "token"))
        said = "probe: a backup is written on the service's own host: ask for it there, over its socket\n"
        assert (saved.returncode, saved.stderr) == (3, said)
        assert TOKEN not in asked.stdout + refused.stderr + saved.stderr
        assert service.end() < END_SECONDS


def test_a_backup_made_while_it_serves_is_served_elsewhere(lab: Lab, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    file = configuration(lab, here)
    with serving(file) as service:
        assert until(lambda: service.says("event=ready") and sum(service.series("mailsonde_store_committed_results_total").values()) > 60)
        first = at_socket(here / "t.sock").get("/runs", limit=500, check="alpha.test/imap")["items"][-1]
        saved = probe("backup", str(tmp_path / "saved.tar"), "--config", str(file))
        assert (saved.returncode, saved.stderr) == (0, "")
        assert "level=error" not in service.log.read_text()
        assert service.end() < END_SECONDS
    assert probe("restore", str(tmp_path / "saved.tar"), "--into", str(there)).returncode == 0
    restored = there / "keys/mailsonde.yml"
    plan = yaml.safe_load(restored.read_text())
    plan["store"]["path"], plan["identity"] = "../t.db", {"key": {"file": "probe.key"}}  # as `restore` has said
    restored.write_text(yaml.safe_dump(plan))
    with serving(restored) as service:
        assert service.says("event=ready"), service.lines
        control = at_socket(there / "t.sock")
        assert control.get(f"/runs/{first['run']}")["started_at"] == first["started_at"]
        assert until(lambda: control.get("/runs", limit=1)["items"][0]["run"] > first["run"])
        assert service.end() < END_SECONDS


def like(file: Path, run: str, code: int) -> dict[str, Any]:
    """Return what is compared; it is repeated until it ends with this exit code, as it should before long."""
    said: list[str] = []

    def ended() -> bool:
        done = probe("run", "--config", str(file), "--format", "json", "--like", run)
        said[:] = [done.stdout, done.stderr]
        return done.returncode == code

    assert until(ended), said
    found: dict[str, Any] = json.loads(said[0])
    return found


def test_a_kept_run_is_repeated_and_compared_with_the_service_and_without(lab: Lab, tmp_path: Path) -> None:
    file = calm(lab, tmp_path)
    faults.inject(lab.ground, ["imap-refusing"])
    try:
        with serving(file) as service:
            assert service.says("event=ready"), service.lines
            broken = like(file, "alpha.test/imap:first_bad", 2)
            faults.clear(lab.ground)
            asked = like(file, str(broken["then"]["run"]), 0)
            assert service.end() < END_SECONDS
    finally:
        faults.clear(lab.ground)
    opened = like(file, str(broken["then"]["run"]), 0)
    assert opened["then"] == asked["then"] == broken["then"]
    assert (asked["then"]["fault"]["kind"], asked["now"]["level"]) == ("CONNECT", "OK")
    assert {line["mark"] for line in asked["lines"]} == {"new"}
    table = probe("run", "--config", str(file), "--like", str(broken["then"]["run"])).stdout
    assert "connect" in table
    assert lab.password("alpha.test") not in table + json.dumps([asked, opened])
