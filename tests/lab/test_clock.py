"""A wrong clock leaves nothing behind: libfaketime's shared memory goes when the fault goes, and no other program's."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from lab import faults
from lab.clock import LEFT_BEHIND, MEMORY, sweep
from tests.probe.postman import deliver, somebodys

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Lab

ENDED = 4_194_304  # above the highest pid that Linux gives


def left_since(began: float) -> list[str]:
    return [path.name for path in MEMORY.glob("*faketime*") if LEFT_BEHIND.fullmatch(path.name) and path.stat().st_mtime >= began]


def test_only_what_dead_processes_left_since_then_is_swept(tmp_path: Path) -> None:
    names = [
        f"faketime_shm_{ENDED}",
        f"sem.faketime_sem_{ENDED}",
        f"faketime_shm_{os.getpid()}",
        "faketime_shm_x",
        f"faketime_shm_{ENDED + 1}",
    ]
    for name in names:
        (tmp_path / name).touch()
    os.utime(tmp_path / names[-1], (1.0, 1.0))
    assert sweep(time.time() - 60, tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[2:])


@pytest.mark.lab
def test_a_clock_that_was_set_right_leaves_no_shared_memory(lab: Lab) -> None:
    faults.inject(lab.ground, ["clock-off"])
    deliver(lab, "probe@alpha.test", somebodys())
    assert left_since(lab.ground.began)
    faults.clear(lab.ground)
    assert left_since(lab.ground.began) == []
