"""`probe serve` puts what it remembers into the lake of its logs; `probe track show` joins it with no service and no store left."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import yaml

from probe.values import Outcome, Trip
from service.cli import run
from store.store import Store
from store.values import TripRun
from tests.service.serving import serving, until
from tests.tracking.look.real import ID, LOGS
from thresholds.scope import EVERYTHING
from thresholds.values import Level, Verdict
from tracking.lake.reader import asking, open_lake, rows

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PATIENCE_SECONDS = 60.0  # the machine may be busy, and the process gives way
BEGAN = datetime(2026, 11, 21, 16, 12, 52, 600_000, tzinfo=UTC)
DNS = {"dns": {"kind": "dns", "host": "127.0.0.1", "port": 1, "query": {"name": "a.example", "type": "MX"}}}


def configured(folder: Path) -> Path:
    """Write a configuration that follows the logs of one real message."""
    for name, text in LOGS.items():
        (folder / name).write_text(text, "utf-8")
    mda = {"name": "mda", "paths": ["dovecot.log"], "server": "mda"}
    plan = {
        "servers": DNS,
        "domains": [{"name": "a.example", "servers": ["dns"]}],
        "metrics": {"listen": "127.0.0.1:0"},
        "tracking": {"sources": [{"name": "mx", "paths": ["mx.log", "hub.log", "edge.log"]}, mda]},
    }
    file = folder / "mailsonde.yml"
    file.write_text(yaml.safe_dump(plan), "utf-8")
    return file


async def remember(file: Path) -> None:
    """Let the service's store have the trip of that message."""
    trip = Trip(
        *("alpha-to-beta", "beta.test", f"<{ID}>", BEGAN, Outcome.DELIVERED),
        submit_seconds=0.25,
        transit_seconds=1.0,
        retrieve_seconds=0.15,
        uncertainty_seconds=0.02,
        submitted_at=BEGAN,
    )
    store = await Store.open(file)
    store.put(TripRun(trip, Verdict(Level.OK)))
    await store.flush()
    await store.close()


def kept(lake: Path, kind: str) -> list[dict[str, Any]]:
    if not (lake / "manifest.json").exists():
        return []
    return asking(lambda: open_lake(lake, EVERYTHING), lambda con: rows(con, f"select * from {kind}"))  # noqa: S608 - our own names


def test_a_message_has_its_trip_from_the_lake_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    file, lake = configured(tmp_path), tmp_path / "lake"
    asyncio.run(remember(tmp_path / "mailsonde.db"))
    with serving(file) as service:
        assert until(lambda: bool(kept(lake, "trips")) and bool(kept(lake, "flows")), PATIENCE_SECONDS), service.lines
        assert service.end() < 5.0
    for left in tmp_path.glob("mailsonde.db*"):
        left.unlink()
    assert [(one["trip"], one["site"]) for one in kept(lake, "trips")] == [("alpha-to-beta", "local")]
    assert run(["track", "show", ID, "--config", str(file), "--format", "json"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    trip = json.loads(told.out)["trip"]
    assert [trip[f"{stage}_seconds"] for stage in ("submit", "transit", "retrieve", "total")] == [0.25, 1.0, 0.15, 1.4]
    assert run(["track", "show", ID, "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "alpha-to-beta" in shown
