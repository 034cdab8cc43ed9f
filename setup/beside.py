"""Unpack Debian packages that cannot be installed beside those that are here: two mail servers exclude each other.

Nothing is installed and no script of theirs runs. Who runs a program from there says where its libraries are.
"""

import os
import subprocess
from pathlib import Path

from setup.apt import QUIET
from setup.packages import BESIDE
from setup.refusals import SetUpError

FOLDER = Path(".make/beside")


def unpacked(program: str, folder: Path = FOLDER) -> Path:
    """Return the root that holds a program of BESIDE and what it needs, fetched once. Raise SetUpError when that fails."""
    root = folder.resolve() / program
    done = root / "complete"
    if not done.exists():
        root.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", *BESIDE[program]], root)
        for archive in sorted(root.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(archive), str(root)], root)
        done.touch()
    return root


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, env=os.environ | QUIET)
    if done.returncode:
        last = (done.stderr.strip() or "it does not say why").splitlines()[-1]
        raise SetUpError(f"{' '.join(command[:2])} failed: {last}")
