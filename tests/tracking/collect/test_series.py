"""Names of rotated logs, oldest first, as the programs that rotate write them."""

import os
from pathlib import Path

import pytest

from tracking.collect.find import find
from tracking.collect.series import age, unpacked

SERIES = {  # who rotates so: the right order
    "logrotate": "mail.log.10.gz mail.log.3.gz mail.log.2 mail.log.1 mail.log",
    "logrotate dateext": "mail.log-20261118.gz mail.log-20261119 mail.log-20261120 mail.log",
    "logrotate dateformat hours": "maillog-2026112007 maillog-2026112008.xz maillog-2026112010 maillog",
    "logrotate dateformat seconds": "maillog-20261120-1795132800.gz maillog-20261120-1795136400 maillog",
    "logrotate extension": "mail-20261119.log.gz mail-20261120.log mail.log",
    "logrotate extension, numbers": "mail.2.log.gz mail.1.log mail.log",
    "newsyslog": "maillog.2.bz2 maillog.1.bz2 maillog.0.bz2 maillog",
    "exicyclog": "mainlog.03.gz mainlog.02.gz mainlog.01 mainlog",
    "with hyphens": "mail.log.2026-11-19 mail.log.2026-11-20 mail.log",
    "savelog": "mail.log.1.gz mail.log.0 mail.log",
    "old": "maillog.old maillog",
    "Exchange": "MSGTRK2026112008-1.LOG MSGTRK2026112008-2.LOG MSGTRK2026112008-10.LOG MSGTRK2026112009-1.LOG",
    "Exchange 2007": "MSGTRKM20261119-1.log MSGTRKM20261120-1.LOG MSGTRKM20261120-2.LOG",
    "Exchange 2003": "20261118.log 20261119.log 20261120.log",
    "Oracle": "mail.log mail.log_yesterday mail.log_current",
    "zst": "mail.log.2.zst mail.log.1.zst mail.log",
}


@pytest.mark.parametrize("who", SERIES)
def test_a_series_is_read_from_its_oldest_file_on(tmp_path: Path, who: str) -> None:
    names = SERIES[who].split()
    for name in reversed(names):  # written in the wrong order: the names decide
        (tmp_path / name).write_text(name)
    files = find([str(tmp_path)]).files
    assert [Path(file.path).name for file in files] == names
    assert len({file.series for file in files}) == 1


def test_time_of_writing_decides_only_where_names_do_not(tmp_path: Path) -> None:
    for minute, name in enumerate(("mail.log.1", "mail.log-20261120", "mail.log")):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (minute * 60, minute * 60))
    assert [Path(file.path).name for file in find([str(tmp_path)]).files] == ["mail.log.1", "mail.log-20261120", "mail.log"]


@pytest.mark.parametrize(
    ("name", "base", "rotated"),
    [
        ("mail.log", "mail.log", False),
        ("mail.log.1", "mail.log", True),
        ("mail.log.gz", "mail.log", False),
        ("MSGTRKMS2022091915-1.LOG", "MSGTRKMS", False),
        ("msgtrkmd2022091915-1.log", "msgtrkmd", False),
        ("mx1.example.com.log", "mx1.example.com.log", False),
        ("exchange2019.log", "exchange2019.log", False),
        ("mail.log-20261399", "mail.log-20261399", False),
        ("mail.log_current", "mail.log", False),
        ("mail.log_yesterday", "mail.log", True),
    ],
)
def test_what_a_name_says(name: str, base: str, rotated: bool) -> None:
    told = age(name)
    assert (told.base, told.rotated) == (base, rotated)


def test_endings_of_packing_come_off() -> None:
    assert [unpacked(name) for name in ("a.log.1.gz", "a.bz2", "a.GZ", "a.log.gz.xz", "gz")] == ["a.log.1", "a", "a", "a.log", "gz"]


def test_two_series_do_not_mix(tmp_path: Path) -> None:
    for name in ("a.log", "b.log.1", "a.log.1", "b.log"):
        (tmp_path / name).write_text(name)
    assert [Path(file.path).name for file in find([str(tmp_path)]).files] == ["a.log.1", "a.log", "b.log.1", "b.log"]
