"""Chunks: whole lines, clean, numbered, each with the state behind it."""

import gzip
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tracking.collect.reading import SMALL, Importer, log, split
from tracking.collect import chunks, clean
from tracking.collect.chunks import Batch, read
from tracking.collect.find import find
from tracking.collect.values import Chunk, Found, Verdict


def put(path: Path, content: bytes) -> Found:
    path.write_bytes(content)
    [file] = find([str(path)]).files
    return file


def test_a_chunk_says_all_that_its_reader_needs(tmp_path: Path) -> None:
    file = put(tmp_path / "mail.log", b"one\r\ntwo \xfc\nthree")
    [chunk] = read(file)
    assert (chunk.name, chunk.path, chunk.file_id) == (file.name, file.path, chunk.state.file_id)
    assert (chunk.first_line, chunk.lines, chunk.repaired, chunk.cut, chunk.notes) == (1, 2, 1, 0, ())
    assert chunk.text == "one\ntwo \u00fc\n".encode()
    assert (chunk.state.offset, chunk.state.line, chunk.done_bytes) == (11, 2, 16)
    file = put(tmp_path / "mail.log", b"one\r\ntwo \xfc\nthree\nfour\n")
    [chunk] = read(file, chunk.state)
    assert (chunk.first_line, chunk.lines, chunk.text) == (3, 2, b"three\nfour\n")


def test_chunks_end_at_their_limits(tmp_path: Path) -> None:
    file = put(tmp_path / "mail.log", log(10_000))
    for batch in (Batch(limit_bytes=50_000, block=4096), Batch(limit_lines=500, block=4096)):
        parts = list(read(file, batch=batch))
        assert len(parts) > 10
        assert b"".join(part.text for part in parts) == log(10_000)
        assert all(len(part.text) < 60_000 for part in parts)
        assert [part.first_line for part in parts] == [1 + sum(part.lines for part in parts[:place]) for place in range(len(parts))]


def test_reading_on_from_any_chunk_gives_the_rest(tmp_path: Path) -> None:
    file = put(tmp_path / "mail.log", log(100))
    for part in read(file, batch=SMALL):
        rest = list(read(file, part.state, batch=SMALL))
        assert b"".join(each.text for each in rest) == b"".join(line + b"\n" for line in split(log(100))[part.state.line :])


def test_a_half_written_last_line_waits(tmp_path: Path) -> None:
    importer = Importer()
    for end in (b"", b"thr", b"three", b"three\nfo"):
        put(tmp_path / "mail.log", b"one\ntwo\n" + end)
        importer.run(tmp_path / "mail.log")
    assert importer.lines == [b"one", b"two", b"three"]


def test_the_last_line_of_a_packed_or_settled_file_is_whole(tmp_path: Path) -> None:
    importer = Importer()
    (tmp_path / "packed.log.gz").write_bytes(gzip.compress(b"one\ntwo"))
    for name in ("mail.log.1", "mail.log"):
        (tmp_path / name).write_bytes(name.encode())
    os.utime(tmp_path / "mail.log.1", (1000, 1000))
    importer.run(tmp_path)
    assert importer.lines == [b"mail.log.1", b"one", b"two"]
    assert [state.finished for state in importer.states()] == [True, True]


