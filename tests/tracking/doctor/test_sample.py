"""What the doctor reads of files: both ends, packed, wide, cut, in the journal's form, without a whole line; never a file that waits."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import pytest

from tests.tracking.doctor.examining import doctored, names
from tests.tracking.made import message
from tracking.collect.find import find
from tracking.doctor.sample import LINES, sample

if TYPE_CHECKING:
    from pathlib import Path

    from tracking.doctor.values import Window

TEXT = "".join(f"{line}\n" for number in range(8000) for line in message(number))
SOME = "".join(f"{line}\n" for number in range(30) for line in message(number))


def windows(folder: Path) -> list[Window]:
    """What is read of the one series of a folder."""
    return list(sample(find([str(folder)]).files).windows)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-be"])
def test_both_ends_whole_lines_and_nothing_twice(tmp_path: Path, codec: str) -> None:
    mark = b"\xfe\xff" if codec == "utf-16-be" else b""
    (tmp_path / "mail.log").write_bytes(mark + TEXT.encode(codec) + "half".encode(codec.replace("16", "16-le") if not mark else codec))
    first, last = (window.text.decode() for window in windows(tmp_path))
    assert TEXT.startswith(first)
    assert TEXT.endswith(last)
    assert first.count("\n") >= LINES >= last.count("\n") > 100
    assert first.endswith("\n")


@pytest.mark.parametrize("count", [1, 2000, 3000, 5000])
def test_a_short_log_is_read_once(tmp_path: Path, count: int) -> None:
    text = "".join(TEXT.splitlines(keepends=True)[:count])
    (tmp_path / "mail.log").write_text(text)
    read = b"".join(window.text for window in windows(tmp_path)).decode()
    assert read == text if count <= 2 * LINES else text.startswith(read[:1000])
    assert len(set(read.splitlines())) == read.count("\n")


def test_the_newest_files_of_a_series_and_how_far_it_goes_back(tmp_path: Path) -> None:
    old = "".join(f"{line}\n" for line in message(1, minute=3)).replace("Nov 20", "Nov  1")
    (tmp_path / "mail.log.9.gz").write_bytes(gzip.compress(old.encode()))
    os.utime(tmp_path / "mail.log.9.gz", (1793577600, 1793577600))
    for number in (3, 2, 1):
        (tmp_path / f"mail.log.{number}").write_text("".join(TEXT.splitlines(keepends=True)[:2100]))
    block = doctored(tmp_path, {"mail.log": SOME})["mail.log"]
    assert (block.files, str(block.first_at)[:10]) == (5, "2026-11-01")
    assert 2100 < block.lines < 3000  # two of the five


def test_a_packed_log_by_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "mail.log.gz").write_bytes(gzip.compress(TEXT.encode()))
    (one,) = windows(tmp_path)
    assert TEXT.startswith(one.text.decode())


def test_what_holds_no_whole_line(tmp_path: Path) -> None:
    (tmp_path / "cut.log.gz").write_bytes(gzip.compress(SOME.encode())[:60])
    blocks = doctored(tmp_path, {"empty.log": "", "half.log": "Nov 20 08:00:01 mx1 postfix/smtpd[1]: half", "long.log": "x" * 3_000_000})
    assert set(blocks) == {"cut.log.gz", "empty.log", "half.log", "long.log"}
    assert [names(block) for block in blocks.values()] == [["no-lines"]] * 4


@pytest.mark.skipif(os.name != "posix", reason="FIFOs are POSIX's")
def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mail.log")
    (one,) = doctored(tmp_path, {})["mail.log"].findings
    assert one.says == "is a FIFO: give the file that its writer writes"
