"""A line that has no end yet waits for it, and the import says so."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from tests.tracking.made import log, take

if TYPE_CHECKING:
    from pathlib import Path


def test_a_last_line_without_its_end_is_told_until_it_has_one(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(3))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    last = len(whole[:-1].rpartition(b"\n")[2])
    for lines in (20, 0):
        (file,) = take(tmp_path / "lake", path).files
        assert (file.lines, file.notes) == (lines, [f"1 line without an end ({last} bytes) is left for the next time"])
    path.write_bytes(whole)
    for lines in (1, 0):
        (file,) = take(tmp_path / "lake", path).files
        assert (file.lines, file.notes) == (lines, [])
    older = tmp_path / "older.log"
    older.write_bytes(whole[:-1])
    (file,) = take(tmp_path / "lake", older).files
    assert (file.verdict, file.notes) == ("older", [])


def test_packed_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.gz"
    path.write_bytes(gzip.compress(log(tmp_path / "plain", range(3)).read_bytes()[:-1]))
    for lines in (21, 0):
        (file,) = take(tmp_path / "lake", path).files
        assert (file.lines, file.notes) == (lines, [])


@pytest.mark.parametrize("text", [b"half a line", b"\0" * 5000, b"x" * 50_000])
def test_what_has_no_end_of_a_line_at_all(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "mail.log").write_bytes(text)
    (file,) = take(tmp_path / "lake", tmp_path / "mail.log").files
    assert (file.lines, file.notes) == (0, [f"1 line without an end ({len(text):,} bytes) is left for the next time"])


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_bytes(b"")
    (file,) = take(tmp_path / "lake", tmp_path / "mail.log").files
    assert file.notes == ["empty: no lines yet"]
