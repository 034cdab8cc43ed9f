"""kill -9 at any instant of an import: the next run goes on, nothing is lost, nothing doubled. Nor by a full disk or a locked lake."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tracking.made import NOW, contents, count, log, take
from tracking.collect.find import find
from tracking.errors import TrackError
from tracking.importing import Importer
from tracking.importing_values import Options
from tracking.lake.write import Writer

ROOT = Path(__file__).parents[2]
MESSAGES = range(90)
KILLS = 50


def dying(lake: Path, path: Path, last: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.tracking.dying", str(lake), str(path), str(last)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("last", [2, 9, 17])
def test_killed_between_two_steps_on_the_disk(tmp_path: Path, last: int) -> None:
    path = log(tmp_path / "mail.log", MESSAGES)
    assert dying(tmp_path / "lake", path, last).returncode == -signal.SIGKILL
    take(tmp_path / "lake", path)
    take(tmp_path / "clean", path)
    assert contents(tmp_path / "lake") == contents(tmp_path / "clean")


@pytest.mark.proof
def test_killed_at_each_step_on_the_disk(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", MESSAGES)
    steps = int(dying(tmp_path / "clean", path, 0).stdout)
    expected = contents(tmp_path / "clean")
    assert steps > KILLS
    for last in range(1, steps + 1):
        assert dying(tmp_path / f"lake{last}", path, last).returncode == -signal.SIGKILL
        take(tmp_path / f"lake{last}", path)
        assert contents(tmp_path / f"lake{last}") == expected, last


@pytest.mark.proof
def test_killed_fifty_times_in_a_row(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(600))
    chance = random.Random(6)  # noqa: S311 - when to kill is no secret
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.tracking.dying", str(tmp_path / "lake"), str(path), "0"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 2.5))
        child.kill()
        child.wait()
    take(tmp_path / "lake", path)
    take(tmp_path / "clean", path)
    assert contents(tmp_path / "lake") == contents(tmp_path / "clean")


def test_killed_before_the_flows_are_made(tmp_path: Path) -> None:
    """What is committed and has no flows is correlated by the next import, whatever that one reads."""
    path, lake = log(tmp_path / "mail.log", MESSAGES), tmp_path / "lake"
    pen = Writer(lake, "probe track import", lambda: NOW)
    importer = Importer(pen, Options())
    importer.take(find([str(path)]).files)
    importer.flush()
    importer.close()
    pen.close()
    assert count(lake, "select count(*) from flows") == 0
    assert take(lake, path).flows == len(MESSAGES)
    take(tmp_path / "clean", path)
    assert contents(lake) == contents(tmp_path / "clean")


def full_disk() -> None:
    """Let no file grow beyond a few kilobytes; as on a full disk, writing fails."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_no_room(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", MESSAGES)
    lake = tmp_path / "lake"
    take(lake, log(tmp_path / "first.log", range(200, 203)))
    before = contents(lake)
    command = [sys.executable, "-m", "service.cli", "track", "import", "--lake", str(lake), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=full_disk)
    assert done.returncode == 3
    assert done.stderr == f"probe: there is no room for the lake {lake}: free some and run it again, it goes on where it stopped\n"
    assert contents(lake) == before
    take(lake, path)
    take(tmp_path / "clean", tmp_path / "first.log", path)
    assert contents(lake) == contents(tmp_path / "clean")


def test_a_locked_lake_is_not_touched(tmp_path: Path) -> None:
    pen = Writer(tmp_path / "lake", "probe serve", lambda: NOW)
    with pytest.raises(TrackError, match=r"is being written by process \d+ \(probe serve, since 2026-11-21 12:00:00 UTC\)"):
        take(tmp_path / "lake", log(tmp_path / "mail.log", MESSAGES))
    pen.close()
