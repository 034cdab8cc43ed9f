"""`probe track import` and `probe track status`: what they print, and with what they end."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service import cli
from tests.tracking.made import log
from tracking.errors import TrackError
from tracking.lake.engine import size
from tracking.lake.manifest import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
EXPORT = """"Timestamp","ClientHostname","ServerHostname","Source","EventId","InternalMessageId","MessageId","Recipients","Sender"
"05/11/2026 08:00:00","mx1","ex1","SMTP","RECEIVE","7","<1@example.org>","r@example.com","s@example.org"
"""
ODD = "Nov 20 08:00:59 mx1 postfix/smtp[1]: what is \x1b[31m this\n"


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run the command in a folder of its own; give exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["track", *words])
        return (code, *capsys.readouterr())

    return run


def test_an_import_ends_in_words(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    log(tmp_path / "mail.log", range(3))
    code, out, err = probe("import", "mail.log")
    first, last = out.splitlines()
    assert first == "1 file read into lake: 21 lines = 18 events + 3 noise + 0 not understood"
    assert last.startswith("3 flows made or changed; ")
    assert last.endswith(" lines/s")
    assert (code, err) == (0, "")


def test_one_is_one(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(1))
    path.write_text(path.read_text() + "1970-01-01T00:00:00Z mx1 postfix/qmgr[103]: 4FA0000009: removed\n")
    _, out, _ = probe("import", "mail.log")
    stamp, last = out.splitlines()[1:]
    assert stamp == "1 stamp that no log can have: kept under the day `unknown`"
    assert last.startswith("1 flow made or changed; ")


def test_what_was_not_understood_is_said_and_shown_harmless(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(3))
    path.write_text(path.read_text() + ODD)
    _, out, _ = probe("import", "mail.log")
    assert out.splitlines()[0] == "mail.log: 1 line not understood (`probe track status` shows some)"
    _, out, _ = probe("status")
    assert "not understood: mail.log:22: Nov 20 08:00:59 mx1 postfix/smtp[1]: what is  [31m this" in out
    assert "\x1b" not in out


def test_a_path_that_cannot_be_read_is_an_error_of_its_own(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    log(tmp_path / "mail.log", range(3))
    assert probe("import", "none")[::2] == (3, "probe: none: no such file or folder\n")
    assert probe("import", "none", "mail.log")[::2] == (1, "probe: none: no such file or folder\n")


def test_day_and_month_that_cannot_be_told_apart(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(EXPORT)
    log(tmp_path / "mail.log", range(3))
    example, hint = "05/11/2026 08:00:00", "say which with --dates day-first or --dates month-first"
    refused = (
        f"cannot tell day from month in stamps like '{example}': {hint}, or export with (Get-Culture).DateTimeFormat set to yyyy-MM-dd"
    )
    assert probe("import", "export.csv")[::2] == (3, f"probe: export.csv: {refused}\n")
    assert probe("import", "export.csv", "mail.log")[::2] == (1, f"probe: export.csv: {refused}\n")
    assert probe("import", "--dates", "day-first", "export.csv")[::2] == (0, "")
    (file,) = [one for one in json.loads(probe("status", "--format", "json")[1])["files"] if one["name"] == "export.csv"]
    assert file["last_at"] == "2026-11-05T08:00:00Z"


def test_again_is_nothing_new(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    log(tmp_path / "mail.log", range(3))
    probe("import", "mail.log")
    _, out, _ = probe("import", "mail.log")
    assert out.splitlines()[1] == "1 file with nothing new: read before"


def test_status_for_programs(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    log(tmp_path / "mail.log", range(3)).write_text((tmp_path / "mail.log").read_text() + ODD)
    probe("import", "mail.log", "none")
    told = json.loads(probe("status", "--format", "json")[1])
    (file,) = told["files"]
    assert (file["name"], file["lines"], file["events"], file["noise"], file["unparsed"]) == ("mail.log", 22, 18, 3, 1)
    assert file["example"] == {"line": 22, "text": ODD.rstrip()}
    assert file["lag_seconds"] > 0
    assert [one["errors"] for one in told["imports"]] == [["none: no such file or folder"]]
    assert told["kinds"]["flows"]["rows"] == 3
    assert told["waiting_events"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status",), "there is no lake at lake: name another with --lake, or make it with `probe track import`"),
        (("import", "x", "--memory", "lots"), "'lots' is no size: write 512MiB or 2GiB"),
        (("import", "x", "--pseudonym-key", "none"), "the key of the pseudonyms cannot be read: none: no such file or directory"),
        (
            ("import", "x", "--dates", "day-first", "--options", "x"),
            "--dates is of exports, --options of other formats: import them one after the other",
        ),
        (("import", "x", "--lake", "file"), "file is not a folder: a lake is one; name another place with --lake"),
    ],
)
def test_what_cannot_be_done(probe: Callable[..., tuple[int, str, str]], tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "file").touch()
    code, _, err = probe(*words)
    assert (code, err) == (3, f"probe: {said}\n")


def test_a_lake_of_a_newer_version(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / NAME).write_text(json.dumps({"version": 9}))
    newer = "probe: the lake lake was written by a newer Mailsonde (version 9 of its layout, this one knows 1): "
    for words in (("status",), ("import", "x")):
        assert probe(*words)[::2] == (3, f"{newer}upgrade this one, or name another lake\n")


def test_help_loads_no_engine() -> None:
    asked = "cli.run(['track', '--help']); cli.run(['track', 'import', '--help'])"
    code = f"import sys; from service import cli; {asked}; print('duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def everything(terminal: int) -> bytes:
    """Read what is drawn until nobody holds the other end."""
    drawn = b""
    with suppress(OSError):
        while block := os.read(terminal, 4096):
            drawn += block
    return drawn


def test_a_terminal_gets_a_bar_that_leaves_no_trace(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(30))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "service.cli", "track", "import", "--lake", str(tmp_path / "lake"), str(path)]
    able = {**os.environ, "TERM": "xterm"}  # a dumb one gets no bar
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=theirs, env=able)
    os.close(theirs)
    drawn = everything(ours).decode()
    assert child.wait() == 0
    assert "reading" in drawn
    assert drawn.rstrip().endswith("\x1b[2K")


@pytest.mark.parametrize(("text", "read"), [("1GiB", 1 << 30), ("512M", 512 << 20), ("2GB", 2 * 10**9), ("1000", 1000), ("1.5 g", 3 << 29)])
def test_sizes(text: str, read: int) -> None:
    assert size(text) == read


def test_no_size() -> None:
    with pytest.raises(TrackError, match=r"^'-1' is no size: write 512MiB or 2GiB$"):
        size("-1")
