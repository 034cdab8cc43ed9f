"""What the service remembers arrives in the lake: rows of a real store, once each, as they are now, also after kill -9 at any step."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from probe.values import Check, Endpoint, Outcome, Result, Step, Trip
from store import incidents, mutes
from store.extract import extract
from store.extract_rows import rows_of
from store.rollups import roll
from store.store import Store
from store.values import Run, TripRun
from tests.conftest import ROOT
from tests.store.made_incidents import opened
from thresholds.incident_values import ChangeKind, Maintenance, Scene
from thresholds.scope import EVERYTHING, Scope
from thresholds.values import Level, Verdict
from tracking.importing_values import Options
from tracking.lake.append import append, cursor_of
from tracking.lake.compact import compact
from tracking.lake.kinds_prober import PROBER
from tracking.lake.manifest import load
from tracking.lake.privacy import Privacy
from tracking.lake.reader import open_lake, rows
from tracking.lake.retain import retain
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(days=3)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("127.0.0.1", 143))
WINDOW = Maintenance("m00000001", Scene("*.example", "imap"), "new disks", "anna@abc.example", NOON, NOON + timedelta(hours=2))


def trip(number: int) -> TripRun:
    told = ("abc.example", "abc.example", f"<mailsonde.{number:032x}@abc.example>", NOON + timedelta(minutes=number), Outcome.LATE)
    made = Trip(*told, submit_seconds=0.25, transit_seconds=1.0, retrieve_seconds=0.5, uncertainty_seconds=0.02, said="bob@abc.example")
    return TripRun(made, Verdict(Level.WARNING))


async def fill(file: Path, trips: int = 3) -> None:
    """Let a store have something of every kind, by its own means."""
    store = await Store.open(file)
    try:
        for number in range(trips):
            store.put(trip(number))
            result = Result(CHECK, NOON + timedelta(minutes=number), (Step("greeting", 0.25 * (number + 1)),))
            store.put(Run(result, Verdict(Level.OK)))
        await store.flush()
        await roll(store, LATER)
        await incidents.save(store, [opened(1), opened(2, 5, ("abc.example", "xyz.example"))])
        await mutes.add_maintenance(store, WINDOW, NOON)
    finally:
        await store.close()


async def taken(file: Path, cursor: dict[str, Any], many: int = 300) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take a slice as the service does, and send it through the pipe's JSON."""
    store = await Store.open(file)
    try:
        found = await store.read(lambda connection: extract(connection, cursor, int(LATER.timestamp()), many))
    finally:
        await store.close()
    return json.loads(json.dumps(found.rows)), json.loads(json.dumps(found.cursor))


def hand_over(file: Path, lake: Path, many: int = 300, options: Options | None = None) -> int:
    """Bring a lake up to date; return how many slices that took."""
    pen, count = Writer(lake, "probe serve", lambda: LATER), 0
    try:
        while True:
            after = cursor_of(pen.manifest)
            found, upto = asyncio.run(taken(file, after, many))
            if upto == after:
                return count
            assert append(pen, rows_of(found, "here"), (after, upto), options or Options())
            count += 1
    finally:
        pen.close()


def held(lake: Path, kind: str, scope: Scope = EVERYTHING) -> list[dict[str, Any]]:
    with open_lake(lake, scope) as con:
        return rows(con, f"select * from {kind} order by all")  # noqa: S608 - our own names


def counts(lake: Path) -> dict[str, int]:
    return {kind: len(held(lake, kind)) for kind in PROBER}


ALL = {"trips": 3, "rollups": 4, "incidents": 2, "changes": 2, "maintenance": 1}