def test_a_file_just_rotated_may_still_be_written_to(tmp_path: Path) -> None:
    importer = Importer()
    (tmp_path / "mail.log.1").write_bytes(b"one\ntw")
    (tmp_path / "mail.log").write_bytes(b"three\n")
    importer.run(tmp_path)
    assert importer.lines == [b"one", b"three"]
    with (tmp_path / "mail.log.1").open("ab") as writer:
        writer.write(b"o\n")
    importer.run(tmp_path)
    assert importer.lines == [b"one", b"three", b"two"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_end_that_comes_late_makes_no_line_of_its_own(tmp_path: Path, end: bytes) -> None:
    [chunk] = read(put(tmp_path / "mail.log", b"one\ntwo"), flush=True)
    assert (chunk.text, chunk.lines, chunk.state.unended) == (b"one\ntwo\n", 2, True)
    [more] = read(put(tmp_path / "mail.log", b"one\ntwo" + end + b"three\n"), chunk.state)
    assert (more.text, more.first_line, more.state.unended) == (b"three\n", 3, False)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_as_windows_writes_it(tmp_path: Path, codec: str) -> None:
    text = "\ufeff#TYPE x\r\n\u0a0a\u0100 gr\u00fc\u00dfe \U0001f4e7\r\n"  # with a letter that holds the bytes of a line end
    content = text.encode(codec)
    importer = Importer()
    for end in range(2, len(content) + 1):
        (tmp_path / "export.csv").write_bytes(content[:end])
        importer.run(tmp_path / "export.csv", batch=SMALL)
    assert [line.decode() for line in importer.lines] == ["#TYPE x", "\u0a0a\u0100 gr\u00fc\u00dfe \U0001f4e7"]


def test_the_mark_of_utf8_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    [chunk] = read(put(tmp_path / "a.log", b"\xef\xbb\xbf#Software: x\r\n\xef\xbb\xbfinside\n"))
    assert chunk.text == b"#Software: x\n\xef\xbb\xbfinside\n"


@pytest.fixture
def short_lines(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let a line be 1000 bytes long at most: 16 MiB would only be slower."""
    for module in (clean, chunks):
        monkeypatch.setattr(module, "LONGEST", 1000)
    return 1000


@pytest.mark.parametrize("block", [64, 1000, 1 << 20])
def test_a_line_too_long_is_cut_marked_and_counted(tmp_path: Path, short_lines: int, block: int) -> None:
    content = b"before\n" + b"x" * (9 * short_lines) + b"\nafter\n" + b"y" * (2 * short_lines) + b"\n"
    parts = list(read(put(tmp_path / "mail.log", content), batch=Batch(block=block)))
    lines = split(b"".join(part.text for part in parts))
    assert [line[:3] for line in lines] == [b"bef", b"xxx", b"aft", b"yyy"]
    assert lines[1].endswith(b"x [cut: 936 of 9000 bytes]")
    assert max(map(len, lines)) <= short_lines
    assert sum(part.cut for part in parts) == 2
    assert parts[-1].state.offset == len(content)


def test_a_line_too_long_that_still_grows_waits(tmp_path: Path, short_lines: int) -> None:
    importer = Importer()
    content = b"before\n" + b"x" * (5 * short_lines) + b"\nafter\n"
    for end in range(100, len(content) + 400, 400):
        put(tmp_path / "mail.log", content[:end])
        importer.run(tmp_path / "mail.log", batch=Batch(block=300))
    assert [line[:3] for line in importer.lines] == [b"bef", b"xxx", b"aft"]


def test_a_line_too_long_without_end_is_taken_with_a_finished_file(tmp_path: Path, short_lines: int) -> None:
    parts = list(read(put(tmp_path / "mail.log", b"a\n" + b"x" * (3 * short_lines)), batch=Batch(block=300), flush=True))
    assert [part.lines for part in parts] == [2]
    assert parts[0].text.endswith(b"x [cut: 936 of 3000 bytes]\n")
    assert parts[0].state.offset == 2 + 3 * short_lines


def test_a_hundred_megabytes_without_a_line_end_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    with path.open("wb") as writer:
        writer.truncate(100_000_000)
    with path.open("ab") as writer:
        writer.write(b"\nlast\n")
    [file] = find([str(path)]).files
    tracemalloc.start()
    parts = list(read(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * clean.LONGEST
    assert [len(line) < clean.LONGEST for line in split(parts[-1].text)] == [True, True]
    assert parts[-1].text.endswith(b"\nlast\n")
    assert sum(part.cut for part in parts) == 1


def interrupted(path: Path, meanwhile: bytes, batch: Batch) -> tuple[list[Chunk], list[str]]:
    """Read a file, and write another content into it after the first chunk."""
    [file] = find([str(path)]).files
    got: list[Chunk] = []
    notes: list[str] = []
    for place, chunk in enumerate(read(file, batch=batch)):
        got.append(chunk)
        notes += chunk.notes
        if place == 0:
            path.write_bytes(meanwhile)
    return got, notes


def test_a_file_replaced_in_mid_read_gives_no_line_of_the_other_one(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(log(1000))
    got, notes = interrupted(path, log(2000, host="mx2"), Batch(limit_bytes=1, block=4096))
    assert log(1000).startswith(b"".join(chunk.text for chunk in got))
    assert notes == ["was emptied or replaced while it was read: the rest is looked for under its other name"]


def test_a_file_emptied_in_mid_read_gives_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(log(1000))
    got, _ = interrupted(path, b"", Batch(limit_bytes=1, block=4096))
    assert log(1000).startswith(b"".join(chunk.text for chunk in got))
    assert len(got) <= 2  # one block is read ahead


def test_a_file_deleted_in_mid_read_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    file = put(path, log(1000))
    reading = read(file, batch=Batch(limit_bytes=1, block=4096))
    text = next(reading).text
    path.unlink()
    assert text + b"".join(chunk.text for chunk in reading) == log(1000)


def test_an_empty_file_has_no_chunk(tmp_path: Path) -> None:
    assert list(read(put(tmp_path / "mail.log", b""))) == []
    importer = Importer()
    assert importer.run(tmp_path / "mail.log") == [Verdict.NEW]


def test_carry_and_finished_are_handed_on(tmp_path: Path) -> None:
    file = put(tmp_path / "mail.log", log(10))
    [chunk] = read(file)
    state = replace(chunk.state, carry='{"year": 2026}')
    [more] = read(put(tmp_path / "mail.log", log(11)), state)
    assert more.state.carry == '{"year": 2026}'
