"""A commit is there whole or not at all: days, tombstones, what a killed writer left, who may write, and a lake of another version."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.tracking.lake.laking import NOW, at, put, table, writer
from thresholds.scope import EVERYTHING, Scope
from tracking.errors import TrackError
from tracking.lake import write
from tracking.lake.compact import compact
from tracking.lake.engine import connect
from tracking.lake.manifest import NAME, Import, Manifest, Source, from_json, to_json
from tracking.lake.reader import asking, open_lake, rows
from tracking.lake.write import GRACE, Change, Writer

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection


def seen(lake: Path, question: str, scope: Scope = EVERYTHING) -> list[dict[str, object]]:
    return asking(lambda: open_lake(lake, scope), lambda con: rows(con, question))


def line(number: int, time: str | None, text: str = "x") -> dict[str, object]:
    return {"file_id": 7, "line": number, "time": time, "state": "event", "text": text}


def test_an_empty_lake_has_every_view_and_no_rows(tmp_path: Path) -> None:
    for kind in ("lines", "events", "hops", "legs", "flows", "offsets", "trips"):
        assert seen(tmp_path, f"select count(*) as n from {kind}") == [{"n": 0}]


def test_no_folder_is_no_lake(tmp_path: Path) -> None:
    with pytest.raises(TrackError) as caught:
        open_lake(tmp_path / "none", EVERYTHING)
    assert str(caught.value) == f"there is no lake at {tmp_path}/none: name another with --lake, or make it with `probe track import`"


@pytest.mark.parametrize(("damage", "why"), [(b"x", "too small to be a Parquet file"), (b"x" * 99, "No magic bytes found at end of file")])
def test_a_damaged_file_is_named(tmp_path: Path, damage: bytes, why: str) -> None:
    pen = writer(tmp_path)
    for number in (1, 2):  # the second is looked into only when it is asked
        (part,) = put(pen, "lines", line(number, at("08:00")))
    (tmp_path / part.path).write_bytes(damage)
    with pytest.raises(TrackError) as caught:
        seen(tmp_path, "select * from lines")
    said = str(caught.value)
    assert said.startswith("the lake is damaged: ")
    assert why in said
    assert part.path in said
    assert said.endswith("; put a copy of the lake in its place, or import the logs into another one")


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_missing_file_is_named(tmp_path: Path, at_once: int) -> None:
    pen = writer(tmp_path)
    for number in range(at_once):
        (part,) = put(pen, "lines", line(number, at("08:00")))
    (tmp_path / part.path).unlink()
    with pytest.raises(TrackError) as caught:
        seen(tmp_path, "select * from lines")
    what = "put a copy of the lake in its place, or import the logs into another one"
    assert str(caught.value) == f"the lake is damaged: File '{tmp_path / part.path}' is missing; {what}"


def test_what_is_committed_is_read(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "lines", line(1, at("08:00"), "a"), line(2, at("08:01"), "it's 'quoted' $1"))
    assert seen(tmp_path, "select line, text, time from lines order by line") == [
        {"line": 1, "text": "a", "time": NOW.replace(tzinfo=None, day=20, hour=8)},
        {"line": 2, "text": "it's 'quoted' $1", "time": NOW.replace(tzinfo=None, day=20, hour=8, minute=1)},
    ]


def test_what_is_written_and_not_committed_is_not_read(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    con = connect(None)
    pen.write(con, "lines", table(con, "lines", [line(1, at("08:00"))]))
    assert seen(tmp_path, "select * from lines") == []


def test_each_day_has_its_file_and_odd_times_a_folder_of_their_own(tmp_path: Path) -> None:
    times = ("2026-11-19 23:59:59", "2026-11-20 00:00:00", "1970-01-01 00:00:01", "9999-12-31 00:00:00", "2026-11-23 12:00:01", None)
    parts = put(writer(tmp_path), "lines", *(line(n, time) for n, time in enumerate(times)))
    assert {part.day: part.rows for part in parts} == {"2026-11-19": 1, "2026-11-20": 1, "unknown": 4}
    assert seen(tmp_path, "select count(*) as n from lines") == [{"n": 6}]
    assert all((tmp_path / part.path).stat().st_mode & 0o77 == 0 for part in parts)


def test_a_large_file_has_no_columns_that_hold_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are NULL for who reads them, come back with the first file that has them, and stay away when such files are merged."""
    monkeypatch.setattr(write, "MANY", 2)
    pen = writer(tmp_path)
    put(pen, "lines", *(line(number, at("08:00")) for number in range(3)))
    put(pen, "lines", *(line(number, at("08:00")) for number in range(3, 6)))
    con = connect(None)
    written = f"select distinct name from parquet_schema('{tmp_path}/lines/*/*.parquet') where name <> 'duckdb_schema'"
    assert {name for (name,) in con.execute(written).fetchall()} == {"file_id", "line", "time", "state", "text"}
    assert compact(pen, few=2) == 1
    pen.burn()
    assert {name for (name,) in con.execute(written).fetchall()} == {"file_id", "line", "time", "state", "text"}
    put(pen, "lines", line(7, at("08:00")), {**line(8, at("08:00")), "kind": "blank"})
    assert seen(tmp_path, "select count(*) as n, count(kind) as kinds from lines") == [{"n": 8, "kinds": 1}]


