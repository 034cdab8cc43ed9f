"""Compaction changes no answer: fewer files, the same rows, what was replaced is gone; a kill between two commits harms nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tracking.lake.laking import at, put, table, writer
from thresholds.scope import EVERYTHING
from tracking.lake.compact import FEW, SMALL_BYTES, compact, piles, tier
from tracking.lake.engine import connect
from tracking.lake.manifest import load
from tracking.lake.reader import open_lake, rows
from tracking.lake.write import Change, Writer

if TYPE_CHECKING:
    from pathlib import Path


def line(number: int, day: str = "2026-11-20") -> dict[str, object]:
    return {"file_id": 7, "line": number, "time": f"{day} 08:00:00", "state": "event", "text": f"line {number}"}


def flow(name: str, part_of: str) -> dict[str, object]:
    return {"flow_id": name, "part_of": part_of, "entered_at": at("08:00"), "via": ["g@x"]}


def replace(pen: Writer, part_of: str, name: str) -> None:
    """Commit a component's new flow, and that the old ones are no more."""
    con = connect(None)
    parts = pen.write(con, "flows", table(con, "flows", [flow(name, part_of)]))
    dead = pen.write(con, "tombstones", table(con, "tombstones", [{"part_of": part_of, "sequence": pen.sequence}]))
    pen.commit(Change(parts + dead))


def flows(lake: Path) -> list[object]:
    return [row["flow_id"] for row in rows(open_lake(lake, EVERYTHING), "select flow_id from flows order by 1")]


def test_many_small_files_of_a_day_become_one(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    for number in range(FEW):
        put(pen, "lines", line(number), line(number + 100, "2026-11-19"))
    assert compact(pen) == 2 * (FEW - 1)
    assert sorted((part.day, part.rows) for part in pen.manifest.of("lines")) == [("2026-11-19", FEW), ("2026-11-20", FEW)]
    found = rows(open_lake(tmp_path, EVERYTHING), "select line from lines order by line")
    assert [row["line"] for row in found] == [*range(FEW), *range(100, 100 + FEW)]


def test_few_files_are_left_alone(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    for number in range(FEW - 1):
        put(pen, "lines", line(number))
    before = load(tmp_path)
    assert compact(pen) == 0
    assert load(tmp_path) == before


def test_events_without_flows_are_not_merged(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    for number in range(FEW):
        put(pen, "events", {"file_id": 7, "line": number, "part": 0, "time": at("08:00")})
    assert piles(pen.manifest) == []


def test_what_was_replaced_stays_replaced_and_its_tombstones_go(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "flows", flow("old-a", "a"), flow("old-b", "b"), flow("old-c", "c"))
    for number in range(FEW - 1):
        replace(pen, "a", f"a{number}")
    replace(pen, "b", "new-b")
    expected = sorted([f"a{FEW - 2}", "new-b", "old-c"])
    assert flows(tmp_path) == expected
    compact(pen)
    assert flows(tmp_path) == expected
    assert [part.rows for part in pen.manifest.of("flows")] == [3]
    assert pen.manifest.of("tombstones") == ()


def test_a_row_that_was_merged_can_still_be_replaced(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    for number in range(FEW):
        put(pen, "flows", flow(f"f{number}", f"p{number}"))
    compact(pen)
    replace(pen, "p3", "later")
    assert flows(tmp_path) == sorted(["later", *(f"f{number}" for number in range(FEW) if number != 3)])


def test_many_tombstones_become_one_file_while_some_file_has_not_heard_of_them(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "hops", {"hop_id": "h", "part_of": "a", "arrived_at": at("08:00")}, {"hop_id": "i", "part_of": "z", "arrived_at": at("08:00")})
    for number in range(FEW):
        replace(pen, "a", f"a{number}")
    compact(pen)
    assert len(pen.manifest.of("tombstones")) == 1
    found = rows(open_lake(tmp_path, EVERYTHING), "select hop_id from hops")
    assert [row["hop_id"] for row in found] == ["i"]


def test_sizes_grow_by_the_same_factor() -> None:
    assert [tier(size) for size in (0, SMALL_BYTES - 1, SMALL_BYTES, SMALL_BYTES * FEW)] == [0, 0, 1, 2]
