"""What a file is to what was read before: by its content, whatever its name, its packing and its inode."""

import gzip
import os
import shutil
from pathlib import Path

import pytest

from tests.tracking.collect.reading import SMALL, Importer, log, split
from tracking.collect.chunks import read
from tracking.collect.find import find
from tracking.collect.known import Known, continues
from tracking.collect.values import FileState, Found, Unreadable, Verdict

NEW, GROWN, SAME, OLDER, TRUNCATED, REPLACED = Verdict
EXCHANGE = (
    b"\xef\xbb\xbf#Software: Microsoft Exchange Server\r\n#Version: 15.02.1118.007\r\n#Log-type: Message Tracking Log\r\n"
    b"#Date: 2026-11-20T08:00:00.000Z\r\n#Fields: date-time,client-ip,client-hostname,server-ip\r\n"
)


def put(path: Path, content: bytes) -> Path:
    """Write a content into a new file (a new inode)."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return path


def only(path: Path) -> Found:
    [file] = find([str(path)]).files
    return file


@pytest.mark.parametrize("count", [1, 3, 40, 3000])
def test_a_copy_a_packed_one_and_a_renamed_one_change_nothing(tmp_path: Path, count: int) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(count))
    assert importer.run(path) == [NEW]
    assert importer.run(path) == [SAME]
    shutil.copy(path, tmp_path / "copy.log")
    (tmp_path / "copy.log.gz").write_bytes(gzip.compress(log(count)))
    assert importer.run(tmp_path / "copy.log", tmp_path / "copy.log.gz") == [SAME, SAME]
    assert importer.run(path.rename(tmp_path / "mail.log.1")) == [SAME]
    assert importer.lines == split(log(count))


@pytest.mark.parametrize(("before", "after"), [(1, 2), (3, 50), (45, 46), (45, 3000), (3000, 3001), (3000, 40_000)])
def test_a_copy_that_grew_brings_only_what_is_new(tmp_path: Path, before: int, after: int) -> None:
    importer = Importer()
    importer.run(put(tmp_path / "mail.log", log(before)))
    assert importer.run(put(tmp_path / "copy.log", log(after))) == [GROWN]
    assert importer.lines == split(log(after))
    assert importer.run(tmp_path / "mail.log") == [OLDER]
    (tmp_path / "mail.log.1.gz").write_bytes(gzip.compress(log(after + 1)))
    assert importer.run(tmp_path / "mail.log.1.gz") == [GROWN]
    assert importer.numbers(importer.rows[0][0]) == list(range(1, after + 2))


@pytest.mark.parametrize("kept", [1, 20, 60, 1000, 2999])
def test_an_older_copy_changes_nothing(tmp_path: Path, kept: int) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(3000))
    importer.run(path)
    assert importer.run(put(tmp_path / "backup.log", log(kept))) == [OLDER]
    assert importer.run(put(path, log(kept))) == [OLDER]  # the file itself, put back from a backup
    assert importer.run(put(path, log(3001))) == [GROWN]  # and copied anew
    assert importer.lines == split(log(3001))


@pytest.mark.parametrize("kept", [1, 10, 60, 1000])
def test_a_short_file_that_begins_alike_and_goes_on_otherwise_is_another_one(tmp_path: Path, kept: int) -> None:
    importer = Importer()
    importer.run(put(tmp_path / "mx1.log", log(3000)))
    other = log(kept) + log(max(kept, 3), host="mx2")
    assert importer.run(put(tmp_path / "mx2.log", other)) == [NEW]
    assert importer.lines[3000:] == split(other)


def test_two_files_of_which_only_the_header_was_there(tmp_path: Path) -> None:
    importer = Importer()
    one, two = put(tmp_path / "one.LOG", EXCHANGE), put(tmp_path / "two.LOG", EXCHANGE)
    assert importer.run(one, two) == [NEW, SAME]
    two.write_bytes(EXCHANGE + b"2026-11-20T08:00:01.000Z,two,,\r\n")
    assert importer.run(two) == [NEW]  # a head of comments is everybody's
    one.write_bytes(EXCHANGE + b"2026-11-20T08:00:01.000Z,one,,\r\n")
    assert importer.run(one) == [GROWN]
    assert [line for line in importer.lines if line[:1] != b"#" and line] == [
        b"2026-11-20T08:00:01.000Z,two,,",
        b"2026-11-20T08:00:01.000Z,one,,",
    ]
    assert len(importer.stored) == 2


def test_two_contents_with_the_same_first_lines_have_two_names(tmp_path: Path) -> None:
    head = log(200)
    assert len(head) > 3 * 4096
    importer = Importer()
    for name in ("a", "b", "c"):
        assert importer.run(put(tmp_path / name, head + log(10, host=name, first=200))) == [NEW]
    for name in ("a", "b", "c"):
        put(tmp_path / name, head + log(11, host=name, first=200))
        assert importer.run(tmp_path / name) == [GROWN]
    assert len(importer.stored) == 3
    assert len(importer.lines) == 3 * 211


def test_all_of_one_content_but_its_tail_is_two_contents(tmp_path: Path) -> None:
    importer = Importer()
    same = b"the same line\n" * 5000
    assert importer.run(put(tmp_path / "a", same + b"a\n")) == [NEW]
    assert importer.run(put(tmp_path / "b", same + b"b\n")) == [NEW]
    assert importer.run(put(tmp_path / "b2", same + b"b\nb\n")) == [GROWN]
    assert len(importer.lines) == 2 * 5001 + 1


def test_a_file_emptied_and_written_anew(tmp_path: Path) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(100))
    importer.run(path)
    path.write_bytes(b"")
    assert importer.run(path) == [TRUNCATED]
    path.write_bytes(log(2, first=100))
    assert importer.run(path) == [TRUNCATED]
    path.write_bytes(log(300, first=100))  # longer than it ever was
    assert importer.run(path) == [GROWN]
    assert importer.lines == split(log(400))


def test_a_file_emptied_and_written_beyond_its_old_end_between_two_looks(tmp_path: Path) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(100))
    importer.run(path)
    path.write_bytes(log(300, first=100))
    assert importer.run(path) == [REPLACED]
    assert importer.lines == split(log(400))


def test_another_file_under_the_same_name(tmp_path: Path) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(100))
    importer.run(path)
    assert importer.run(put(path, log(100, host="mx2"))) == [REPLACED]
    assert importer.lines == split(log(100) + log(100, host="mx2"))


def test_nothing_whole_is_nothing_yet(tmp_path: Path) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", b"")
    assert importer.run(path) == [NEW]
    path.write_bytes(b"half a line")
    assert importer.run(path) == [NEW]
    assert importer.rows == []
    path.write_bytes(b"half a line, whole now\n")
    importer.run(path)
    assert importer.lines == [b"half a line, whole now"]


def test_rename_rotation_with_lines_written_meanwhile(tmp_path: Path) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(100))
    importer.run(path)
    with path.open("ab") as writer:
        path.rename(tmp_path / "mail.log.1")
        writer.write(log(50, first=100))
    put(path, log(10, first=150))
    assert importer.run(tmp_path) == [GROWN, NEW]
    assert importer.lines == split(log(160))


def test_copytruncate_with_lines_written_meanwhile(tmp_path: Path) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(100))
    importer.run(path)
    path.write_bytes(log(150))
    shutil.copy(path, tmp_path / "mail.log.1")
    path.write_bytes(log(10, first=150))
    assert importer.run(tmp_path) == [GROWN, NEW]
    assert importer.lines == split(log(160))


def test_an_inode_used_again_is_no_proof(tmp_path: Path) -> None:
    importer = Importer()
    path = put(tmp_path / "mail.log", log(100))
    importer.run(path)
    path.write_bytes(log(100, host="mx9"))  # same inode, same size
    os.utime(path, (1, 1))
    assert importer.run(path) == [REPLACED]
    assert importer.lines == split(log(100) + log(100, host="mx9"))


def test_reading_on_from_a_state_that_the_file_no_longer_holds_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "mail.log", log(100))
    [chunk] = read(only(path))
    put(path, log(100, host="mx2"))
    with pytest.raises(Unreadable, match=r"mail\.log: no longer holds what was read of it: it was replaced just now, look at it again$"):
        list(read(only(path), chunk.state))


def test_one_state_can_be_asked_alone(tmp_path: Path) -> None:
    path = put(tmp_path / "mail.log", log(100))
    [chunk] = read(only(path))
    assert continues(chunk.state, only(path)) is SAME
    path.write_bytes(log(101))
    assert continues(chunk.state, only(path)) is GROWN
    path.write_bytes(log(99))
    assert continues(chunk.state, only(path)) is OLDER
    path.write_bytes(b"")
    assert continues(chunk.state, only(path)) is TRUNCATED
    assert continues(chunk.state, only(put(path, b"other\n" * 2000))) is REPLACED


def test_a_file_that_vanished_is_told(tmp_path: Path) -> None:
    path = put(tmp_path / "mail.log", log(1))
    file = only(path)
    path.unlink()
    with pytest.raises(Unreadable, match=r"mail\.log: no such file or folder$"):
        Known().recognise(file)


def test_a_state_survives_json_and_later_versions(tmp_path: Path) -> None:
    chunk = next(read(only(put(tmp_path / "mail.log", log(1000))), batch=SMALL))
    stored = chunk.state.json()
    assert FileState.of({**stored, "of_a_later_version": 1}) == chunk.state
    assert 0 <= chunk.state.file_id < 2**64
