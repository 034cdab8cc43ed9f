"""The alarms are tried before they are needed: on a lab that is really broken, and with one's own channels."""

from __future__ import annotations

import json
import re
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.service.peers import probe

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
servers:
  imap: {{kind: imap, host: 127.0.0.1, port: 1}}
  pop3: {{kind: pop3, host: 127.0.0.1, port: 1}}
domains:
  - {{name: abc.example, servers: [imap, pop3], mailbox: {{address: probe@abc.example, password: {{env: HOME}}}}}}
notify:
  channels:
    pager: {{kind: command, command: [tee, -a, {pages}]}}
    wrong: {{kind: command, command: ["false"]}}
    other: {{kind: command, command: ["false"], depends_on: {{servers: [imap]}}}}
  routes:
    - {{to: [{to}]}}
"""


def configured(folder: Path, to: str = "pager") -> str:
    file = folder / "mailsonde.yml"
    file.write_text(CONFIG.format(pages=folder / "pages", to=to))
    return str(file)


@pytest.mark.lab
def test_a_broken_lab_is_told_to_the_far_end_of_every_channel_and_so_is_its_end() -> None:
    done = probe("drill", "--fault", "pop3-stopped", "--fault", "imap-stopped")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("pop3 takes no connection") >= 4
    assert "server:pop3 was named" in done.stdout
    assert "imap-stopped: mail was not asked: it depends on the server imap, which is what fails" in " ".join(done.stdout.split())
    assert "MISSING" not in done.stdout


def test_ones_own_channels_are_told_drill_and_the_end_of_it(tmp_path: Path) -> None:
    done = probe("drill", "--simulate", "--server", "imap", "--yes", "--config", configured(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    told = [json.loads(line) for line in (tmp_path / "pages").read_text().splitlines()]
    assert [notice["kind"] for notice in told] == ["opened", "closed"]
    assert all(notice["subject"].startswith("DRILL") for notice in told)
    assert "pager: sent: tee ended with exit code 0" in done.stdout
    assert "This tries our own chain alone" in done.stdout


def test_an_escalation_is_not_tried_and_nobody_waits_for_it(tmp_path: Path) -> None:
    file = configured(tmp_path, "pager], escalate: [{after: 20s, to: [other]}")
    began = monotonic()
    done = probe("drill", "--simulate", "--server", "pop3", "--yes", "--config", file)
    assert (done.returncode, monotonic() - began < 20) == (0, True), done.stdout + done.stderr
    assert re.search(r"^  after 20 s also over other, while nobody acknowledges \(.+\): NOT tried here$", done.stdout, re.MULTILINE)
    assert "other:" not in done.stdout


def test_a_channel_that_depends_on_what_is_said_to_fail_is_not_asked(tmp_path: Path) -> None:
    done = probe("drill", "--simulate", "--server", "imap", "--yes", "--config", configured(tmp_path, "[other, pager]"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "other is not asked: it depends on the server imap, which is what fails" in done.stdout


def test_a_channel_of_ones_own_that_fails_is_said_and_is_the_exit_code(tmp_path: Path) -> None:
    done = probe("drill", "--simulate", "--server", "imap", "--yes", "--config", configured(tmp_path, "wrong, pager"))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "wrong: NOT proven: false ended with exit code 1" in done.stdout
    assert "pager: sent: tee ended with exit code 0" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--simulate", "--server", "smtp", "--yes"], "probe: there is no server smtp; there is: imap, pop3\n"),
        (["--simulate", "--server", "imap"], "probe: people are going to be told; say --yes where nobody can be asked\n"),
        (["--simulate"], "probe: --simulate wants a --server, and no --fault: nothing is broken (see: probe drill --help)\n"),
        (["--yes"], "probe: --server and --yes belong to --simulate (see: probe drill --help)\n"),
    ],
)
def test_what_cannot_be_tried_is_said_in_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    config = ["--config", configured(tmp_path)] if "--simulate" in arguments else []
    done = probe("drill", *arguments, *config)
    assert (done.returncode, done.stderr) == (3, said)


def test_an_unknown_fault_is_the_labs_own_words() -> None:
    done = probe("drill", "--fault", "imap-stoped")
    assert done.returncode == 3
    assert "imap-stoped" in done.stderr
    assert done.stderr.count("\n") == 2  # that the lab goes up, and this
