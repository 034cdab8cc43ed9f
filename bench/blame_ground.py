"""A lab and a service that watches it, for `make blame`: breaks something, sees through the control API what is named, mends it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import yaml

from bench import ground
from probe.clock import utc_now
from service.control_client import ControlError, at_socket, socket_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.blame_plan import Case
    from service.control_client import Control

CHECK_SECONDS, TRIP_SECONDS = 5.0, 10.0
START_SECONDS, NAMED_SECONDS, CLOSED_SECONDS = 60.0, 40.0, 120.0
SETTLE_SECONDS = 6.0  # after all that is expected is named: more than may be would be named by then
CALM_SECONDS = 5.0  # before a fault: what has just closed is looked at once more, which would shorten the gathering of the next
STEP_SECONDS = 0.5
FILES = frozenset({"file", "ca_file"})
BEHIND = ("smtp", "submission", "smtps", "imap", "imaps", "pop3", "pop3s", "lmtp")  # servers of the lab whose users the directory knows
# One cause comes and goes a dozen times within the hour: what is measured is not how it is held open.
STEADY = {"flapping": {"closings": "1000"}}


class BrokenError(Exception):
    """The measurement cannot go on; str() says why in one line."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was named in one case."""

    named: dict[str, float]  # cause -> seconds from the fault to the incident's opening
    words: dict[str, str]  # cause -> the first of its evidence, and its doubt
    closed_seconds: float | None  # from mending to the last closing; None = not within CLOSED_SECONDS


@dataclass(frozen=True, slots=True)
class Ground:
    """One lab and its service."""

    lab: Path
    control: Control

    def tell(self, *words: str) -> None:
        """Have the lab do something. Raises: BrokenError."""
        command = [sys.executable, "-m", "lab", words[0], "--dir", str(self.lab), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokenError(f"the lab refuses {' '.join(words)}: {done.stderr.strip()}")

    def incidents(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return incidents as the service shows them. Raises: BrokenError."""
        try:
            return list(self.control.items("/incidents", **wanted))
        except ControlError as error:
            raise BrokenError(f"the service does not say what is wrong: {error}") from None

    def still(self, seconds: float = CLOSED_SECONDS) -> bool:
        """Wait until nothing is open."""
        until = monotonic() + seconds
        while self.incidents(open="true"):
            if monotonic() >= until:
                return False
            sleep(STEP_SECONDS)
        return True


def look(place: Ground, case: Case) -> Seen:
    """Put a case's faults in force, wait for what is named, mend, and wait until all has closed. Raises: BrokenError."""
    if not place.still():
        raise BrokenError(f"before {case.name}: {[one['cause'] for one in place.incidents(open='true')]} does not close")
    sleep(CALM_SECONDS)
    began = utc_now()  # a fault is in force a little later, when the lab has done it: the time to detection holds that too
    place.tell("fault", *case.faults)
    try:
        found = _named(place, case, began)
    finally:
        place.tell("clear")
    mended = monotonic()
    closed = monotonic() - mended if place.still() else None
    return Seen(
        {
            _key(one): (datetime.fromisoformat(one["opened_at"]) - began).total_seconds() for one in found
        },  # newest first: the oldest remains
        {_key(one): "; ".join([*one["cause"]["evidence"][:1], one["cause"]["doubt"]]).strip("; ") for one in found},
        closed,
    )


def _key(incident: dict[str, Any]) -> str:
    return f"{incident['cause']['kind']}:{incident['cause']['name']}"


def _named(place: Ground, case: Case, since: datetime) -> list[dict[str, Any]]:
    """Return the incidents that open, until all that is expected is among them and a little longer, or for NAMED_SECONDS."""
    until = monotonic() + NAMED_SECONDS
    settled = False
    while True:
        found = [one for one in place.incidents(limit=100) if datetime.fromisoformat(one["opened_at"]) >= since]
        if monotonic() >= until:
            return found
        if not settled and not case.missing({_key(one) for one in found}):
            settled, until = True, min(until, monotonic() + SETTLE_SECONDS)
        sleep(STEP_SECONDS)


# -- putting it up


@contextmanager
def watched(domains: int = 3, every_seconds: float = CHECK_SECONDS) -> Iterator[Ground]:
    """Start a lab and a service on it, and take both down. Raises: BrokenError."""
    with ground.lab(domains) as lab, tempfile.TemporaryDirectory(prefix="ms-blame-") as parent:
        file = Path(parent) / "mailsonde.yml"
        file.write_text(yaml.safe_dump(configuration(lab, every_seconds), sort_keys=False), "utf-8")
        with _serving(file):
            place = Ground(lab, at_socket(socket_of(file.with_name("blame.db"))))
            _await_service(place)
            yield place


def configuration(lab: Path, every_seconds: float) -> dict[str, Any]:
    """Return the lab's configuration for a service of its own, with checks this often."""
    written = yaml.load((lab / "mailsonde.yml").read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes strings alone
    plan: dict[str, Any] = _absolute(written, lab)
    for name in BEHIND:
        plan["servers"][name]["depends_on"] = ["directory"]
    trips = max(TRIP_SECONDS, every_seconds)
    return plan | {
        "checks": {"every": f"{every_seconds:g}s", "timeout": "3s"},
        "roundtrip": {"every": f"{trips:g}s", "late_after": "5s", "lost_after": "20s"},
        "trips": [trip | {"every": f"{trips:g}s"} for trip in plan.get("trips", [])],
        "store": {"path": "blame.db"},
        "metrics": {"listen": "127.0.0.1:0"},
        "incidents": STEADY,
    }


def _absolute(part: Any, folder: Path) -> Any:
    """Return a part of the configuration whose files are found from anywhere."""
    if isinstance(part, dict):
        return {
            key: str(folder / value) if key in FILES and isinstance(value, str) else _absolute(value, folder) for key, value in part.items()
        }
    return [_absolute(one, folder) for one in part] if isinstance(part, list) else part


@contextmanager
def _serving(file: Path) -> Iterator[None]:
    """Run the service until the block ends."""
    command = [sys.executable, "-m", "service.cli", "serve", "--config", str(file)]
    with file.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))
        try:
            yield
        except BrokenError as error:
            raise BrokenError(f"{error}; the service said last: {_last(file.with_suffix('.log'))}") from None
        finally:
            process.terminate()
            process.wait(timeout=30)


def _last(log: Path) -> str:
    lines = log.read_text("utf-8").splitlines()
    return lines[-1] if lines else "nothing"


def _await_service(place: Ground) -> None:
    """Wait until the service answers and nothing is wrong. Raises: BrokenError."""
    until = monotonic() + START_SECONDS
    while True:
        try:
            place.incidents(open="true")
        except BrokenError:
            if monotonic() >= until:
                raise
            sleep(STEP_SECONDS)
        else:
            break
    sleep(2 * TRIP_SECONDS)  # every check and every trip has been seen once
    place.still()
