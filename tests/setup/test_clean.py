"""`make clean` and `make help` as a person meets them, in a copy of the tree's set-up."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from setup.clean import CACHES, FOLDERS

ROOT = Path(__file__).parents[2]
MADE = (*FOLDERS, "probe/__pycache__", "tests/lab/__pycache__")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with everything in it that make ever makes, and with files of its owner."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for lock in ("requirements.lock", "requirements-test.lock", "pyproject.toml"):
        shutil.copy(ROOT / lock, tmp_path)
    shutil.copytree(ROOT / "setup", tmp_path / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    for name in MADE:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "made").touch()
    (tmp_path / ".coverage").touch()
    (tmp_path / "mailsonde.yml").write_text("site: mine\n")
    return tmp_path


def make(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    alone = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHON"}}
    alone["TMPDIR"] = str(tree.parent)  # no demo that runs on this machine is ended
    return subprocess.run(["make", *words], cwd=tree, check=False, capture_output=True, text=True, env=alone)


def test_clean_leaves_nothing_but_what_was_there(tree: Path) -> None:
    done = make(tree, "clean")
    assert done.returncode == 0, done.stderr
    assert {name for name in (*MADE, *CACHES, ".coverage") if (tree / name).exists()} == set()
    assert (tree / "mailsonde.yml").read_text() == "site: mine\n"
    assert not list(tree.rglob("__pycache__"))
    assert done.stdout.startswith("Nothing of it is left in this tree. The Debian packages stay")


def test_make_alone_lists_what_one_can_do(tree: Path) -> None:
    listed = {line.split()[1] for line in make(tree).stdout.splitlines()}
    assert listed == {"help", "demo", "test", "lint", "proof", "bench", "blame", "lock", "picture", "clean"}


def test_a_python_too_old_is_refused_by_name(tree: Path) -> None:
    done = make(tree, "PYTHON=", "clean")
    assert done.returncode == 2
    assert "Mailsonde needs Python 3.11 or later, and none was found: install it, or say where it is with PYTHON=" in done.stderr


def test_clean_ends_the_service_of_the_demo_first(tree: Path) -> None:
    folder = tree.parent / "mailsonde-demo"
    folder.mkdir(mode=0o700)
    probe = tree.parent / "probe"  # a process that is what the demo starts, as far as its command line tells
    probe.write_text("import time\ntime.sleep(60)\n")
    with subprocess.Popen([sys.executable, str(probe), "serve", "--config", str(folder / "mailsonde.yml")]) as process:
        (folder / "pid").write_text(str(process.pid))
        waiter = threading.Thread(target=process.wait)
        waiter.start()
        done = make(tree, "clean")
        waiter.join()
    assert (done.returncode, process.returncode) == (0, -signal.SIGTERM), done.stderr
    assert not folder.exists()
