"""Which files a path, a folder or a glob means, and the sentence for each that is not read."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tracking.made import log, take
from tracking.collect.chunks import read
from tracking.collect.find import find
from tracking.collect.values import Found, Unreadable


def refused(*patterns: Path | str) -> dict[str, str]:
    findings = find([str(each) for each in patterns])
    assert findings.files == ()
    return {each.path: each.why for each in findings.refused}


def names(*patterns: Path | str, **how: bool) -> list[str]:
    findings = find([str(each) for each in patterns], **how)
    assert findings.refused == ()
    return [Path(file.path).name for file in findings.files]


def test_files_folders_and_globs(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    for name in ("mail.log", "mail.log.1", "deep/hub.log", "deep/deeper/edge.log", ".hidden"):
        (tmp_path / name).write_text("x\n")
    assert names(tmp_path / "mail.log") == ["mail.log"]
    assert names(tmp_path / "mail.log*") == ["mail.log.1", "mail.log"]
    assert names(tmp_path) == ["edge.log", "hub.log", "mail.log.1", "mail.log"]
    assert names(tmp_path, recursive=False) == ["mail.log.1", "mail.log"]
    assert names(tmp_path / "**" / "*.log") == ["edge.log", "hub.log", "mail.log"]


def test_a_folder_named_like_a_log_is_walked(tmp_path: Path) -> None:
    (tmp_path / "x.log").mkdir()
    (tmp_path / "x.log" / "mail.log").write_text("x\n")
    assert names(tmp_path / "x.log") == ["mail.log"]
    assert names(tmp_path / "*.log") == ["mail.log"]


def test_a_name_with_the_signs_of_a_glob_is_a_name_first(tmp_path: Path) -> None:
    (tmp_path / "mail[1].log").write_text("x\n")
    assert names(tmp_path / "mail[1].log") == ["mail[1].log"]


def test_one_file_with_several_names_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_text("x\n")
    os.link(tmp_path / "mail.log", tmp_path / "hard.log")
    (tmp_path / "soft.log").symlink_to("mail.log")
    assert len(names(tmp_path, tmp_path / "mail.log", tmp_path / "mail.log")) == 1


def test_a_name_that_is_not_utf8_is_found_and_can_be_stored(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/m\xfcll.log"
    Path(os.fsdecode(path)).write_bytes(b"a line\n")
    [file] = find([str(tmp_path)]).files
    assert file.name.encode("utf-8").endswith(b"m\\xfcll.log")
    assert [chunk.text for chunk in read(file)] == [b"a line\n"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("nowhere.log", "no such file or folder"),
        ("nowhere/mail.log", "no such file or folder"),
        ("*.log", "nothing matches"),
        ("zero\0.log", "holds a NUL, as no path does"),
    ],
)
def test_what_is_not_there(tmp_path: Path, pattern: str, why: str) -> None:
    assert list(refused(tmp_path / pattern).values()) == [why]


def test_an_empty_pattern() -> None:
    assert refused("") == {"": "an empty path names no file"}


def test_links_that_lead_nowhere_or_in_circles(tmp_path: Path) -> None:
    (tmp_path / "gone.log").symlink_to("nothing")
    (tmp_path / "loop.log").symlink_to("loop.log")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "again").symlink_to("..")
    assert refused(tmp_path) == {
        f"{tmp_path}/gone.log": "is a symbolic link to nothing",
        f"{tmp_path}/loop.log": "is a loop of symbolic links",
        f"{folder}/again": "is a loop of symbolic links: it leads to a folder above itself",
    }


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.log")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "socket.log"))
        assert refused(tmp_path / "fifo.log", tmp_path / "socket.log", "/dev/null") == {
            f"{tmp_path}/fifo.log": "is a FIFO: give the file that its writer writes",
            f"{tmp_path}/socket.log": "is a socket: give a file",
            "/dev/null": "is a device: give a file",
        }


def test_a_file_that_became_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text("x\n")
    [file] = find([str(path)]).files
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Unreadable, match=r"mail\.log: is a FIFO: give the file that its writer writes$"):
        list(read(file))


@pytest.mark.parametrize("name", ["logs.tar", "logs.tar.gz", "logs.tgz", "logs.ZIP"])
def test_archives_of_several_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert list(refused(tmp_path / name).values()) == ["is an archive of several files: unpack it and give its folder"]


def test_the_others_are_found_beside_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_text("x\n")
    findings = find([str(tmp_path / "mail.log"), str(tmp_path / "none"), ""])
    assert len(findings.files) == 1
    assert len(findings.refused) == 2


AS_NOBODY = """
import grp, os, pwd, sys
from tracking.collect.find import find
os.setgroups([]), os.setgid(65534), os.setuid(65534)
for each in find(sys.argv[1:]).refused:
    print(each.why)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become nobody")
def test_what_may_not_be_read_says_who_may(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text("x\n")
    said = []
    for group, mode in ((4, 0o640), (4, 0o600), (0, 0o640)):
        os.chown(path, 0, group)
        path.chmod(mode)
        said.append(as_nobody(path))
    assert said == [
        "may not be read: owned by root:adm, mode 640: join group adm (usermod -aG adm USER, then sign in anew)",
        "may not be read: owned by root:adm, mode 600: run as root, or let its owner grant the right (setfacl -m u:USER:r)",
        "may not be read: owned by root:root, mode 640: run as root, or let its owner grant the right (setfacl -m u:USER:r)",
    ]


def as_nobody(path: Path) -> str:
    """Find a path as the user nobody does, through an open door: the folders of a test are root's own."""
    doors = [folder for folder in path.parents if not folder.stat().st_mode & 0o001]
    modes = [folder.stat().st_mode for folder in doors]
    for folder, mode in zip(doors, modes, strict=True):
        folder.chmod(mode | 0o001)
    try:
        done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(path)], check=True, capture_output=True, text=True)
        return done.stdout.strip()
    finally:
        for folder, mode in zip(doors, modes, strict=True):
            folder.chmod(mode)


def test_looking_only_does_not_open(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_text("x\n")
    [file] = find([str(tmp_path)], probing=False).files
    assert isinstance(file, Found)
    assert (file.size, file.inode) == (2, (tmp_path / "mail.log").stat().st_ino)


def test_a_lake_is_no_place_of_logs(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    take(lake, log(tmp_path / "mail.log", range(2)))
    (lake / "looked.jsonl").write_text("{}\n")
    assert names(tmp_path) == ["mail.log"]
    assert names(tmp_path / "*") == ["mail.log"]
    assert refused(lake) == {str(lake): "is a lake, not logs: name logs that stand in it one by one"}
    (tmp_path / "manifest.json").write_text("{}\n")
    assert names(tmp_path) == ["mail.log", "manifest.json"]
