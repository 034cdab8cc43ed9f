"""A server's wrong clock: the environment that libfaketime reads, and what it leaves behind, swept away. It changes no other clock."""

from __future__ import annotations

import glob
import re
from contextlib import suppress
from pathlib import Path

from lab import processes
from lab.ground import LabError

LIBRARY = "/usr/lib/*/faketime/libfaketime.so.1"
MEMORY = Path("/dev/shm")  # noqa: S108 - not a file of ours: where the system shows shared memory
LEFT_BEHIND = re.compile(r"(?:faketime_shm|sem\.faketime_sem)_(\d+)")


def clock(offset_seconds: float) -> dict[str, str]:
    """Return the environment in which a server's clock is off by so much.

    Raises: LabError when libfaketime is not installed.
    """
    found = sorted(glob.glob(LIBRARY))  # noqa: PTH207 - an absolute pattern, which Path.glob refuses
    if not found:
        raise LabError("clock-off needs libfaketime: apt-get install libfaketime")
    return {"LD_PRELOAD": found[0], "FAKETIME": f"{offset_seconds:+g}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def sweep(since: float, memory: Path = MEMORY) -> int:
    """Remove the shared memory that libfaketime left: it cannot clean up after a process that gave up its rights, as Postfix's do.

    Args:
        since: Unix second at which the lab began; older files are not the lab's.
        memory: where shared memory shows as files.

    Returns: how many there are of processes that still live; those are left alone.
    """
    living = 0
    for path in memory.glob("*faketime_s*_*"):
        owner = LEFT_BEHIND.fullmatch(path.name)
        with suppress(FileNotFoundError):
            if owner and path.stat().st_mtime >= since:
                lives = bool(processes.start_time(int(owner[1])))  # a zombie holds nothing any more
                living += lives
                if not lives:
                    path.unlink()
    return living
