"""Whatever holds the prober up, no result is off by more than it says, and no verdict is false without being suspect.

The server is a process of its own whose replies the kernel stamps (bench/delay_server.py): it knows what it really took.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import delay_server
from probe.clock import utc_now
from probe.values import Check, Endpoint, Result, Step
from thresholds.judge import judge_result
from thresholds.limits import Limits
from thresholds.values import Limit, Match

ROOT = Path(__file__).parent.parent.parent
ALLOWANCE_SECONDS = 0.005
LIMITS = Limits([Limit(Match(), warning=0.1, critical=1.0)])  # the server takes 20 ms
STOP_SECONDS, STOPS = 0.3, 3
Row = tuple[str, float, float, float]


def judged(seconds: float, uncertainty: float = 0.0) -> tuple[int, bool]:
    check = Check("x/delay", "x", "delay", "smtp", Endpoint("127.0.0.1", 25))
    verdict = judge_result(Result(check, utc_now(), (Step("hello", seconds),), uncertainty_seconds=uncertainty), LIMITS)
    return verdict.level, verdict.suspect


def probed(trouble: str, stops: int = 0) -> tuple[list[Row], delay_server.Took]:
    """Let a prober in trouble probe; stop its whole process so many times."""
    with delay_server.running() as (port, took):
        command = [sys.executable, "-m", "tests.service.troubled", trouble, str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as prober:
            for _ in range(stops):
                time.sleep(2 * STOP_SECONDS)
                prober.send_signal(signal.SIGSTOP)
                time.sleep(STOP_SECONDS)
                prober.send_signal(signal.SIGCONT)
            said, _ = prober.communicate(timeout=60)
    return [(address, total, after, off) for address, total, after, off in json.loads(said)], took


@pytest.mark.parametrize(
    ("trouble", "stops", "falsified"),
    [
        ("nothing", 0, False),
        ("blocks", 0, True),
        ("collections", 0, True),
        ("crumbs", 0, False),
        ("threads", 0, False),
        ("nothing", STOPS, True),
    ],
)
def test_no_result_is_off_by_more_than_it_says(trouble: str, stops: int, *, falsified: bool) -> None:
    rows, took = probed(trouble, stops)
    assert len(rows) > 400
    missed, false, wrong = [], [], 0
    for address, total, after, off in rows:
        truth = took[address]
        if abs(after - truth[1] - truth[2]) > off + ALLOWANCE_SECONDS:
            missed.append((address, after, truth, off))
        level, suspect = judged(total, off)
        if level != judged(sum(truth))[0]:
            wrong += 1
            false += [] if suspect else [(address, total, truth, off)]
    assert missed == []
    assert false == []
    assert wrong > 0 or not falsified  # a busy machine falsifies too, and whether this one is busy is not ours to say
