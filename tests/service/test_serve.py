"""`probe serve` on the real lab: it probes, remembers, shows, reloads and ends; what keeps it from starting is one line."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from lab import faults
from probe.values import Secret
from service.control_client import ControlError, at_socket, at_url
from tests.conftest import ROOT
from tests.service.serving import END_SECONDS, Serving, configuration, discovering, serving, until

if TYPE_CHECKING:
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
SCRAPE_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"


def counted(path: Path, table: str) -> int:
    """Return how many rows a table of a store that nobody holds has."""
    with sqlite3.connect(path) as store:
        return int(store.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own name


def test_it_probes_remembers_shows_and_ends(lab: Lab, tmp_path: Path) -> None:
    with serving(configuration(lab, tmp_path)) as service:
        assert service.says("event=ready"), service.lines
        assert service.get("/-/ready") == (200, "ready\n")
        assert service.get("/-/healthy") == (200, "healthy\n")
        assert until(lambda: sum(service.series("mailsonde_trip_outcomes_total").values()) >= 4), service.lines
        assert until(lambda: len(service.series("probe_success")) == 28)
        assert set(service.series("probe_success").values()) == {1.0}
        assert service.end() < END_SECONDS
        assert service.process.returncode == 0
        assert not [line for line in service.lines if "level=error" in line]
        assert "traceback" not in service.log.read_text()
    assert counted(tmp_path / "t.db", "runs") >= 28
    assert counted(tmp_path / "t.db", "trips") >= 4


def test_a_good_configuration_is_taken_and_a_bad_one_leaves_all_as_it_is(lab: Lab, tmp_path: Path) -> None:
    file = configuration(lab, tmp_path)
    good = file.read_text()
    with serving(file) as service:
        assert service.says("event=ready")
        file.write_text(good + "surprise: 1\n")
        status, said = service.get("/-/reload", "POST")
        assert status == 500
        assert "surprise: is not known here" in said
        assert service.series("mailsonde_config_last_reload_successful") == {'{site="lab"}': 0.0}
        begun = service.series("mailsonde_schedule_lateness_seconds_count")
        file.write_text(good.replace("every: 1s", "every: 3s"))
        service.process.send_signal(signal.SIGHUP)
        assert service.says("the configuration was taken")
        assert service.series("mailsonde_config_last_reload_successful") == {'{site="lab"}': 1.0}
        after = service.series("mailsonde_schedule_lateness_seconds_count")
        assert all(after[labels] >= count for labels, count in begun.items())  # no counter begins anew
        assert service.end() < END_SECONDS


def test_a_scrape_that_cannot_wait_gets_what_the_silent_server_is_to_blame_for(lab: Lab, tmp_path: Path) -> None:
    faults.inject(lab.ground, ["imap-silent"])
    try:
        with serving(configuration(lab, tmp_path, checks={"every": "1m", "timeout": "5s"})) as service:
            assert service.says("event=ready")
            limited = urllib.request.Request(service.base + "/probe?target=alpha.test/imap", headers={SCRAPE_TIMEOUT: "1.5"})  # noqa: S310 - our own
            with urllib.request.urlopen(limited, timeout=10) as answer:  # noqa: S310 - as above
                told = answer.read().decode()
            assert 'probe_success{site="lab",domain="alpha.test",server="imap",kind="imap"} 0' in told.splitlines()
            assert service.end() < END_SECONDS
    finally:
        faults.clear(lab.ground)


def test_a_changed_file_is_noticed(lab: Lab, tmp_path: Path) -> None:
    file = configuration(lab, tmp_path)
    with serving(file) as service:
        assert service.says("event=ready")
        file.write_text(file.read_text() + "log: {format: json}\n")
        assert service.says('"event": "the configuration was taken"')
        assert service.end() < END_SECONDS


def test_sigint_ends_it_too_and_a_killed_one_leaves_a_store_to_go_on_with(lab: Lab, tmp_path: Path) -> None:
    file = configuration(lab, tmp_path)
    with serving(file) as service:
        assert until(lambda: service.says("event=ready") and sum(service.series("mailsonde_store_committed_results_total").values()) > 20)
        service.end(signal.SIGKILL)
    with serving(file) as service:
        assert service.says("event=ready"), service.lines
        assert service.end(signal.SIGINT) < END_SECONDS
        assert service.process.returncode == 0
    assert counted(tmp_path / "t.db", "runs") > 20


def test_what_keeps_it_from_starting_is_one_line(lab: Lab, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        place = f"127.0.0.1:{other.getsockname()[1]}"
        with serving(configuration(lab, tmp_path, metrics={"listen": place})) as service:
            assert service.process.wait(20) == 3
            assert (
                service.lines[-1]
                == f"probe: metrics.listen: cannot listen on {place}: another program listens there; stop it, or choose another port"
            )


def test_a_second_one_on_the_same_store_is_refused(lab: Lab, tmp_path: Path) -> None:
    file = configuration(lab, tmp_path)
    with serving(file) as first:
        assert first.says("event=ready")
        second = tmp_path / "second.yml"
        second.write_text(file.read_text())
        with serving(second) as other:
            assert other.process.wait(20) == 3
            assert str(first.process.pid) in other.lines[-1]
            assert other.lines[-1].startswith("probe: ")
        assert first.end() < END_SECONDS


def test_a_directory_that_is_away_at_the_start_leaves_the_domains_known_last(lab: Lab, tmp_path: Path) -> None:
    file = discovering(lab, tmp_path)
    with serving(file) as service:
        assert until(lambda: service.says("event=ready") and len(service.series("mailsonde_check_info")) == 6), service.lines
        assert service.end() < END_SECONDS
    faults.inject(lab.ground, ["directory-refusing"])
    try:
        with serving(file) as service:
            assert service.says("the directory did not name its domains: those known last are probed"), service.lines
            assert until(lambda: len(service.series("mailsonde_check_info")) == 6), service.lines
            assert service.end() < END_SECONDS
    finally:
        faults.clear(lab.ground)


def test_systemd_hears_that_it_is_ready_alive_and_stopping(lab: Lab, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(20)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        with serving(configuration(lab, tmp_path), environment) as service:
            heard: list[str] = []
            while heard.count("WATCHDOG=1") < 2 or not any(one.startswith("READY=1") for one in heard):
                heard.append(supervisor.recv(1000).decode())
            assert "READY=1\nSTATUS=28 checks, 4 trips" in heard
            assert service.end() < END_SECONDS
            while supervisor.recv(1000) != b"STOPPING=1":
                pass


def test_it_is_steered_through_the_socket_beside_its_store(lab: Lab, tmp_path: Path) -> None:
    with serving(configuration(lab, tmp_path)) as service:
        assert service.says("event=ready")
        control = at_socket(tmp_path / "t.sock")
        assert control.get("/status")["checks"] == 28
        run = control.post("/probe", check="alpha.test/imap")
        assert (run["check"], run["fault"]) == ("alpha.test/imap", None)
        control.post("/backup", path=str(tmp_path / "saved.tar"))
        asked = [
            sys.executable,
            "-m",
            "service.cli",
            "thresholds",
            "backtest",
            "--config",
            str(tmp_path / "mailsonde.yml"),
            "--since",
            "1h",
        ]
        replayed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert (replayed.returncode, replayed.stderr) == (0, "")
        assert "run" in replayed.stdout
        assert service.end() < END_SECONDS
    with tarfile.open(tmp_path / "saved.tar") as saved:
        assert {"mailsonde.yml", "probe.key"} <= {Path(name).name for name in saved.getnames()}
    with pytest.raises(ControlError, match="the service does not run"):
        control.get("/status")


def test_from_afar_it_is_steered_with_its_token_alone(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a long and secret token\n")
    (tmp_path / "token").chmod(0o600)
    console = {"listen": "127.0.0.1:0", "token": {"file": "token"}}
    with serving(configuration(lab, tmp_path, console=console)) as service:
        assert service.says("the control API is served"), service.lines
        url = next(line for line in service.lines if "control API" in line).partition("url=")[2].strip('"')
        assert at_url(url, Secret("a long and secret token")).get("/status")
        with pytest.raises(ControlError, match="wants another token"):
            at_url(url, Secret("a guess")).get("/status")
        assert service.end() < END_SECONDS
        assert "secret token" not in service.log.read_text()


def test_a_trip_that_gets_late_shows_while_nothing_is_heard_of_it(lab: Lab, tmp_path: Path) -> None:
    faults.inject(lab.ground, ["hub-stopped"])
    try:
        roundtrip = {"every": "2s", "late_after": "3s", "lost_after": "1m"}
        with serving(configuration(lab, tmp_path, roundtrip=roundtrip)) as service:
            assert until(lambda: service.says("event=ready") and max(service.series("mailsonde_trip_level").values(), default=0) == 2)
            assert service.end() < END_SECONDS
    finally:
        faults.clear(lab.ground)


def scraped(service: Serving) -> bool:
    """Ask for one check with little time, whatever comes of it; returns whether every check has had its run."""
    limited = urllib.request.Request(service.base + "/probe?target=alpha.test/imap", headers={SCRAPE_TIMEOUT: "1"})  # noqa: S310 - our own
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(limited, timeout=15).close()  # noqa: S310 - as above
    return len(service.series("probe_success")) == 28


def test_a_scheduled_run_does_not_hurry_for_a_scrape(lab: Lab, tmp_path: Path) -> None:
    faults.inject(lab.ground, ["imap-slow=100"])
    try:
        servers = yaml.safe_load(lab.config.read_text())["servers"]
        servers["imap"]["budget"] = {"connections": 1}
        with serving(configuration(lab, tmp_path, servers=servers, checks={"every": "8s", "timeout": "7s"}, trips=[])) as service:
            assert service.says("event=ready")
            assert until(lambda: scraped(service), 60)
            shown = {labels: value for labels, value in service.series("probe_success").items() if 'server="imap"' in labels}
            assert set(shown.values()) == {1.0}, shown
            assert service.end() < END_SECONDS
    finally:
        faults.clear(lab.ground)
