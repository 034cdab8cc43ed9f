"""Tells the C library to give large blocks back: a service that runs for months must not grow by holes. Does nothing where there is none.

uvloop takes 256 KiB for each read of a TLS connection. Out of the heap, those leave holes that never close (decision 0088).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.values import Check

FEW_A_SECOND = 50.0  # runs: then a read of a TLS connection that costs 20 us more costs the service 1 % of a processor
M_MMAP_THRESHOLD = -3  # mallopt(3)
LARGE_BYTES = 131_072  # where the C library begins; it would move by itself
OVERRULED = ("MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")  # whoever sets these knows better


def give_back_large_blocks() -> bool:
    """Have blocks of LARGE_BYTES and more come from the kernel, and go back to it at once, for as long as the process lives.

    Returns: whether it is so; False where the environment says otherwise, or the C library is not GNU's.
    """
    if any(name in os.environ for name in OVERRULED):
        return False
    with suppress(ImportError, AttributeError, OSError, MemoryError):  # the last: a kernel that lets nobody write code, as ctypes would
        import ctypes  # noqa: PLC0415 - where it cannot be loaded, the service runs all the same

        return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES))
    return False


def suit_heap(checks: Iterable[Check]) -> bool:
    """Do so where it costs little: of 50 runs a second and more, the processor's time is dearer than some MiB of holes."""
    return sum(1.0 / check.every_seconds for check in checks) < FEW_A_SECOND and give_back_large_blocks()
