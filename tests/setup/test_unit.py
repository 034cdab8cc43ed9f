"""packaging/: the unit as far as it can be judged without starting it, and the configuration that goes with unit and container."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from config.load import load
from setup.container_machine import boot
from setup.container_unit import MOST_EXPOSED, SECRET

PACKAGING = Path(__file__).parents[2] / "packaging"
UNIT = PACKAGING / "mailsonde.service"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here (Debian: systemd)")


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name  # the command's own place is the host's affair
    here.write_text(UNIT.read_text().replace("/opt/mailsonde/bin/probe", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_the_unit_is_hardly_exposed() -> None:
    line = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={int(10 * MOST_EXPOSED)}", str(UNIT)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]
    assert "Overall exposure level" in done.stdout


def test_the_first_configuration_is_right_and_keeps_what_it_remembers_in_one_place(tmp_path: Path) -> None:
    (tmp_path / "mailbox").write_text("hunter2\n")
    settings = load(str(PACKAGING / "etc" / "mailsonde.yml"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert settings.warnings == ()
    assert settings.store.path == Path("/var/lib/mailsonde/mailsonde.db")
    assert settings.identity.key == Path("/var/lib/mailsonde/probe.key")


def test_the_unit_hands_over_the_credential_that_the_configuration_asks_for() -> None:
    asked = set(re.findall(r"\{credential: (\w+)\}", (PACKAGING / "etc" / "mailsonde.yml").read_text()))
    assert asked == set(re.findall(r"^LoadCredential=(\w+):", UNIT.read_text(), re.MULTILINE))


def test_the_labs_secrets_become_credentials() -> None:
    line = "mailbox: {address: probe@a.test, password: {file: /etc/mailsonde/secrets/a.test}}"
    assert SECRET.sub(r"{credential: \1}", line) == "mailbox: {address: probe@a.test, password: {credential: a.test}}"


def test_a_machine_leaves_the_old_root_behind() -> None:
    lines = boot(Path("/r oot")).splitlines()
    assert lines[:3] == ["set -e", "mount --bind '/r oot' '/r oot'", "cd '/r oot'"]
    assert lines[-5:-1] == ["pivot_root . .old", "umount -l .old", "rmdir .old", "mount --make-rshared /"]
