"""Faults together on the real lab: they combine, are cleared singly, say what they cannot do, and leave nothing behind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import faults, life, postfix, processes, servers
from lab.faults_rows import FAULTS
from lab.faults_table import Fault
from lab.ground import LabError
from tests.lab.telling import differences, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.ground import Ground
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
TOGETHER = ("imap-slow", "imaps-garbage", "pop3-expired", "submission-refusing", "smtp-starttls-stripped")


@pytest.fixture
def ground(lab: Lab) -> Iterator[Ground]:
    yield lab.ground
    faults.clear(lab.ground)


def wrong(lab: Lab, capsys: pytest.CaptureFixture[str], *names: str) -> list[str]:
    """Return where the checks are not what all these rows together promise."""
    together = Fault("together", "", lambda _: {}, tuple(says for name in names for says in FAULTS[name].says))
    return differences(together, run(lab.config, capsys, "--no-trip"))


def test_faults_combine_and_are_cleared_singly(lab: Lab, ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    faults.inject(ground, list(TOGETHER[:2]))
    faults.inject(ground, list(TOGETHER[2:]))
    assert list(faults.in_force(ground)) == list(TOGETHER)
    assert wrong(lab, capsys, *TOGETHER) == []
    assert faults.clear(ground, ["submission-refusing", "pop3-expired"]) == ["submission-refusing", "pop3-expired"]
    assert wrong(lab, capsys, "imap-slow", "imaps-garbage", "smtp-starttls-stripped") == []
    assert faults.clear(ground) == ["imap-slow", "imaps-garbage", "smtp-starttls-stripped"]
    assert wrong(lab, capsys) == []


def test_two_faults_of_one_server_are_both_seen(lab: Lab, ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    """A locked account behind a slow server: the login is refused, late."""
    faults.inject(ground, ["wrong-password", "imaps-slow=120"])
    checks = {one["check"]: one for one in run(lab.config, capsys, "--no-trip", "--server", "imaps")["checks"]}
    assert checks["alpha.test/imaps"]["fault"]["kind"] == "AUTH"
    assert {step["name"]: step["seconds"] for step in checks["alpha.test/imaps"]["steps"]}["login"] >= 0.12
    assert checks["beta.test/imaps"]["fault"] is None


def test_a_new_number_replaces_the_old(ground: Ground) -> None:
    faults.inject(ground, ["imap-slow=100"])
    faults.inject(ground, ["imap-slow=300"])
    assert faults.in_force(ground) == {"imap-slow": 300}


def test_what_excludes_what_is_said_and_nothing_changes(ground: Ground) -> None:
    faults.inject(ground, ["imap-expired"])
    with pytest.raises(LabError, match=r"^imap-unknown-ca and imap-expired exclude each other: both set certificate imap$"):
        faults.inject(ground, ["imap-unknown-ca"])
    assert list(faults.in_force(ground)) == ["imap-expired"]


def test_an_account_cannot_change_while_the_directory_is_away_and_clear_mends_all(ground: Ground) -> None:
    faults.inject(ground, ["directory-away"])
    said = r"^the password of probe@alpha\.test is in the directory, which is stopped: clear its fault first$"
    with pytest.raises(LabError, match=said):
        faults.inject(ground, ["wrong-password"])
    assert faults.clear(ground) == ["directory-away", "wrong-password"]
    assert faults.in_force(ground) == {}


def clock_of(ground: Ground, server: str) -> str:
    """Return the clock that a server was started with; "" = the machine's."""
    pid = servers.pid(ground, server)
    environment = Path(f"/proc/{pid}/environ").read_text("utf-8").split("\0")
    return "".join(line.removeprefix("FAKETIME=") for line in environment if line.startswith("FAKETIME="))


def test_a_server_that_was_stopped_comes_back_with_its_wrong_clock(ground: Ground) -> None:
    faults.inject(ground, ["clock-off=30", "hub-stopped"])
    assert servers.pid(ground, "hub") is None
    faults.clear(ground, ["hub-stopped"])
    assert clock_of(ground, "hub") == "+30s"
    faults.clear(ground)
    assert clock_of(ground, "hub") == ""


def test_mail_that_was_kept_back_goes_on_when_all_is_cleared(lab: Lab, ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    faults.inject(ground, ["held"])
    run(lab.config, capsys, "--domain", "gamma.test", "--server", "submission", "--server", "imaps", "--wait", "500ms")
    assert processes.until(lambda: bool(postfix.queued(ground, "hub")), 5)
    faults.clear(ground)
    assert processes.until(lambda: not any(postfix.queued(ground, instance) for instance in postfix.INSTANCES), 5)


def test_down_leaves_nothing_of_what_faults_started() -> None:
    folder = Path(tempfile.mkdtemp(prefix="ms-"))
    try:
        faults.inject(life.up(folder, 1), ["greylisted=5", "clock-off", "edge-stopped"])
    finally:
        life.down(folder)
    assert processes.ours(folder) == []
    assert not folder.exists()
