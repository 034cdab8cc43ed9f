"""Take away what make has made: the demo's service and the lab that are up, `.venv`, `.make`, caches. Debian's packages stay.

It says so. It touches only what is named here, never a file that git does not know for another reason. Standard library alone.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setup import demo_service
from setup.packages import PACKAGES
from setup.refusals import SetUpError

CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")
FOLDERS = (".venv", ".make", "build", "mailsonde.egg-info", *CACHES)
FILES = (".coverage",)
LAB = Path(tempfile.gettempdir()) / "mailsonde-lab"  # where `python -m lab up` puts a lab that is given no --dir
PYTHON = Path(".venv/bin/python")


def lab_down() -> int:
    """End the lab where there is one; return the exit code of that."""
    if not (LAB.exists() and PYTHON.exists()):
        return 0
    return subprocess.run([str(PYTHON), "-m", "lab", "down"], check=False).returncode


def sweep(root: Path) -> None:
    """Remove caches and all that set-up made under `root`."""
    for name in FOLDERS:
        shutil.rmtree(root / name, ignore_errors=True)
    for name in FILES:
        (root / name).unlink(missing_ok=True)
    for cache in [path for path in root.rglob("__pycache__") if ".git" not in path.parts]:
        shutil.rmtree(cache, ignore_errors=True)


def main() -> int:
    """Take it all away; exit code 1 when the lab could not be ended (then nothing is removed: its commands are still needed)."""
    try:
        demo_service.stop()
    except SetUpError as error:
        print(f"{error} Nothing was removed.", file=sys.stderr)
        return 1
    if lab_down():
        print("The lab is still up, so nothing was removed. Its line above says what to do.", file=sys.stderr)
        return 1
    sweep(Path())
    names = " ".join(name for group in PACKAGES.values() for name in group)
    print(f"Nothing of it is left in this tree. The Debian packages stay; this removes them:\n  apt-get remove {names}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
