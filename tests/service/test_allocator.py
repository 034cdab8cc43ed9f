"""Large blocks go back to the kernel, also after one was freed: where the C library would otherwise keep them, in its heap."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service.rounds.allocator import suit_heap
from tests.conftest import ROOT
from tests.service.stage import checks

if TYPE_CHECKING:
    from collections.abc import Mapping

# Frees one large block, which moves the threshold; then takes large blocks with small ones between, and frees the large ones. mallinfo(3).
PROGRAM = """
import ctypes
from service.rounds.allocator import give_back_large_blocks
told = give_back_large_blocks()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
def block(size): return ctypes.c_void_p(library.malloc(ctypes.c_size_t(size)))
library.free(block(262144))
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]
library.mallinfo2.restype = Info
before = library.mallinfo2().arena
held = [(block(262144), block(2000)) for _ in range(100)]
for large, _ in held:
    library.free(large)
print(told, (library.mallinfo2().arena - before) // 1048576)
"""


def held_mib(environment: Mapping[str, str]) -> list[str]:
    """Return whether the C library was told, and how many MiB its heap holds after 25 MiB of large blocks were freed."""
    environment = {name: value for name, value in os.environ.items() if name not in {"MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"}} | dict(
        environment
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, check=True, timeout=20, capture_output=True, text=True
    )
    return done.stdout.split()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's C library is Linux's")
def test_large_blocks_leave_no_holes_in_the_heap() -> None:
    assert held_mib({}) == ["True", "0"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's C library is Linux's")
def test_the_environment_is_not_overruled() -> None:
    assert held_mib({"MALLOC_MMAP_THRESHOLD_": "33554432"}) == ["False", "25"]


def test_many_runs_a_second_are_not_made_to_pay() -> None:
    assert not suit_heap(checks(3_001))  # once a minute
