"""What only a terminal shows: colour, the progress bar, the redrawing of --watch. Each runs the real command on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service.show.progress import ERASE, progress_line
from service.show.show import CLEAR
from tests.service.peers import ROOT, peer, says

if TYPE_CHECKING:
    from collections.abc import Callable


def on_a_terminal(*arguments: str, until: Callable[[str], bool] = lambda _: False, **environ: str) -> str:
    """Return what a terminal of 80 columns shows until the command ends, or until enough was seen."""
    ours, theirs = pty.openpty()
    surroundings = (
        {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS"}} | {"TERM": "xterm-256color"} | environ
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", *arguments], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings
    )
    os.close(theirs)
    seen = b""
    try:
        while (more := _read(ours)) and not until((seen := seen + more).decode(errors="replace")):
            pass
    finally:
        os.close(ours)
        process.terminate()
        process.wait(10)
    return seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says EIO when the other side has closed
        return b""


def test_colour_on_a_terminal_alone() -> None:
    shown = on_a_terminal("run", "smtp://127.0.0.1:1")
    assert "\x1b[1;31mCRITICAL\x1b[0m" in shown


def test_no_color_is_obeyed() -> None:
    shown = on_a_terminal("run", "smtp://127.0.0.1:1", NO_COLOR="1")
    assert "CRITICAL" in shown
    assert "\x1b[31m" not in shown
    assert ";31m" not in shown


def test_json_is_indented_for_people_only() -> None:
    assert f'{{\r\n  "site": "{socket.gethostname()}",\r\n' in on_a_terminal("run", "smtp://127.0.0.1:1", "--format", "json")


def test_progress_after_two_seconds_and_gone_at_the_end() -> None:
    with peer(says(b"220 ready\r\n")) as silent:
        shown = on_a_terminal("run", f"smtp://127.0.0.1:{silent.port}", "--timeout", "2500ms")
    assert f"{ERASE}[{'.' * 30}] 0/1 checks and trips, 2 s" in shown
    bars, _, rest = shown.rpartition(ERASE)
    assert "checks and trips" in bars
    assert "no answer" in rest


def test_no_progress_for_what_is_quick() -> None:
    assert ERASE not in on_a_terminal("run", "smtp://127.0.0.1:1")


def test_watch_redraws() -> None:
    arguments = ("run", "smtp://127.0.0.1:1", "--watch", "--every", "1s")
    shown = on_a_terminal(*arguments, until=lambda seen: seen.count(CLEAR) >= 3)
    assert shown.startswith(CLEAR)
    assert shown.count("Connection") >= 2


@pytest.mark.parametrize(
    ("done", "total", "line"),
    [
        (0, 21, f"[{'.' * 30}] 0/21 checks, 2 s"),
        (7, 21, f"[{'#' * 10}{'.' * 20}] 7/21 checks, 2 s"),
        (10_000, 10_000, f"[{'#' * 30}] 10,000/10,000 checks, 2 s"),
    ],
)
def test_progress_line(done: int, total: int, line: str) -> None:
    assert progress_line(done, total, "checks", 2.1) == line
