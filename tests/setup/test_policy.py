"""The policy that keeps services off: there while packages are installed, gone afterwards whatever happened, the owner's untouched."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from setup.policy import TEXT, services_stay_off
from setup.refusals import SetUpError

HOLD = """
import signal, sys
from pathlib import Path
from setup.apt import SIGNALS, follow, interrupted, started
from setup.policy import services_stay_off

for number in SIGNALS:
    signal.signal(number, interrupted)
with services_stay_off(Path(sys.argv[1])):
    follow(started(["sh", "-c", sys.argv[3], sys.argv[2]]), print)
"""
SLOW_TO_STOP = """trap 'sleep 0.5; rm "$0"; exit 1' INT; : > "$0"; while :; do sleep 0.05; done"""


def owned(path: Path, code: int) -> str:
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return path.read_text()


def test_it_forbids_while_it_is_there_and_is_gone_afterwards(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with services_stay_off(policy):
        assert subprocess.run([policy, "postfix", "start"], check=False).returncode == 101
    assert not policy.exists()


def test_it_is_gone_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(SetUpError), services_stay_off(tmp_path / "policy-rc.d"):
        raise SetUpError("apt-get failed")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_when_interrupted_it_waits_for_apt_and_then_goes(tmp_path: Path, number: signal.Signals) -> None:
    policy, busy = tmp_path / "policy-rc.d", tmp_path / "busy"
    process = subprocess.Popen([sys.executable, "-c", HOLD, policy, busy, SLOW_TO_STOP], stderr=subprocess.PIPE, start_new_session=True)
    while not busy.exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, number)
    time.sleep(0.2)
    assert policy.exists(), "apt still works"
    assert busy.exists()
    process.communicate(timeout=10)
    assert list(tmp_path.iterdir()) == []


def test_the_owners_policy_that_forbids_is_used_and_left(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    text = owned(policy, 101)
    with services_stay_off(policy):
        assert policy.read_text() == text
    assert policy.read_text() == text


def test_the_owners_policy_that_lets_services_start_is_refused_and_left(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    text = owned(policy, 0)
    with pytest.raises(SetUpError) as refusal, services_stay_off(policy):
        pytest.fail("it must not go on")
    assert str(refusal.value) == f"Refused: {policy} is this machine's own and lets services start. Move it away while this runs."
    assert policy.read_text() == text


def test_one_that_a_killed_set_up_left_behind_is_taken_away(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text(TEXT)
    with services_stay_off(policy):
        assert policy.exists()
    assert not policy.exists()
