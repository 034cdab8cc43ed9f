"""Each kind is kept as long as it is told; how far the logs are read, and what has no day, outlast it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.tracking.lake.laking import NOW, put, writer
from thresholds.scope import EVERYTHING
from tracking.lake.manifest import Import, Source
from tracking.lake.reader import open_lake, rows
from tracking.lake.retain import retain
from tracking.lake.write import Change

if TYPE_CHECKING:
    from pathlib import Path


def line(number: int, time: str | None) -> dict[str, object]:
    return {"file_id": 7, "line": number, "time": time, "state": "event", "text": "x"}


def test_old_days_go_and_young_ones_stay(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "lines", *(line(n, f"2026-11-{n} 08:00:00") for n in range(10, 21)))
    put(pen, "events", {"file_id": 7, "line": 1, "part": 0, "time": "2026-11-10 08:00:00"})
    forgotten = retain(pen, {"lines": 3, "events": 90})
    assert forgotten.rows == {"lines": 9}
    assert [row["line"] for row in rows(open_lake(tmp_path, EVERYTHING), "select line from lines order by 1")] == [19, 20]
    assert len(rows(open_lake(tmp_path, EVERYTHING), "select * from events")) == 1


def test_what_has_no_day_goes_by_when_it_was_written(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "lines", line(1, None), line(2, "1970-01-01 00:00:00"))
    assert retain(pen, {"lines": 3}).rows == {}
    pen.close()
    assert retain(writer(tmp_path, NOW + timedelta(days=4)), {"lines": 3}).rows == {"lines": 2}


def test_the_history_is_forgotten_and_how_far_files_are_read_is_not(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    old, new = Import(NOW - timedelta(days=9), "old"), Import(NOW, "new")
    pen.commit(Change(files={7: Source(7, "mail.log", "syslog", state={"offset": 1})}, imports=(old, new)))
    assert retain(pen, {"imports": 5, "lines": 1}).imports == 1
    assert pen.manifest.imports == (new,)
    assert set(pen.manifest.files) == {7}


def test_nothing_to_forget_is_no_commit(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(pen, "lines", line(1, "2026-11-20 08:00:00"))
    before = pen.manifest.sequence
    retain(pen, {"lines": 3})
    assert pen.manifest.sequence == before