def test_a_component_is_replaced_as_a_whole(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "flows", *({"flow_id": name, "part_of": name[0], "entered_at": at("08:00")} for name in ("a1", "a2", "b1")))
    con = connect(None)
    parts = pen.write(con, "flows", table(con, "flows", [{"flow_id": "a3", "part_of": "a", "entered_at": at("09:00")}]))
    dead = pen.write(con, "tombstones", table(con, "tombstones", [{"part_of": "a", "sequence": pen.sequence}]))
    pen.commit(Change(parts + dead))
    assert [row["flow_id"] for row in seen(tmp_path, "select flow_id from flows order by 1")] == ["a3", "b1"]


def test_a_reader_of_some_domains_sees_their_flows_and_what_belongs_to_them(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    flow = {"part_of": "p", "entered_at": at("08:00")}
    put(
        pen,
        "flows",
        {**flow, "flow_id": "1", "domains": ["abc.example"], "hops": _hops(1)},
        {**flow, "flow_id": "2", "domains": ["x.example"]},
    )
    put(pen, "hops", {"hop_id": "h1", "arrived_at": at("08:00")}, {"hop_id": "h2", "arrived_at": at("08:00")})
    put(pen, "lines", line(1, at("08:00")), line(2, at("08:00")))
    mine = Scope(frozenset({"abc.example"}))
    assert [row["flow_id"] for row in seen(tmp_path, "select flow_id from flows", mine)] == ["1"]
    assert [row["hop_id"] for row in seen(tmp_path, "select hop_id from hops", mine)] == ["h1"]
    assert [row["line"] for row in seen(tmp_path, "select line from lines", mine)] == [1]
    assert seen(tmp_path, "select * from lines", Scope()) == []


def _hops(number: int) -> list[dict[str, object]]:
    empty = dict.fromkeys(("server", "software", "id", "arrived_at", "left_at", "delays", "to", "rule", "confidence"))
    return [{"hop_id": f"h{number}", **empty, "lines": [{"file_id": 7, "line": number}]}]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    first = Writer(tmp_path, "probe serve", lambda: NOW)
    with pytest.raises(TrackError) as caught:
        writer(tmp_path)
    holder = f"process {os.getpid()} (probe serve, since 2026-11-21 12:00:00 UTC)"
    assert str(caught.value) == f"the lake {tmp_path} is being written by {holder}: wait for it, or end it first"
    first.close()
    writer(tmp_path).close()


def test_a_file_in_the_lakes_place(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("")
    with pytest.raises(TrackError) as caught:
        writer(tmp_path / "lake")
    assert str(caught.value) == f"{tmp_path}/lake is not a folder: a lake is one; name another place with --lake"


def test_a_folder_of_other_things_becomes_no_lake(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    writer(tmp_path).close()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mail.log").write_text("x\n")
    with pytest.raises(TrackError) as caught:
        writer(tmp_path / "logs")
    why = "holds other things and is no lake: name another place with --lake, an empty folder or a new one"
    assert str(caught.value) == f"{tmp_path}/logs {why}"
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["mail.log"]


def test_a_lake_of_a_newer_version_is_refused_by_readers_and_writers(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "lines", line(1, at("08:00")))
    pen.close()
    document = json.loads((tmp_path / NAME).read_text())
    (tmp_path / NAME).write_text(json.dumps({**document, "version": 2, "parts": "of another kind"}))
    said = (
        f"the lake {tmp_path} was written by a newer Mailsonde (version 2 of its layout, this one knows 1): "
        "upgrade this one, or name another lake"
    )
    for use in (lambda: open_lake(tmp_path, EVERYTHING), lambda: writer(tmp_path)):
        with pytest.raises(TrackError) as caught:
            use()
        assert str(caught.value) == said
    assert list((tmp_path / "lines").rglob("*.parquet"))  # nothing was swept


def test_a_damaged_manifest_is_said_and_nothing_swept(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "lines", line(1, at("08:00")))
    pen.close()
    (tmp_path / NAME).write_text("{")
    with pytest.raises(TrackError) as caught:
        writer(tmp_path)
    said = f"{tmp_path}/manifest.json is damaged: put a copy of the lake in its place, or import the logs into another one"
    assert str(caught.value) == said
    assert list((tmp_path / "lines").rglob("*.parquet"))


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "lines", line(1, at("08:00")))
    con = connect(None)
    (part,) = pen.write(con, "lines", table(con, "lines", [line(2, at("09:00"))]))
    half = tmp_path / "lines/day=2026-11-20/x.parquet.tmp"
    half.write_text("half")
    pen.close()
    writer(tmp_path)
    assert not (tmp_path / part.path).exists()
    assert not half.exists()
    assert len(seen(tmp_path, "select * from lines")) == 1


def test_a_replaced_file_stays_for_its_readers_and_goes_then(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    (part,) = put(pen, "lines", line(1, at("08:00")))
    pen.commit(Change(gone=frozenset({part.path})))
    pen.close()
    assert seen(tmp_path, "select * from lines") == []
    writer(tmp_path).close()
    assert (tmp_path / part.path).exists()
    late = writer(tmp_path, NOW + GRACE + timedelta(seconds=1))
    late.commit(Change())
    assert not (tmp_path / part.path).exists()


def test_a_reader_that_meets_a_vanished_file_reads_the_manifest_again(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    (part,) = put(pen, "lines", line(1, at("08:00")))
    opened: list[DuckDBPyConnection] = []

    def opens() -> DuckDBPyConnection:
        con = open_lake(tmp_path, EVERYTHING)
        if not opened:
            put(pen, "lines", line(2, at("08:00")))
            pen.commit(Change(gone=frozenset({part.path})))
            (tmp_path / part.path).unlink()
        opened.append(con)
        return con

    assert asking(opens, lambda con: rows(con, "select line from lines")) == [{"line": 2}]
    assert len(opened) == 2


def test_the_manifest_keeps_all_it_is_told() -> None:
    source = Source(
        2**64 - 1, "mail.log", "syslog", state={"offset": 3}, noise_kinds={"blank": 1}, unparsed_at=(4,), servers=("mx1",), first=NOW
    )
    told = Manifest(1, 3, (), {source.file_id: source}, (Import(NOW, "mail.log", errors=("x",)),), (), {"privacy": {"subjects": "drop"}})
    assert from_json(to_json(told), "lake") == told
