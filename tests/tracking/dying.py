"""Imports a log and dies at the n-th thing it does to the disk: `dying LAKE LOG N`. With N = 0 it lives, and prints how many it did."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.tracking.made import take

if TYPE_CHECKING:
    from collections.abc import Callable

WATCHED = ("fsync", "rename", "unlink", "mkdir")


def main(lake: str, log: str, last: int) -> None:
    """Import, and die in time."""
    done = [0]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **words: Any) -> Any:
            done[0] += 1
            if done[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **words)

        return act

    for name in WATCHED:
        setattr(os, name, counted(getattr(os, name)))
    take(Path(lake), log)
    sys.stdout.write(f"{done[0]}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
