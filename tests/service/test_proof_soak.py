"""A soak of `probe run --watch` on the real lab: round after round all is OK, and neither memory, open files nor mailboxes grow.

MAILSONDE_SOAK_SECONDS says how long; three minutes when it is not set. The figures are printed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from lab import dovecot
from lab.ground import FIRST_DOMAINS
from tests.service.peers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Lab

pytestmark = [pytest.mark.proof, pytest.mark.lab]
SECONDS = float(os.environ.get("MAILSONDE_SOAK_SECONDS", "180"))
EVERY = "1s"
WARM = 20  # rounds until all code is loaded and all buffers have been used
WINDOW = 10  # rounds over which a figure is taken: one round's chance shall not decide
GROWTH_MIB = 3.0
UNDER_WAY = 2  # test messages that a mailbox may hold between two rounds


@dataclass(frozen=True, slots=True)
class Round:
    """What was seen when a report had come."""

    wrong: tuple[str, ...]  # of checks and trips that are not OK, each with its reasons
    rss_mib: float
    files: int  # open file descriptors
    messages: int  # in the fullest mailbox


def wrong(report: dict[str, Any]) -> tuple[str, ...]:
    """Return what the report does not call OK, and a trip that did not arrive."""
    judged = [*report["checks"], *report["trips"]]
    bad = [one for one in judged if one["level"] != "OK" or one.get("outcome", "delivered") != "delivered"]
    return tuple(f"{one.get('check') or one['trip']} {one['level']}: {'; '.join(one['reasons'])}" for one in bad)


def messages(lab: Lab) -> int:
    """Return how many messages the fullest of the probes' mailboxes holds, in all of its folders."""
    homes = [dovecot.home(lab.ground, f"probe@{domain}") for domain in FIRST_DOMAINS]
    assert all((home / "Maildir/cur").is_dir() for home in homes)
    return max(sum(1 for part in ("new", "cur") for _ in home.rglob(f"{part}/*")) for home in homes)


def look(lab: Lab, pid: int, report: dict[str, Any]) -> Round:
    """Return what is to be seen of the process and the mailboxes now."""
    own = Path(f"/proc/{pid}")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", (own / "status").read_text("ascii"), re.MULTILINE)
    assert found is not None
    return Round(wrong(report), int(found[1]) / 1024, len(list((own / "fd").iterdir())), messages(lab))


@pytest.fixture
def watcher(lab: Lab) -> Iterator[subprocess.Popen[str]]:
    """Yield a `probe run --watch` that runs, with empty mailboxes and no trips of others; end it whatever happens."""
    for ledger in lab.dir.glob("*.trips"):
        shutil.rmtree(ledger)
    for domain in FIRST_DOMAINS:
        dovecot.empty(lab.ground, f"probe@{domain}")
    command = [sys.executable, "-m", "service.cli", "run", "--config", str(lab.config), "--watch", "--every", EVERY, "--format", "json"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def reports(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Yield each report when it has come, until the time is over."""
    end = monotonic() + SECONDS
    assert process.stdout is not None
    while monotonic() < end:
        line = process.stdout.readline()
        assert line, f"the watch ended by itself: {process.communicate()[1]}"
        yield json.loads(line)


def test_watching_for_minutes_grows_nothing(lab: Lab, watcher: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]) -> None:
    rounds = [look(lab, watcher.pid, report) for report in reports(watcher)]
    assert len(rounds) > WARM + WINDOW, "too short: raise MAILSONDE_SOAK_SECONDS"
    warm, last = rounds[WARM : WARM + WINDOW], rounds[-WINDOW:]
    rss, files = ([max(getattr(one, name) for one in part) for part in (warm, last)] for name in ("rss_mib", "files"))
    fullest = max(one.messages for one in rounds)
    with capsys.disabled():
        said = f"{len(rounds)} rounds in {SECONDS:g} s; RSS {rss[0]:.1f} -> {rss[1]:.1f} MiB; open files {files[0]} -> {files[1]}"
        print(f"\n{said}; at most {fullest} messages in a mailbox")  # noqa: T201 - these figures are what a soak is for
    assert [(number, *one.wrong) for number, one in enumerate(rounds, 1) if one.wrong] == []
    assert rss[1] - rss[0] < GROWTH_MIB
    assert files[1] <= files[0]
    assert fullest <= UNDER_WAY
    watcher.send_signal(signal.SIGINT)
    _, errors = watcher.communicate(timeout=15)
    assert (watcher.returncode, errors) == (130, "")