def test_all_that_a_store_has_arrives_once(tmp_path: Path) -> None:
    file, lake = tmp_path / "t.db", tmp_path / "lake"
    asyncio.run(fill(file))
    assert hand_over(file, lake) == 1
    assert hand_over(file, lake) == 0
    assert counts(lake) == ALL
    first = held(lake, "trips")[0]
    assert {name: first[name] for name in ("trip", "site", "outcome", "level", "total_seconds")} == {
        "trip": "abc.example",
        "site": "here",
        "outcome": "late",
        "level": "WARNING",
        "total_seconds": 1.75,
    }
    assert first["started_at"] == NOON.replace(tzinfo=None)
    hour = next(one for one in held(lake, "rollups") if one["what"] == "check" and one["period_seconds"] == 3600)
    assert (hour["name"], hour["ok"], hour["answers"], hour["sum_seconds"], hour["max_seconds"]) == ("abc.example/imap", 3, 3, 1.5, 0.75)
    assert hour["median_seconds"] == pytest.approx(0.5, rel=0.02)
    assert (sum(hour["bucket_counts"]), hour["started_at"]) == (3, datetime(2026, 11, 21, 12))  # noqa: DTZ001 - as the lake has it
    way = next(one for one in held(lake, "rollups") if one["what"] == "trip")
    assert (way["outcomes"], way["answers"], way["server"]) == ('{"late": 3}', 3, None)
    [window] = held(lake, "maintenance")
    assert (window["scene_domain"], window["reason"], window["ended_by"]) == ("*.example", "new disks", None)


def test_slices_of_one_row_give_the_same(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path / "t.db"))
    assert hand_over(tmp_path / "t.db", tmp_path / "small", many=1) > 2
    hand_over(tmp_path / "t.db", tmp_path / "lake")
    for kind in PROBER:
        assert held(tmp_path / "small", kind) == held(tmp_path / "lake", kind)


def test_what_changes_comes_again_and_counts_as_it_is_now(tmp_path: Path) -> None:
    file, lake = tmp_path / "t.db", tmp_path / "lake"
    asyncio.run(fill(file))
    hand_over(file, lake)

    async def change() -> None:
        store = await Store.open(file)
        first = opened(1)
        closed = replace(first.incident, closed_at=NOON + timedelta(hours=1), ended="all is well again", changes=2)
        await incidents.save(store, [replace(first, incident=closed, kind=ChangeKind.CLOSED, number=2, at=NOON + timedelta(hours=1))])
        await mutes.cancel_maintenance(store, WINDOW.id, "ben", NOON + timedelta(minutes=10))
        await store.close()

    asyncio.run(change())
    assert hand_over(file, lake) == 1
    assert counts(lake) == ALL | {"changes": 3}
    one = next(row for row in held(lake, "incidents") if row["id"] == "i00000001")
    assert (one["changes"], one["ended"], one["closed_at"]) == (2, "all is well again", datetime(2026, 11, 21, 13, 0, 0, 123456))  # noqa: DTZ001 - as the lake has it
    assert held(lake, "maintenance")[0]["ended_by"] == "ben"
    before = {kind: held(lake, kind) for kind in PROBER}
    pen = Writer(lake, "probe serve", lambda: LATER)
    assert compact(pen, few=2) > 0
    assert sum(part.rows for part in pen.manifest.of("incidents")) == 2
    pen.close()
    assert {kind: held(lake, kind) for kind in PROBER} == before


