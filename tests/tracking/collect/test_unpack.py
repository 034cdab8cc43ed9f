"""Packed files as the real tools write them, and as disks, networks and enemies leave them."""

import gzip
import io
import subprocess
from pathlib import Path

import pytest

from tests.tracking.collect.reading import Importer, log, split
from tracking.collect.chunks import Batch
from tracking.collect.find import find
from tracking.collect.known import Known
from tracking.collect.unpack import Limits, packing
from tracking.collect.values import Verdict

TOOLS = {"gz": ["gzip", "-k"], "bz2": ["bzip2", "-k"], "xz": ["xz", "-k"], "zst": ["zstd", "-q", "-k"]}
CONTENT = log(5000)


def pack(path: Path, ending: str, content: bytes = CONTENT) -> Path:
    """Pack with the real tool."""
    path.write_bytes(content)
    subprocess.run([*TOOLS[ending], str(path)], check=True)
    path.unlink()
    return path.with_name(f"{path.name}.{ending}")


@pytest.mark.parametrize("ending", TOOLS)
def test_what_the_real_tools_write(tmp_path: Path, ending: str) -> None:
    importer = Importer()
    path = pack(tmp_path / "mail.log", ending)
    assert importer.run(path) == [Verdict.NEW]
    assert importer.lines == split(CONTENT)
    assert importer.notes == []
    assert [state.finished for state in importer.states()] == [True]
    assert importer.run(path) == [Verdict.SAME]


@pytest.mark.parametrize("ending", TOOLS)
def test_it_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path, ending: str) -> None:
    importer = Importer()
    importer.run(pack(tmp_path / "mail.log", ending).rename(tmp_path / "mail.log"))
    assert importer.lines == split(CONTENT)
    (tmp_path / f"text.{ending}").write_bytes(b"not packed at all\n")
    assert importer.run(tmp_path / f"text.{ending}") == [Verdict.NEW]
    assert importer.lines[-1] == b"not packed at all"


@pytest.mark.parametrize("ending", TOOLS)
def test_several_members_in_a_row(tmp_path: Path, ending: str) -> None:
    one, two = pack(tmp_path / "one", ending, log(100)), pack(tmp_path / "two", ending, log(3000, first=100))
    (tmp_path / "mail.log").write_bytes(one.read_bytes() + two.read_bytes())
    importer = Importer()
    importer.run(tmp_path / "mail.log")
    assert importer.lines == split(log(3100))
    assert importer.notes == []


def test_a_zstd_frame_to_be_skipped_in_front(tmp_path: Path) -> None:
    path = pack(tmp_path / "mail.log", "zst")
    path.write_bytes(b"\x50\x2a\x4d\x18\x04\x00\x00\x00note" + path.read_bytes())
    importer = Importer()
    importer.run(path)
    assert importer.lines == split(CONTENT)


@pytest.mark.parametrize("ending", TOOLS)
def test_one_that_is_cut_short_gives_what_there_is_and_the_rest_when_it_comes(tmp_path: Path, ending: str) -> None:
    importer = Importer()
    path = pack(tmp_path / "mail.log", ending, log(60_000))  # bzip2 gives nothing before a whole block of 900 kB
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    importer.run(path)
    assert 0 < len(importer.lines) < 60_000
    assert importer.notes == ["cut short: its end is missing"]
    assert importer.lines == split(log(len(importer.lines)))
    path.write_bytes(whole)
    assert importer.run(path) == [Verdict.GROWN]
    assert importer.lines == split(log(60_000))


@pytest.mark.parametrize("ending", TOOLS)
def test_junk_behind_is_left_out_and_told(tmp_path: Path, ending: str) -> None:
    path = pack(tmp_path / "mail.log", ending)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"this is not packed\n")
    importer = Importer()
    importer.run(path)
    assert importer.lines == split(CONTENT)
    kind = {"gz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "zstd"}[ending]
    assert importer.notes == [f"something that is not {kind} follows after byte {size}: left out"]


@pytest.mark.parametrize("ending", ["gz", "xz"])
def test_zeros_behind_are_padding(tmp_path: Path, ending: str) -> None:
    path = pack(tmp_path / "mail.log", ending)
    path.write_bytes(path.read_bytes() + bytes(1 << 20))
    importer = Importer()
    importer.run(path)
    assert (importer.lines, importer.notes) == (split(CONTENT), [])


@pytest.mark.parametrize("ending", TOOLS)
def test_a_damaged_one_gives_what_comes_before(tmp_path: Path, ending: str) -> None:
    path = pack(tmp_path / "mail.log", ending, log(60_000))
    data = bytearray(path.read_bytes())
    middle = len(data) * 3 // 4
    data[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(data)
    importer = Importer()
    importer.run(path)
    assert any("damaged at byte" in note and "what follows is lost" in note for note in importer.notes)
    good = sum(1 for mine, theirs in zip(importer.lines, split(log(60_000)), strict=False) if mine == theirs)
    assert good >= len(importer.lines) - 400  # what gzip gives between the damage and its notice is garbage
    assert ending != "gz" or good > 20_000


def test_a_wrong_checksum_loses_no_line(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.gz"
    data = bytearray(gzip.compress(CONTENT))
    data[-6] ^= 1
    path.write_bytes(data)
    importer = Importer()
    importer.run(path)
    assert importer.lines == split(CONTENT)
    assert len(importer.notes) == 1
    assert "incorrect data check" in importer.notes[0]


def test_a_bomb_is_stopped_and_told(tmp_path: Path) -> None:
    subprocess.run(["bash", "-c", f"yes bomb | head -c 100000000 | zstd -q -9 > {tmp_path}/mail.log.zst"], check=True)
    assert (tmp_path / "mail.log.zst").stat().st_size < 100_000
    importer = Importer()
    limits = Batch(limit_bytes=1 << 18, limit_lines=10**9, unpacking=Limits(free_bytes=1 << 20))
    importer.run(tmp_path / "mail.log.zst", batch=limits)
    assert len(importer.notes) == 1
    assert importer.notes[0].startswith("unpacks to more than 1000 times its size, as no log does: stopped after ")
    assert 0 < len(importer.lines) < 20_000_000


def test_names_of_packings() -> None:
    assert [
        packing(head) for head in (b"\x1f\x8b\x08", b"BZh is text", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"Nov 20", b"")
    ] == [
        "gzip",
        "",
        "bzip2",
        "xz",
        "zstd",
        "",
        "",
    ]


def test_an_empty_one(tmp_path: Path) -> None:
    with gzip.GzipFile(fileobj=(out := io.BytesIO()), mode="wb"):
        pass
    (tmp_path / "mail.log.gz").write_bytes(out.getvalue())
    importer = Importer()
    assert importer.run(tmp_path / "mail.log.gz") == [Verdict.NEW]
    assert importer.rows == []


@pytest.mark.parametrize("ending", TOOLS)
@pytest.mark.parametrize("left", [10, 14])
def test_one_cut_before_its_first_line_is_not_an_empty_one(tmp_path: Path, ending: str, left: int) -> None:
    path = pack(tmp_path / "mail.log", ending)
    path.write_bytes(path.read_bytes()[:left])
    told = Known().recognise(find([str(path)]).files[0])
    assert (told.state, told.notes) == (None, ("cut short: its end is missing",))
