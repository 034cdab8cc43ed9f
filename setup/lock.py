"""Pin every version with the hashes of all its files: requirements.lock, requirements-test.lock, bench/requirements.lock.

The locks name no index, so whoever installs decides where files come from; the hashes decide what they must be. This machine's
own pip settings (extra folders, other indexes) are put aside while pinning, so the same lock comes out everywhere.
"""

import os
import subprocess
import sys
from pathlib import Path

OPTIONS = (
    "--quiet",
    "--generate-hashes",
    "--strip-extras",
    "--allow-unsafe",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
)
LOCKS = {
    "requirements.lock": ("--build-deps-for=editable", "pyproject.toml"),
    "requirements-test.lock": ("--build-deps-for=editable", "--extra=test", "--constraint=requirements.lock", "pyproject.toml"),
    "bench/requirements.lock": ("--constraint=requirements-test.lock", "bench/requirements.in"),
}
KEPT = ("PIP_CERT", "PIP_DEFAULT_TIMEOUT")  # how to reach an index, not which one


def environment(inherited: dict[str, str]) -> dict[str, str]:
    """Return the environment without pip settings that choose where packages come from."""
    own = {name: value for name, value in inherited.items() if not name.startswith("PIP_") or name in KEPT}
    return own | {"PIP_CONFIG_FILE": os.devnull, "CUSTOM_COMPILE_COMMAND": "make lock"}


def pin(lock: str) -> int:
    """Write one lock; return pip-compile's exit code."""
    command = [str(Path(sys.executable).with_name("pip-compile")), *OPTIONS, *sys.argv[1:], "--output-file", lock, *LOCKS[lock]]
    return subprocess.run(command, check=False, env=environment(dict(os.environ))).returncode


def main() -> None:
    """Pin all locks in order: each leans on the one before it."""
    for lock in LOCKS:
        if pin(lock):
            sys.exit(f"{lock} could not be pinned: see the lines above.")
        sys.stdout.write(f"{lock} is pinned.\n")


if __name__ == "__main__":
    main()
