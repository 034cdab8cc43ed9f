"""The service is killed again and again while something is wrong: each opening is told, and after it its end."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from lab import faults
from tests.service.serving import configuration, serving, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Lab

KILLS = int(os.environ.get("MAILSONDE_KILLS", "50"))  # of the proof
FAULTS = ("pop3-stopped", "imap-stopped")
RULES = {"again": "500ms", "gather": "500ms", "flapping": {"closings": "1000"}}  # one that comes and goes would be held open for minutes


def told(folder: Path) -> dict[str, list[str]]:
    """Return the kinds of changes that arrived, in their order, by incident."""
    file, found = folder / "pages", dict[str, list[str]]()
    for line in file.read_text().splitlines() if file.exists() else []:
        notice: dict[str, Any] = json.loads(line)
        found.setdefault(notice["incident"], []).append(notice["kind"])
    return found


def all_ended(folder: Path) -> bool:
    """Say whether something was told, and the last word of each incident is its end."""
    return bool(told(folder)) and all(kinds[-1] == "closed" for kinds in told(folder).values())


def kill_again_and_again(lab: Lab, folder: Path, kills: int) -> None:
    chance = random.Random(kills)  # noqa: S311 - which instants are tried, no secret
    channels = {"pager": {"kind": "command", "command": ["tee", "-a", str(folder / "pages")]}}
    notify = {"channels": channels, "routes": [{"to": ["pager"]}]}
    file = configuration(lab, folder, notify=notify, trips=[], incidents=RULES)
    for turn in range(kills):
        fault = FAULTS[turn % len(FAULTS)]
        with serving(file) as service:
            assert service.says("event=ready"), service.lines
            faults.inject(lab.ground, [fault])
            time.sleep(chance.uniform(0.0, 4.0))
            service.process.send_signal(signal.SIGKILL)
            service.process.wait()
        with serving(file) as service:
            assert service.says("event=ready"), service.lines
            time.sleep(chance.uniform(0.0, 3.0))
            faults.clear(lab.ground)
            time.sleep(chance.uniform(0.0, 3.0))
            service.process.send_signal(signal.SIGKILL)
            service.process.wait()
    with serving(file) as service:
        assert until(lambda: all_ended(folder), 60), told(folder)
        assert service.end() < 5


def check(folder: Path) -> None:
    for incident, kinds in told(folder).items():
        once = list(dict.fromkeys(kinds))  # at least once is what is promised
        assert once[0] == "opened", (incident, kinds)
        assert once[-1] == "closed", (incident, kinds)
        assert kinds.index("closed") > max(place for place, kind in enumerate(kinds) if kind != "closed"), (incident, kinds)


@pytest.mark.lab
def test_four_kills_lose_nothing(lab: Lab, tmp_path: Path) -> None:
    try:
        kill_again_and_again(lab, tmp_path, 2)
    finally:
        faults.clear(lab.ground)
    check(tmp_path)


@pytest.mark.proof
@pytest.mark.lab
def test_many_kills_lose_nothing(lab: Lab, tmp_path: Path) -> None:
    try:
        kill_again_and_again(lab, tmp_path, KILLS // 2)
    finally:
        faults.clear(lab.ground)
    check(tmp_path)
