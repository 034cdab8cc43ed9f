"""`python3 -m setup.debian` as a person meets it: what it prints, what it refuses, how it asks.

dpkg's own answers are filtered by a script before it on the PATH, so that a package seems to be missing; apt-get is replaced only
where we must not let it act.
"""

import os
import pty
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup.packages import PACKAGES

AS_NOBODY = "import os, sys, setup.debian as d; sys.argv = ['d', 'lab']; os.geteuid() or os.setuid(65534); d.main()"
ASIDE = ["unshare", "--net"]  # a network of its own, so that nobody listens on a mail port there
LISTENS = "import socket, sys; from setup import debian; s = socket.create_server(('0.0.0.0', 25)); sys.argv = ['d', 'lab']; debian.main()"
NEEDED = """\
Debian packages that are needed and not here yet:
  slapd  the directory of virtual domains
"""
KEPT_OFF = "Their services are kept off, now and later: the lab runs copies of its own, on loopback, in one folder.\n"
WITHOUT_ROOT = """\
They are not installed: installing them needs root (`sudo make demo`, or as root: `python3 -m setup.debian lab tests`).
Set-up goes on; what needs them fails and says so.
"""
REMOVING = """\
[ "$1" = update ] && exit 0
[ "$1" = --simulate ] || { echo "it went on to: $*" > "$(dirname "$0")/went-on"; exit 1; }
echo 'Remv libfoo1 [1.2-3]'
echo 'Inst slapd (2.5.13 Debian:12 [amd64])'
"""


@pytest.fixture
def tools() -> Iterator[Path]:
    """A folder before all others on the PATH that others may read too, with a dpkg-query that does not know slapd."""
    folder = Path(tempfile.mkdtemp(prefix="setup-"))
    folder.chmod(0o755)
    script(folder / "dpkg-query", f"{shutil.which('dpkg-query')} \"$@\" | grep -v '^slapd'")
    yield folder
    shutil.rmtree(folder)


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def environment(tools: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "YES"}
    return kept | {"PATH": f"{tools}:{os.environ['PATH']}"} | more


def run(command: list[str], tools: Path) -> tuple[int, str, str]:
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment(tools))
    return done.returncode, done.stdout, done.stderr


def at_terminal(command: list[str], tools: Path, typed: bytes, **more: str) -> tuple[int, str]:
    """Return exit code and all that a terminal showed, after `typed` was typed into it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(tools, **more))
    os.close(theirs)
    os.write(ours, typed)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # Linux: the other end is closed
        pass
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def test_a_wrong_group_is_told_the_right_ones(tools: Path) -> None:
    code, out, err = run([sys.executable, "-m", "setup.debian", "kitchen"], tools)
    assert (code, out, err) == (1, "", f"usage: python3 -m setup.debian [{' '.join(PACKAGES)}]\n")


@pytest.mark.lab
def test_when_all_is_here_it_says_so_and_is_done(tmp_path: Path) -> None:
    code, out, err = run([sys.executable, "-m", "setup.debian", "lab", "tests"], tmp_path)
    total = len(PACKAGES["lab"]) + len(PACKAGES["tests"])
    assert (code, out, err) == (0, f"Debian packages: all {total} are here.\n", "")


@pytest.mark.lab
def test_without_root_it_says_what_needs_root_and_goes_on(tools: Path) -> None:
    assert run([sys.executable, "-c", AS_NOBODY], tools) == (0, NEEDED + WITHOUT_ROOT, "")


@pytest.mark.lab
def test_a_removal_is_refused_before_anything_is_installed(tools: Path) -> None:
    script(tools / "apt-get", REMOVING)
    code, out, err = run([*ASIDE, sys.executable, "-m", "setup.debian", "lab"], tools)
    assert (code, out) == (1, NEEDED + KEPT_OFF + "Reading Debian's lists of packages ...\n")
    assert err == "Refused: apt would remove libfoo1. Take a machine or a container where nothing has to go.\n"
    assert not (tools / "went-on").exists()


@pytest.mark.lab
def test_apt_that_fails_is_quoted(tools: Path) -> None:
    script(tools / "apt-get", "echo 'E: Could not get lock' >&2; exit 100")
    code, _, err = run([*ASIDE, sys.executable, "-m", "setup.debian", "lab"], tools)
    assert (code, err) == (1, "apt-get update failed: E: Could not get lock\n")


@pytest.mark.lab
def test_who_listens_on_a_mail_port_is_left_alone(tools: Path) -> None:
    code, _, err = run([*ASIDE, sys.executable, "-c", LISTENS], tools)
    sign = "something listens on port 25 (smtp)"
    refusal = f"Refused: another mail server lives on this machine ({sign}). Take a machine or a container without one.\n"
    assert (code, err) == (1, refusal)


@pytest.mark.lab
@pytest.mark.parametrize("typed", [b"n\n", b"no\n", b"what?\n", b"\x04"])
def test_on_a_terminal_it_asks_and_takes_no_for_an_answer(tools: Path, typed: bytes) -> None:
    script(tools / "apt-get", REMOVING)
    code, shown = at_terminal([*ASIDE, sys.executable, "-m", "setup.debian", "lab"], tools, typed)
    assert code == 1
    assert "Install them now? [Y/n] " in shown
    assert shown.endswith("Nothing was installed, as you wished.\n")


@pytest.mark.lab
@pytest.mark.parametrize(("typed", "more"), [(b"y\n", {}), (b"\n", {}), (b"", {"YES": "1"})])
def test_it_goes_on_when_told_so(tools: Path, typed: bytes, more: dict[str, str]) -> None:
    script(tools / "apt-get", REMOVING)
    code, shown = at_terminal([*ASIDE, sys.executable, "-m", "setup.debian", "lab"], tools, typed, **more)
    assert code == 1
    assert ("Install them now?" in shown) == (not more)
    assert "Refused: apt would remove libfoo1." in shown
