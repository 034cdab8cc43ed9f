"""Following: what changed since it was read, through rotations that others do, at the cost of a look."""

import gzip
import os
import shutil
from pathlib import Path

from tests.tracking.collect.reading import Importer, log, split
from tracking.collect.follow import Follower


class Watch:
    """A follower and what it reads."""

    def __init__(self, *patterns: Path) -> None:
        self.patterns = [str(each) for each in patterns]
        self.importer = Importer()
        self.restart()

    def restart(self) -> None:
        self.follower = Follower(self.patterns)

    def look(self) -> list[str]:
        """Read what changed; return its names."""
        files = self.follower.changed(self.importer.states())
        for file in files:
            self.importer.take(file)
        return [Path(file.path).name for file in files]

    @property
    def lines(self) -> list[bytes]:
        return self.importer.lines


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as writer:
        writer.write(data)


def test_only_what_changed_is_handed_out(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "*.log")
    assert watch.look() == []
    for name in ("a.log", "b.log"):
        add(tmp_path / name, log(3, host=name))
    assert watch.look() == ["a.log", "b.log"]
    assert watch.look() == []
    add(tmp_path / "b.log", b"half")
    assert watch.look() == ["b.log"]
    assert watch.look() == []
    watch.restart()
    assert watch.look() == ["b.log"]  # the half line is still to come
    add(tmp_path / "b.log", b" whole\n")
    assert watch.look() == ["b.log"]
    assert watch.lines[-1] == b"half whole"


def test_after_a_restart_nothing_is_handed_out_that_was_read(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    (tmp_path / "mail.log.2.gz").write_bytes(gzip.compress(log(10)))
    add(tmp_path / "mail.log.1", log(10, first=10))
    add(tmp_path / "mail.log", log(10, first=20))
    assert watch.look() == ["mail.log.2.gz", "mail.log.1", "mail.log"]
    watch.restart()
    assert watch.look() == []
    assert watch.lines == split(log(30))


def test_the_old_file_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    watch = Watch(path)
    add(path, log(5))
    watch.look()
    add(path, log(5, first=5))
    path.rename(tmp_path / "mail.log.1")
    add(path, log(5, first=10))
    assert watch.look() == ["mail.log.1", "mail.log"]
    assert watch.lines == split(log(15))


def test_a_writer_that_still_holds_the_old_file_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    watch = Watch(path)
    with path.open("ab", buffering=0) as writer:
        writer.write(log(5))
        watch.look()
        path.rename(tmp_path / "mail.log.1")
        add(path, b"")
        watch.look()
        writer.write(log(5, first=5))  # the daemon was not told yet
    assert watch.look() == ["mail.log.1"]
    add(path, log(5, first=10))
    assert watch.look() == ["mail.log"]
    assert watch.lines == split(log(15))


def test_a_file_that_was_rotated_and_packed_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    watch = Watch(path)
    add(path, log(5))
    watch.look()
    (tmp_path / "mail.log-20261120.gz").write_bytes(gzip.compress(log(9)))
    path.unlink()
    assert watch.look() == ["mail.log-20261120.gz"]
    add(path, log(2, first=9))
    assert watch.look() == ["mail.log"]
    assert watch.lines == split(log(11))


def test_two_rotations_while_nobody_followed(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    watch = Watch(path)
    add(tmp_path / "mail.log.3.gz", gzip.compress(log(2, host="long-ago")))
    os.utime(tmp_path / "mail.log.3.gz", (1000, 1000))
    add(path, log(5))
    watch.look()
    watch.restart()
    (tmp_path / "mail.log.2.gz").write_bytes(gzip.compress(log(8)))
    path.unlink()
    add(tmp_path / "mail.log.1", log(4, first=8))
    add(path, log(1, first=12))
    assert watch.look() == ["mail.log.2.gz", "mail.log.1", "mail.log"]
    assert watch.lines == split(log(13))


def test_copytruncate_that_outgrows_the_old_file_between_two_looks(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    watch = Watch(path)
    add(path, log(5))
    watch.look()
    add(path, log(2, first=5))
    shutil.copy(path, tmp_path / "mail.log.1")
    path.write_bytes(log(50, first=7))
    assert watch.look() == ["mail.log.1", "mail.log"]
    assert watch.lines == split(log(57))


def test_an_old_rotated_file_is_not_fetched_when_nothing_was_rotated(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    add(tmp_path / "mail.log.1", log(5, host="before"))
    os.utime(tmp_path / "mail.log.1", (1000, 1000))
    watch = Watch(path)
    add(path, log(5))
    assert watch.look() == ["mail.log"]
    watch.restart()
    assert watch.look() == []


def test_a_file_that_could_not_be_read_is_handed_out_again(tmp_path: Path) -> None:
    add(tmp_path / "mail.log", log(1))
    follower = Follower([str(tmp_path)])
    [file] = follower.changed([])
    assert follower.changed([]) == []
    follower.again(file)
    assert follower.changed([]) == [file]


def test_what_cannot_be_followed_is_told(tmp_path: Path) -> None:
    follower = Follower([str(tmp_path / "mail.log")])
    assert follower.changed([]) == []
    assert [each.why for each in follower.refused] == ["no such file or folder"]
    add(tmp_path / "mail.log", log(1))
    assert len(follower.changed([])) == 1
    assert follower.refused == ()


def test_a_quiet_look_opens_no_file(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for number in range(50):
        add(tmp_path / f"mx{number}.log", log(2, host=f"mx{number}"))
    assert len(watch.look()) == 50
    times = [path.stat().st_atime_ns for path in tmp_path.iterdir()]
    for path in tmp_path.iterdir():
        path.chmod(0)
    assert watch.look() == []
    assert [path.stat().st_atime_ns for path in tmp_path.iterdir()] == times


def test_a_last_line_that_never_got_its_end_is_taken_when_the_file_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    watch = Watch(tmp_path)
    add(path, log(2) + b"cut off by a cra")
    watch.look()
    path.rename(tmp_path / "mail.log.1")
    add(path, log(1, first=2))
    os.utime(tmp_path / "mail.log.1", (1000, 1000))
    watch.look()
    assert watch.look() == []
    assert b"cut off by a cra" in watch.lines
    other = Watch(tmp_path)
    other.look()
    assert sorted(other.lines) == sorted(watch.lines)


def test_settling_alone_is_news_when_a_line_is_owed(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    add(tmp_path / "mail.log.1", log(2) + b"half")
    add(tmp_path / "mail.log", log(1, first=2))
    watch.look()
    settled = (tmp_path / "mail.log.1").stat().st_mtime_ns + 61 * 10**9
    add(tmp_path / "mail.log", log(1, first=3))
    os.utime(tmp_path / "mail.log", ns=(settled, settled))
    [file, current] = Follower(watch.patterns).changed(watch.importer.states())
    assert (file.finished, current.finished) == (True, False)
    watch.importer.take(current)
    assert Follower(watch.patterns).changed(watch.importer.states()) == [file]  # alone, and still known to be settled
    for _ in range(2):  # for the process that read it, and for the one after it
        watch.restart()
        watch.look()
    assert watch.lines.count(b"half") == 1
    assert watch.look() == []
