"""Make the virtual environment `.venv` and install into it exactly what a lock names, every file checked by its hash.

Refuses a Python before 3.11 and one that cannot make environments. Standard library alone: nothing is installed yet when it runs.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from setup.refusals import SetUpError

ENVIRONMENT = Path(".venv")
PIP = (str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "--quiet")


def counted(lock: str) -> int:
    """Return how many packages the text of a lock pins."""
    return sum("==" in line and not line.lstrip().startswith("#") for line in lock.splitlines())


def run(arguments: list[str], refusal: str) -> None:
    """Run a command whose output passes through; raise SetUpError(refusal) when it fails."""
    if subprocess.run(arguments, check=False).returncode:
        raise SetUpError(refusal)


def create() -> None:
    """Make `.venv` where there is none that works."""
    if (ENVIRONMENT / "bin" / "pip").exists():
        return
    sys.stdout.write("Making the virtual environment .venv ...\n")
    sys.stdout.flush()
    refusal = "The virtual environment could not be made: this Python needs its venv module (Debian: apt-get install python3-venv)."
    run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], refusal)


def install(lock: Path) -> None:
    """Install what the lock names, then this tree itself in place, so that the command `probe` is there."""
    sys.stdout.write(f"Installing {counted(lock.read_text())} Python packages of {lock} into .venv ...\n")
    sys.stdout.flush()
    refusal = f"The Python packages of {lock} could not be installed: pip's words above say why. Set-up goes on from here when run again."
    run([*PIP, "install", "--require-hashes", "--requirement", str(lock)], refusal)
    own = ["install", "--no-deps", "--no-build-isolation", "--no-index", "--config-settings", "editable_mode=compat", "--editable", "."]
    run([*PIP, *own], "Mailsonde itself could not be installed into .venv: pip's words above say why.")


def main() -> None:
    """Read the arguments and do it; one line on stderr and exit code 1 when it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stamp", type=Path, required=True, help="file that says, by being there, that this lock is installed")
    parser.add_argument("lock", type=Path)
    arguments = parser.parse_args()
    try:
        create()
        install(arguments.lock)
    except SetUpError as error:
        sys.exit(str(error))
    arguments.stamp.touch()


if __name__ == "__main__":
    main()
