"""What every test may ask for: `lab`, one real mail system for the whole session, in a folder of its own, taken down whatever happens."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.ground import Ground, open_ground

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
# Who starts the tests in the background has Ctrl-C ignored, and children inherit that; those that try Ctrl-C must not.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab."""

    dir: Path
    ground: Ground

    @property
    def config(self) -> Path:
        """Return the mailsonde.yml that describes it."""
        return self.dir / "mailsonde.yml"

    @property
    def ports(self) -> dict[str, int]:
        """Return the ports that clients connect to, by the names of lab.ground.PORTS."""
        return self.ground.ports

    def password(self, domain: str) -> str:
        """Return the password of probe@ and admin@ of a domain."""
        return self.ground.password(domain)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m lab WORDS` from the tree's root."""
    line = [sys.executable, "-m", "lab", *words]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Yield a lab of three domains. Where it cannot come up, the tests that need it fail with the line that says why."""
    folder = Path(tempfile.mkdtemp(prefix="ms-"))
    try:
        done = command("up", "--dir", str(folder))
        if done.returncode:
            pytest.fail(done.stderr.strip(), pytrace=False)
        yield Lab(folder, open_ground(folder))
    finally:
        command("down", "--dir", str(folder))
        shutil.rmtree(folder, ignore_errors=True)
