"""Tracking end to end: trips of `probe run` through the real lab, its servers' own logs, each probe's whole way; a slow hub shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lab import faults
from tests.service.peers import probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
WAY = [("mx", "postfix"), ("hub", "postfix"), ("edge", "postfix"), ("mda", "dovecot")]
LATE_MS = 700


@pytest.fixture
def clean(lab: Lab) -> Iterator[Lab]:
    yield lab
    if faults.in_force(lab.ground):
        faults.clear(lab.ground)


def trips(lab: Lab, *words: str) -> list[dict[str, Any]]:
    """Make trips as an operator does; return what `probe run` says of them."""
    run = probe("run", "--config", str(lab.config), "--format", "json", "--wait", "30s", *words)
    made: list[dict[str, Any]] = json.loads(run.stdout)["trips"]
    return made


def import_logs(lab: Lab, lake: Path) -> None:
    """Read the lab's own logs: three Postfix; Dovecot, whose own log names no host."""
    for server, names in (("", ("mx", "hub", "edge")), ("mda", ("dovecot",))):
        told = ("--server", server) if server else ()
        done = probe("track", "import", "--lake", str(lake), *told, *(str(lab.dir / "log" / f"{name}.log") for name in names))
        assert (done.returncode, done.stderr) == (0, "")


def flows(lake: Path) -> dict[str, dict[str, Any]]:
    """Return our own messages' flows by Message-ID."""
    done = probe("track", "flows", "--lake", str(lake), "--probe")
    assert (done.returncode, done.stderr) == (0, "")
    return {flow["message_id"]: flow for flow in map(json.loads, done.stdout.splitlines())}


def test_the_way_of_every_probe_is_whole(lab: Lab, tmp_path: Path) -> None:
    made = trips(lab)
    assert made
    assert {trip["outcome"] for trip in made} <= {"delivered", "late"}  # late: a busy machine's mail comes too
    import_logs(lab, tmp_path / "lake")
    found = flows(tmp_path / "lake")
    for trip in made:
        flow = found[trip["message_id"]]
        assert [(hop["server"], hop["software"]) for hop in flow["hops"]] == WAY
        assert all(hop["id"] and hop["lines"] for hop in flow["hops"])
        assert [hop["link"] and hop["link"]["rule"] for hop in flow["hops"]] == ["queued-as", "queued-as", "lmtp-session", None]
        assert (flow["outcome"], flow["domains"][-1]) == ("delivered", trip["domain"])
        assert flow["end_to_end_seconds"] <= trip["total_seconds"] + flow["uncertainty_seconds"] + trip["uncertainty_seconds"]


def test_a_slow_hub_shows_as_slow_with_its_lines(clean: Lab, tmp_path: Path) -> None:
    faults.inject(clean.ground, [f"hub-slow={LATE_MS}"])
    (trip, *_) = trips(clean, "--domain", "alpha.test")
    import_logs(clean, tmp_path / "lake")
    flow = flows(tmp_path / "lake")[trip["message_id"]]
    _, hub, edge, _ = flow["hops"]
    assert hub["delays"]["before_queue"] >= LATE_MS / 1000 - 0.02
    assert hub["delays"]["before_queue"] > edge["delays"]["before_queue"]
    shown = probe("track", "show", trip["message_id"], "--lake", str(tmp_path / "lake"), "--lines").stdout
    assert f"hub.log:{hub['lines'][0]['line']}: " in shown
    assert hub["id"] in shown
