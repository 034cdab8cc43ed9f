"""Who looked what up: appended whatever else happens, forgotten after its time, without the names of whom the lake forgot."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tracking.look import looked

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 16, tzinfo=UTC)
LINES, TURNS = 200, 60


def lines(lake: Path) -> list[str]:
    return (lake / looked.NAME).read_text().splitlines()


def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    for days in (100, 91, 89, 1):
        looked.record(tmp_path, NOW - timedelta(days=days), "anna", {"what": "find", "limit": days})
    (tmp_path / looked.NAME).chmod(0o600)
    assert looked.forget(tmp_path, NOW) == 2
    assert [json.loads(line).get("limit") for line in lines(tmp_path)] == [89, 1]
    assert (tmp_path / looked.NAME).stat().st_mode & 0o777 == 0o600
    assert looked.forget(tmp_path, NOW) == 0
    assert looked.forget(tmp_path / "none", NOW) == 0


def test_a_line_that_cannot_be_read_goes(tmp_path: Path) -> None:
    (tmp_path / looked.NAME).write_text("half a li")
    looked.record(tmp_path, NOW, "anna", {"what": "show"})
    assert looked.forget(tmp_path, NOW) == 1


def test_a_person_is_erased_in_every_form(tmp_path: Path) -> None:
    asked = ["Anna@abc.example", "anna+news@abc.example", "joanna@abc.example", "anna@abc.example.org", "x"]
    for one in asked:
        looked.record(tmp_path, NOW, "ben", {"what": "find", "sender": one, "domains": [one]})
    assert looked.erase(tmp_path, ["anna@abc.example"]) == 2
    left = [json.loads(line) for line in lines(tmp_path)]
    assert [one["sender"] for one in left] == ["erased@abc.example", "erased@abc.example", *asked[2:]]
    assert left[0]["domains"] == ["erased@abc.example"]
    assert looked.erase(tmp_path, ["anna@abc.example"]) == 0


def append(lake: Path) -> None:
    for number in range(LINES):
        looked.record(lake, NOW, "ben", {"number": number + 1})


def test_no_line_is_lost_while_the_file_is_replaced(tmp_path: Path) -> None:
    writer = multiprocessing.get_context("spawn").Process(target=append, args=(tmp_path,))
    writer.start()
    for turn in range(TURNS):
        looked.record(tmp_path, NOW, "anna", {"sender": f"a{turn}@abc.example"})
        looked.erase(tmp_path, [f"a{turn}@abc.example"])
    writer.join(60)
    assert writer.exitcode == 0
    told = [json.loads(line) for line in lines(tmp_path)]
    assert [one["number"] for one in told if one["who"] == "ben"] == list(range(1, LINES + 1))
    assert [one["sender"] for one in told if one["who"] == "anna"] == ["erased@abc.example"] * TURNS