def test_another_store_is_taken_from_its_beginning(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    asyncio.run(fill(tmp_path / "t.db"))
    hand_over(tmp_path / "t.db", lake)
    asyncio.run(fill(tmp_path / "restored.db", trips=2))
    hand_over(tmp_path / "restored.db", lake)
    assert counts(lake) == ALL
    assert hand_over(tmp_path / "restored.db", lake) == 0


def test_an_old_store_is_searched_in_pieces_for_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, lake, days = tmp_path / "t.db", tmp_path / "lake", 3
    monkeypatch.setattr("store.extract.SEEKS", 2)

    async def history() -> None:
        store = await Store.open(file)
        for number in reversed(range(days)):  # ids of checks say nothing of who began first
            for name in "abcde"[number:]:
                check = replace(CHECK, name=f"{name}.example/imap", domain=f"{name}.example")
                store.put(Run(Result(check, NOON + timedelta(days=number), (Step("greeting", 0.5),)), Verdict(Level.OK)))
        await store.flush()
        await roll(store, LATER + timedelta(days=1))
        await store.close()

    assert hand_over(file, lake) == 0
    asyncio.run(history())
    hand_over(file, lake)
    hours = [one for one in held(lake, "rollups") if one["period_seconds"] == 3600]
    assert sorted((one["name"][0], one["started_at"].day) for one in hours) == [
        *(("a", 21), ("b", 21), ("b", 22), ("c", 21), ("c", 22), ("c", 23)),
        *((name, day) for name in "de" for day in (21, 22, 23)),
    ]


def test_odd_words_hold_nothing_up(tmp_path: Path) -> None:
    said = ["half \ud800", "nul \0 nul", "\u202e\x1b[31m", '"}{,\n', "plain"]
    trips = [{"message_id": f"<{number}@abc.example>", "domain": "abc.example", "said": text} for number, text in enumerate(said)]
    trips[-1] |= {"total_seconds": "no number", "started_at": "2026-11-21 12:00:00"}
    pen = Writer(tmp_path / "lake", "probe serve", lambda: LATER)
    assert append(pen, {"trips": trips}, ({}, {"trips": [5]}), Options())
    pen.close()
    found = {one["message_id"][1]: one for one in held(tmp_path / "lake", "trips")}
    assert [found[name]["said"] for name in "0123"] == ["half ?", *said[1:4]]
    assert found["4"]["total_seconds"] is None


def test_rows_that_do_not_follow_are_left_alone(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path / "t.db"))
    found, upto = asyncio.run(taken(tmp_path / "t.db", {}))
    pen = Writer(tmp_path / "lake", "probe serve", lambda: LATER)
    assert append(pen, rows_of(found, "here"), ({}, upto), Options())
    assert not append(pen, rows_of(found, "here"), ({}, upto), Options())
    pen.close()
    assert counts(tmp_path / "lake") == ALL


def test_people_have_pseudonyms_and_readers_their_domains(tmp_path: Path) -> None:
    file, lake = tmp_path / "t.db", tmp_path / "lake"
    asyncio.run(fill(file))
    hand_over(file, lake, options=Options(privacy=Privacy(b"0123456789abcdef")))
    texts = repr({kind: held(lake, kind) for kind in PROBER})
    assert "bob@" not in texts
    assert "anna@" not in texts
    assert "<mailsonde.00000000000000000000000000000001@abc.example>" in texts
    assert load(lake).settings["privacy"]["pseudonyms"]
    seen = {kind: len(held(lake, kind, Scope(frozenset({"abc.example"})))) for kind in PROBER}
    assert seen == ALL | {"incidents": 1, "changes": 1}  # the other one names somebody else's domain
    assert not any(held(lake, kind, Scope(frozenset({"foreign.test"}))) for kind in PROBER)


def test_what_is_too_old_is_forgotten(tmp_path: Path) -> None:
    file, lake = tmp_path / "t.db", tmp_path / "lake"
    asyncio.run(fill(file))
    hand_over(file, lake)
    pen = Writer(lake, "probe serve", lambda: LATER)
    retain(pen, {"trips": 1.0, "rollups": 30.0})
    pen.close()
    assert counts(lake) == ALL | {"trips": 0}
    assert hand_over(file, lake) == 0


DYING = """
import os, signal, sys
from pathlib import Path
from tests.service.test_tracking_handover import hand_over
done, last = [0], int(sys.argv[3])
def counted(real):
    def act(*args, **words):
        done[0] += 1
        if done[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **words)
    return act
for name in ("rename", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
hand_over(Path(sys.argv[1]), Path(sys.argv[2]), 2)
"""


@pytest.mark.parametrize("last", [2, 4, 6, 9])
def test_killed_between_two_steps_on_the_disk(tmp_path: Path, last: int) -> None:
    """A kill -9 before, in and after a commit: nothing is lost, nothing comes twice."""
    file, lake = tmp_path / "t.db", tmp_path / "lake"
    asyncio.run(fill(file))
    command = [sys.executable, "-c", DYING, str(file), str(lake), str(last)]
    died = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    hand_over(file, lake)
    hand_over(file, tmp_path / "clean")
    assert {kind: held(lake, kind) for kind in PROBER} == {kind: held(tmp_path / "clean", kind) for kind in PROBER}
    assert {kind: sum(part.rows for part in load(lake).of(kind)) for kind in PROBER} == ALL
