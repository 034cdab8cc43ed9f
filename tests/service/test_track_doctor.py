"""`probe track doctor`: what it prints, with what it ends, and which sources it looks at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service import cli
from service.track import doctor_work
from tests.tracking.made import log

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LONG = "4jWxnL69s7zZYLh"
COMMAND = "postconf -e enable_long_queue_ids=yes && postfix reload"


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run the command in a folder of its own; give exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["track", "doctor", *words])
        return (code, *capsys.readouterr())

    return run


def test_a_block_for_each_source_with_its_commands(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    log(tmp_path / "mail.log", range(3))
    code, out, err = probe("mail.log")
    assert out.splitlines()[:3] == [
        "mail.log",
        "  syslog: postfix; mx1; 1 file, 0.0 MB",
        "  21 lines looked at from 2026-11-20 08:00:00 to 2026-11-20 08:00:02 UTC: 18 say something, 3 are noise, 0 not understood",
    ]
    assert "  warning  short-queue-ids (mx1): queue ids are short: a busy server uses one again within hours" in out
    assert f"\n             {COMMAND}\n" in out
    assert out.index("  warning  ") < out.index("  hint     stamps-without-year: ")
    assert (code, err) == (1, "")
    assert not list(tmp_path.glob("[!m]*"))  # nothing is kept


def test_hints_alone_are_no_failure(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(1))
    path.write_text(path.read_text().replace("4FA0000000", LONG))
    code, out, _ = probe("mail.log", "--format", "json")
    (source,) = json.loads(out)["sources"]
    assert [(one["name"], one["weight"]) for one in source["findings"]] == [("stamps-without-year", "hint")]
    assert (source["format"], source["software"], source["servers"]) == ("syslog", ["postfix"], ["mx1"])
    assert source["first_at"] == "2026-11-20T08:00:00Z"
    assert code == 0


def test_a_series_is_one_source(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    log(tmp_path / "mail.log.1", range(3))
    log(tmp_path / "mail.log", range(3, 6))
    _, out, _ = probe("mail.log*", "--format", "json")
    (source,) = json.loads(out)["sources"]
    assert (source["source"], source["files"], source["lines"]) == ("mail.log", 2, 42)


def test_what_cannot_be_read_and_what_is_no_log(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("\x1b]0;mine\x07 buy milk\n")
    code, out, _ = probe("none", "notes.txt")
    assert "  critical no-file: no such file or folder" in out
    assert "  critical unknown-format: no format is known that begins with: \\x1b]0;mine\\x07 buy milk (tried " in out
    assert "probe track import --format generic" in out
    assert "\x1b" not in out
    assert code == 1


def test_the_end_of_a_long_log_counts(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """Long ids were switched on long after the first lines."""
    path = log(tmp_path / "mail.log", range(9000))
    later = log(tmp_path / "later", range(9000, 9002)).read_text().replace("4FA0002328", LONG).replace("4FA0002329", f"{LONG}b")
    path.write_text(path.read_text() + later)
    _, out, _ = probe("mail.log", "--format", "json")
    (source,) = json.loads(out)["sources"]
    assert 4000 <= source["lines"] < 9000
    assert "short-queue-ids" not in [one["name"] for one in source["findings"]]


def test_the_configured_sources(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log(tmp_path / "logs" / "mail.log", range(3), "mx7")
    (tmp_path / "mailsonde.yml").write_text(
        "timezone: Europe/Berlin\ntracking: {sources: [{name: mx, paths: 'logs/mail.log*', format: postfix, server: edge}]}\n"
    )
    _, out, _ = probe("--format", "json")
    (source,) = json.loads(out)["sources"]
    assert (source["servers"], source["first_at"]) == (["edge"], "2026-11-20T07:00:00Z")
    (tmp_path / "other.yml").write_text("site: berlin\n")
    assert probe("--config", "other.yml")[::2] == (3, "probe: other.yml has no tracking.sources: give the logs as PATH\n")
    (tmp_path / "other.yml").write_text("tracking: {sources: [mail.log]}\n")
    said = "probe: other.yml: tracking.sources is wrong: `probe check-config` says where\n"
    assert probe("--config", "other.yml")[::2] == (3, said)


def test_the_usual_places(probe: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_work, "USUAL", (str(tmp_path / "none*"), str(tmp_path / "mail.log*")))
    code, _, err = probe()
    assert code == 3
    assert "no mail server's log is in the usual places: give PATH.. or --config FILE" in err
    log(tmp_path / "mail.log", range(3))
    assert "short-queue-ids (mx1)" in probe()[1]


def test_a_zone_that_is_none(probe: Callable[..., tuple[int, str, str]]) -> None:
    said = "probe: there is no time zone 'Mars/Base': name one as Europe/Berlin or UTC\n"
    assert probe("x", "--timezone", "Mars/Base")[::2] == (3, said)


def test_help_loads_no_engine() -> None:
    code = "import sys; from service import cli; cli.run(['track', 'doctor', '--help']); print('duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
