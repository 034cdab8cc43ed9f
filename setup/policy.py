"""Keep services from starting while packages are installed: /usr/sbin/policy-rc.d, put in place and taken away again.

Refuses to touch a policy that the machine's owner put there; one of ours that a killed run left behind is taken over.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setup.refusals import SetUpError

POLICY = Path("/usr/sbin/policy-rc.d")  # invoke-rc.d(8) asks it; 101 = action forbidden
TEXT = "#!/bin/sh\n# Put here by Mailsonde's set-up while it installs packages, which takes it away itself.\nexit 101\n"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one set-up at a time at this policy: the folder itself is the lock, so nothing is left behind."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def forbids(path: Path) -> bool:
    """Tell whether a policy that is already there keeps services from starting."""
    return subprocess.run([str(path), "postfix", "start"], check=False, capture_output=True).returncode == 101


def ours(path: Path) -> bool:
    """Tell whether this policy is one that a set-up of ours left behind."""
    return path.read_text(errors="replace") == TEXT


@contextmanager
def services_stay_off(path: Path = POLICY) -> Iterator[None]:
    """Within, nothing that is installed is started. Raise SetUpError when the owner's own policy says otherwise."""
    with alone(path):
        if path.exists() and not ours(path):
            if not forbids(path):
                raise SetUpError(f"Refused: {path} is this machine's own and lets services start. Move it away while this runs.")
            yield
            return
        path.write_text(TEXT)
        path.chmod(0o755)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
