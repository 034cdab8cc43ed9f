"""Run Debian's tools: dpkg-query, apt-get, debconf; thin, so that what they say is decided upon in refusals.py."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from setup.packages import ANSWERS
from setup.refusals import SetUpError

LOG = Path(".make/apt.log")
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "NEEDRESTART_SUSPEND": "1"}
INSTALL = ("--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold", "install")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def said(*command: str) -> str:
    """Return what a command prints; dpkg-query's exit code only says that a package is unknown."""
    return subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | QUIET).stdout


def tried(*command: str) -> str:
    """Return what a command prints, or raise SetUpError with the last line of its complaint."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | QUIET)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise SetUpError(f"{' '.join(command[:2])} failed: {lines[-1] if lines else 'it does not say why'}")
    return done.stdout


def answer(packages: list[str]) -> None:
    """Answer what the packages' set-up would ask, where no configuration of theirs is there yet."""
    answers = "".join(text for name, (path, text) in ANSWERS.items() if name in packages and not Path(path).exists())
    if answers:
        subprocess.run(["debconf-set-selections"], input=answers, text=True, check=True)


def interrupted(number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, whatever signal came, so that what was put in place is taken away."""
    raise KeyboardInterrupt(number)


def follow(process: subprocess.Popen[str], seen: Callable[[str], None]) -> int:
    """Hand each line to `seen`. When interrupted, wait for apt all the same: a server must not start because we went first."""
    try:
        for line in process.stdout or ():
            seen(line)
        return process.wait()
    except KeyboardInterrupt:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def started(command: list[str]) -> subprocess.Popen[str]:
    """Start a command that asks nobody, its output and complaints in one pipe."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, text=True, env=os.environ | QUIET, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.STDOUT)


def install(packages: list[str], total: int) -> None:
    """Install with apt-get, telling progress; its own words go to LOG. Raise SetUpError when it fails."""
    for number in SIGNALS:
        signal.signal(number, interrupted)
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        code = follow(started(["apt-get", *INSTALL, *packages]), Progress(total, log.write))
    if code:
        raise SetUpError(f"apt-get could not install the packages; the last lines of {LOG}:\n{last_lines(LOG.read_text())}")


def last_lines(text: str, count: int = 5) -> str:
    """Return the last lines, indented."""
    return "".join(f"  {line}\n" for line in text.splitlines()[-count:]).rstrip("\n")


class Progress:
    """Count the packages that are set up; one line that renews itself on a terminal, every tenth elsewhere."""

    def __init__(self, total: int, keep: Callable[[str], object]) -> None:
        self.total, self.keep, self.count = total, keep, 0

    def __call__(self, line: str) -> None:
        """Take one line of apt-get's."""
        self.keep(line)
        if line.startswith("Setting up "):
            self.count += 1
            self.show(line.split()[2])

    def show(self, name: str) -> None:
        """Say how far it is."""
        if sys.stdout.isatty():
            print(f"\r  {self.count} of {self.total}: {name}\x1b[K", end="\n" if self.count == self.total else "", flush=True)
        elif self.count % 10 == 0 or self.count == self.total:
            print(f"  {self.count} of {self.total}", flush=True)
