"""A lab's life: two side by side, up killed in the middle, down that leaves nothing, 10,000 domains, and each refusal in one clear line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import needs, processes, servers
from lab.ground import BLOCK, PORTS, LabError, claim_ports, open_ground
from tests.conftest import ROOT, command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Lab

UP = (sys.executable, "-m", "lab", "up", "--dir")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that does not exist, for one lab; take that down whatever happens."""
    parent = Path(tempfile.mkdtemp(prefix="ms-"))
    parent.chmod(0o755)
    yield parent / "lab"
    command("down", "--dir", str(parent / "lab"))
    shutil.rmtree(parent)


def refused(*words: str) -> str:
    """Return the one line with which a command refuses."""
    done = command(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr.strip()


def traces(folder: Path) -> list[str]:
    """Return the command lines of all processes that speak of a folder or stand in it: found without the lab's own mark."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            stands = str((entry / "cwd").readlink())
        except OSError:  # not a process, or gone meanwhile
            continue
        if str(folder) in words or stands.startswith(str(folder)):
            found.append(words)
    return found


@pytest.mark.lab
def test_two_labs_come_up_at_once_and_leave_nothing(folder: Path) -> None:
    homes = [folder.with_name("one"), folder.with_name("two")]
    starting = [subprocess.Popen([*UP, str(home)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for home in homes]
    for starter in starting:
        said = starter.communicate(timeout=60)[1]
        assert (starter.returncode, said) == (0, b"")
    first, second = (open_ground(home) for home in homes)
    assert not {*first.ports.values(), *first.backs.values()} & {*second.ports.values(), *second.backs.values()}
    for home in homes:
        assert len(traces(home)) > len(servers.SERVERS)
        assert command("status", "--dir", str(home)).returncode == 0
        assert command("down", "--dir", str(home)).stdout == "down\n"
        assert traces(home) == []
        assert not home.exists()
    assert not {*first.backs.values(), *second.backs.values()} & processes.listening()


@pytest.mark.lab
@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.8, 1.2, 1.8])
def test_down_cleans_up_after_an_up_that_was_killed_in_the_middle(folder: Path, seconds: float) -> None:
    starter = subprocess.Popen([*UP, str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    assert command("down", "--dir", str(folder)).returncode == 0
    assert traces(folder) == []
    assert not folder.exists()


@pytest.mark.lab
def test_down_ends_an_up_that_is_still_under_way(folder: Path) -> None:
    starter = subprocess.Popen([*UP, str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert processes.until((folder / "lab.json").exists, 10)
    assert command("down", "--dir", str(folder)).stdout == "down\n"
    assert starter.wait(10) == -signal.SIGKILL
    assert processes.ours(folder) == []
    assert not folder.exists()


@pytest.mark.lab
def test_ctrl_c_in_the_middle_of_up_ends_what_it_started(folder: Path) -> None:
    starter = subprocess.Popen([*UP, str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert processes.until((folder / "pids/slapd").exists, 10)
    starter.send_signal(signal.SIGINT)
    assert starter.communicate(timeout=20)[1] == b"lab: interrupted\n"
    assert starter.returncode == 130
    assert processes.ours(folder) == []


@pytest.mark.lab
def test_ten_thousand_domains_come_up_and_are_all_found(folder: Path) -> None:
    done = command("up", "--dir", str(folder), "--domains", "10000")
    assert (done.returncode, done.stderr) == (0, "")
    ground = open_ground(folder)
    search = ["ldapsearch", "-x", "-LLL", "-H", f"ldap://127.0.0.1:{ground.ports['ldap']}", "-D", "cn=probe,dc=lab,dc=test"]
    search += ["-w", ground.password("probe"), "-b", "ou=domains,dc=lab,dc=test"]
    wanted = ["(objectClass=domainRelatedObject)", "associatedDomain"]
    paged = subprocess.run([*search, "-E", "pr=500/noprompt", *wanted], capture_output=True, text=True, check=False)
    assert paged.stdout.count("\nassociatedDomain: ") == 10_000
    assert subprocess.run([*search, *wanted], capture_output=True, text=True, check=False).returncode == 4  # sizeLimitExceeded


@pytest.mark.lab
@pytest.mark.parametrize("domains", [1, 3, 25])
def test_the_configuration_that_it_writes_is_accepted(folder: Path, domains: int) -> None:
    assert command("up", "--dir", str(folder), "--domains", str(domains)).returncode == 0
    line = [sys.executable, "-c", "from service.cli import main; main()", "check-config", str(folder / "mailsonde.yml")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.lab
def test_status_shows_each_server_and_fails_when_one_is_down(lab: Lab) -> None:
    done = command("status", "--dir", str(lab.dir))
    assert done.returncode == 0
    rows = [line.split()[:2] for line in done.stdout.splitlines()[1:]]
    assert rows == [[name, "up"] for name in servers.SERVERS]
    assert f"imap={lab.ground.backs['imap']}" in done.stdout
    servers.stop(lab.ground, "mosquitto")
    try:
        done = command("status", "--dir", str(lab.dir))
    finally:
        servers.start(lab.ground, "mosquitto")
    assert done.returncode == 1
    assert ["mosquitto", "down", "-"] in [line.split()[:3] for line in done.stdout.splitlines()]


@pytest.mark.lab
def test_a_reader_that_hangs_up_brings_no_traceback(lab: Lab) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    line = [sys.executable, "-m", "lab", "status", "--dir", str(lab.dir)]
    done = subprocess.run(line, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.lab
def test_no_secret_is_readable_to_others(lab: Lab) -> None:
    state = json.loads((lab.dir / "lab.json").read_text("utf-8"))
    assert Path(state["password_file"]).read_text("ascii").strip() == lab.password("probe")
    assert lab.password("probe") not in (lab.dir / "lab.json").read_text("utf-8") + lab.config.read_text("utf-8")
    secret = [*(lab.dir / "secrets").iterdir(), *(lab.dir / "tls").rglob("*.pem"), *(lab.dir / "mx/etc").glob("*s.cf")]
    secret += [lab.dir / "dovecot/users.conf", lab.dir / "ldap/slapd.conf"]
    assert [path for path in secret if path.stat().st_mode & 0o007 and path.name != "ca.pem"] == []


@pytest.mark.lab
def test_a_lab_that_is_up_is_not_built_over(lab: Lab) -> None:
    said = refused("up", "--dir", str(lab.dir))
    assert said == f"lab: a lab is up in {lab.dir} already: `python -m lab down --dir {lab.dir}` ends it"


@pytest.mark.lab
def test_up_starts_what_is_down_and_no_fault_stops(lab: Lab) -> None:
    assert command("fault", "dns-stopped", "--dir", str(lab.dir)).returncode == 0
    servers.stop(lab.ground, "mosquitto")
    servers.stop(lab.ground, "edge")
    try:
        done = command("fault", "held", "--dir", str(lab.dir))
        said = f"lab: the lab in {lab.dir} runs without mosquitto, edge: `python -m lab up --dir {lab.dir}` starts what is down\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
        done = command("up", "--dir", str(lab.dir))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("was down: mosquitto, edge\nserver ")
        assert [name for name in servers.SERVERS if servers.pid(lab.ground, name) is None] == ["nsd"]
    finally:
        for name in ("mosquitto", "edge"):
            servers.start(lab.ground, name)
        command("clear", "--dir", str(lab.dir))
    assert command("status", "--dir", str(lab.dir)).returncode == 0


@pytest.mark.lab
def test_an_up_that_was_broken_off_is_not_taken_for_a_lab(folder: Path) -> None:
    starter = subprocess.Popen([*UP, str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert processes.until((folder / "pids/slapd").exists, 10)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    wanted = f"lab: the `up` of a lab in {folder} did not come to its end: `python -m lab down --dir {folder}` clears it away"
    assert refused("up", "--dir", str(folder)) == wanted


@pytest.mark.lab
def test_a_port_in_use_is_named_and_nothing_stays(folder: Path) -> None:
    claim, fronts, _ = claim_ports()
    first, port = claim.getsockname()[1], fronts["imap"]
    claim.close()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        said = refused("up", "--dir", str(folder), "--first-port", str(first))
    assert said == f"lab: port {port} (imap) is in use: stop what listens there, or choose another --first-port"
    assert processes.ours(folder) == []


@pytest.mark.lab
def test_a_port_that_was_taken_while_its_server_was_down_is_named(lab: Lab) -> None:
    port = lab.ground.backs["mqtt"]
    servers.stop(lab.ground, "mosquitto")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(LabError) as refusal:
            servers.start(lab.ground, "mosquitto")
    servers.start(lab.ground, "mosquitto")
    wanted = f"mosquitto cannot start: its port {port} (mqtt) is in use by another program; stop that, or take the lab down"
    assert str(refusal.value) == wanted


def test_a_block_of_ports_holds_both_sides_and_the_claim() -> None:
    assert len(PORTS) * 2 + 1 <= BLOCK


def test_a_folder_that_holds_something_else_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text("dear", "utf-8")
    assert refused("up", "--dir", str(folder)) == f"lab: {folder} holds other files and no lab: choose another --dir"
    assert command("down", "--dir", str(folder)).stdout == f"nothing to take down in {folder}\n"
    assert (folder / "letter.txt").read_text("utf-8") == "dear"


def test_a_folder_that_other_users_cannot_reach_is_refused(folder: Path) -> None:
    folder.parent.chmod(0o700)
    wanted = f"lab: {folder} cannot be used: servers that run as other users cannot pass {folder.parent}; choose a folder under /tmp"
    assert refused("up", "--dir", str(folder)) == wanted


def test_a_folder_with_too_long_a_path_is_refused() -> None:
    deep = Path("/tmp") / ("x" * 60)  # noqa: S108 - nothing is made there
    wanted = f"lab: {deep} is too long a path (65 characters): socket paths end at 108; 60 are possible"
    assert refused("up", "--dir", str(deep)) == wanted


def test_the_number_of_domains_is_bounded(folder: Path) -> None:
    assert refused("up", "--dir", str(folder), "--domains", "10001") == "lab: --domains 10001: 1 to 10000 are possible"


def test_status_without_a_lab_says_how_to_start_one(folder: Path) -> None:
    assert refused("status", "--dir", str(folder)) == f"lab: no lab in {folder}: start one with `python -m lab up --dir {folder}`"


def test_missing_packages_are_named_all_at_once(folder: Path) -> None:
    wanted = {str(folder / "a"): "postfix-ldap", str(folder / "b"): "nsd", "/bin/sh": "dash", str(folder / "c"): "nsd"}
    with pytest.raises(LabError) as refusal:
        needs.check_packages(wanted)
    assert str(refusal.value) == "missing packages: install them with `apt-get install --no-install-recommends nsd postfix-ldap`"


def test_without_root_it_says_what_needs_root_and_why() -> None:
    with pytest.raises(LabError) as refusal:
        needs.check_rights(1000)
    assert str(refusal.value) == (
        "the lab needs root: Postfix (its queues belong to other users), Dovecot (reads every user's mail), "
        "slapd, nsd and Mosquitto (run as users of their own); run it with sudo"
    )


def test_a_remembered_pid_counts_only_with_its_start_time(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    processes.remember(os.getpid(), path)
    assert processes.remembered(path) == os.getpid()
    path.write_text(f"{os.getpid()} 1\n", "ascii")
    assert processes.remembered(path) is None
