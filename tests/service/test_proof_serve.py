"""`probe serve` on the real lab for an hour under faults that come and go: its verdicts are what the faults' rows promise.

Neither memory, open files nor threads grow, and no run is missed uncounted. MAILSONDE_SERVE_SECONDS says how long; an hour when it is
not set. The figures are printed.
"""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab import faults
from lab.faults_rows import FAULTS
from service.control_client import at_socket
from tests.lab.telling import differences
from tests.service.serving import END_SECONDS, Serving, configuration, serving, until

if TYPE_CHECKING:
    from service.control_client import Control
    from tests.conftest import Lab

pytestmark = [pytest.mark.proof, pytest.mark.lab]
SECONDS = float(os.environ.get("MAILSONDE_SERVE_SECONDS", "3600"))
ROWS = (
    "imap-stopped",
    "smtp-refusing",
    "pop3s-cut",
    "submission-garbage",
    "imaps-silent",
    "lmtp-stopped",
    "imap-expired",
    "smtps-flood",
    "pop3-starttls-stripped",
    "account-locked",
)
NOTICED_SECONDS = 15.0  # within which all checks concerned must tell of it, and tell that it is gone
GROWTH_MIB = 3.0
WARM_SHARE = 0.25  # of the time, until all code is loaded and all buffers have been used


@dataclass(frozen=True, slots=True)
class Size:
    """What the process holds."""

    rss_mib: float
    files: int
    threads: int


def size(service: Serving) -> Size:
    """Return what the process holds now."""
    own = Path(f"/proc/{service.process.pid}")
    status = own.joinpath("status").read_text("ascii")
    [rss], [threads] = re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE), re.findall(r"^Threads:\s+(\d+)", status, re.MULTILINE)
    return Size(int(rss) / 1024, len(list((own / "fd").iterdir())), int(threads))


def report(control: Control) -> dict[str, Any]:
    """Return the last run of each check, as the report of a run has them."""
    checks = [one["last"] or {"check": one["check"], "level": "UNKNOWN", "fault": None, "reasons": []} for one in control.items("/checks")]
    return {"checks": [one for one in checks if not one.get("suspect")], "trips": []}


def test_for_an_hour_under_faults_that_come_and_go(lab: Lab, tmp_path: Path) -> None:
    sizes: list[Size] = []
    wrong: list[str] = []
    with serving(configuration(lab, tmp_path, checks={"every": "2s", "timeout": "1900ms"}, trips=[])) as service:
        assert service.says("event=ready")
        control = at_socket(tmp_path / "t.sock")
        ending = time.monotonic() + SECONDS
        for name in cycle(ROWS):
            if time.monotonic() > ending:
                break
            wrong += broken_and_mended(lab, control, name)
            sizes.append(size(service))
            if len(sizes) % 10 == 0:
                say(f"{len(sizes)} faults: {sizes[-1]}, {len(wrong)} told wrong")
        tell(service, sizes)
        warm = sizes[int(len(sizes) * WARM_SHARE)]
        assert service.end() < END_SECONDS
        bugs = [line for line in service.lines if "traceback" in line]
    assert (wrong, bugs) == ([], [])
    assert sizes[-1].rss_mib - warm.rss_mib < GROWTH_MIB
    assert sizes[-1].files <= warm.files + 20  # conversations under way come and go
    assert sizes[-1].threads <= warm.threads + 2


def broken_and_mended(lab: Lab, control: Control, name: str) -> list[str]:
    """Put a fault in force until all is told as its row promises, mend it until all is well; return what was told wrong for too long."""
    faults.inject(lab.ground, [name])
    try:
        until(lambda: not told_wrong(name, control), NOTICED_SECONDS)
        wrong = [f"{name}: {one}" for one in told_wrong(name, control)]
    finally:
        faults.clear(lab.ground)
    until(lambda: not unwell(control), NOTICED_SECONDS)
    return wrong + [f"after {name}: {one}" for one in unwell(control)]


def told_wrong(name: str, control: Control) -> list[str]:
    """Return what the checks tell otherwise than the fault's row promises; trips are left out here."""
    return [one for one in differences(FAULTS[name], report(control)) if not one.startswith("nothing matches")]


def unwell(control: Control) -> list[str]:
    """Return what is not OK."""
    return [f"{one['check']}: {one['level']}: {'; '.join(one['reasons'])}" for one in report(control)["checks"] if one["level"] != "OK"]


def say(words: str) -> None:
    """Print a line at once: an hour is long."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def tell(service: Serving, sizes: list[Size]) -> None:
    """Print the figures; nothing may have been lost."""
    begun = sum(service.series("mailsonde_schedule_lateness_seconds_count").values())
    missed = sum(service.series("mailsonde_missed_runs_total").values())
    lost = sum(service.series("mailsonde_store_lost_results_total").values())
    say(f"{len(sizes)} faults came and went; {begun:.0f} runs, {missed:.0f} missed and counted, {lost:.0f} lost")
    say(f"first {sizes[0]}\nlast  {sizes[-1]}")
    assert lost == 0
