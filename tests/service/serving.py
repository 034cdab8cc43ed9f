"""A running `probe serve` for tests: started with a configuration, asked over HTTP, ended by its own signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from tests.conftest import Lab

FILES = frozenset({"file", "ca_file"})
START_SECONDS, END_SECONDS = 20.0, 5.0


def until(true: Callable[[], bool], seconds: float = START_SECONDS) -> bool:
    """Wait until something is so; returns whether it is."""
    limit = time.monotonic() + seconds
    while not (so := true()) and time.monotonic() < limit:
        time.sleep(0.05)
    return so


def configuration(lab: Lab, folder: Path, **sections: Any) -> Path:
    """Write the lab's configuration into a folder of its own, with its own store, key and port, and these sections instead of its own."""
    plan = yaml.load(lab.config.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes strings alone
    plan = _absolute(plan, lab.dir)
    plan |= {"metrics": {"listen": "127.0.0.1:0"}, "store": {"path": "t.db"}, "checks": {"every": "1s", "timeout": "900ms"}}
    plan |= {"roundtrip": {"every": "2s", "late_after": "10s", "lost_after": "1m"}, **sections}
    file = folder / "mailsonde.yml"
    file.write_text(yaml.safe_dump(plan, sort_keys=False), "utf-8")
    return file


def discovering(lab: Lab, folder: Path) -> Path:
    """Write a configuration whose domains are all found in the lab's directory: imap and imaps of each."""
    password = {"file": str(lab.dir / "secrets/probe")}
    plan = yaml.load(lab.config.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes strings alone
    discovery = {"server": "directory", "services": "mailService", "servers": {"imap": "imap", "imaps": "imaps"}}
    discovery |= {"mailbox": {"address": "probe@{domain}", "password": password}, "base": plan["servers"]["directory"]["base"]}
    return configuration(lab, folder, domains=[], trips=[], discovery=discovery, calendars={}, thresholds=[])


def _absolute(part: Any, folder: Path) -> Any:
    """Return a part of the configuration with the files that it names found from anywhere."""
    if isinstance(part, dict):
        named = {"file", "ca_file"}
        return {
            key: str(folder / value) if key in named and isinstance(value, str) else _absolute(value, folder) for key, value in part.items()
        }
    return [_absolute(one, folder) for one in part] if isinstance(part, list) else part


@dataclass
class Serving:
    """One running service."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def lines(self) -> list[str]:
        """Return what it has logged."""
        return self.log.read_text("utf-8").splitlines()

    def says(self, words: str, seconds: float = START_SECONDS) -> bool:
        """Wait until it has logged these words."""
        return until(lambda: words in self.log.read_text("utf-8"), seconds)

    @property
    def base(self) -> str:
        """Return the URL of its metrics listener."""
        [line] = [line for line in self.lines if "metrics are served" in line]
        return line.partition("url=")[2].strip('"').removesuffix("/metrics")

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Ask its metrics listener."""
        try:
            with urllib.request.urlopen(urllib.request.Request(self.base + path, method=method), timeout=10) as answer:  # noqa: S310 - our own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def series(self, name: str) -> dict[str, float]:
        """Return the values of a metric by their labels."""
        lines = [line.rpartition(" ") for line in self.get("/metrics")[1].splitlines() if line.startswith(f"{name}{{")]
        return {labels.removeprefix(name): float(value) for labels, _, value in lines}

    def end(self, number: signal.Signals = signal.SIGTERM) -> float:
        """End it; return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=END_SECONDS * 3)
        return time.monotonic() - began


@contextmanager
def serving(file: Path, environment: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """Run the service on a configuration until the block ends."""
    log = file.with_suffix(".log")
    with log.open("w") as out:
        command = [sys.executable, "-m", "service.cli", "serve", "--config", str(file)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=out, stdout=out, text=True, env={**os.environ, **(environment or {})})
    try:
        yield Serving(process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
