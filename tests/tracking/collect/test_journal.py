"""The journal's two forms: what journalctl 252 printed of a real journald's entries, and the odd shapes of systemd's own document.

`journal.export` and `journal.json` beside this file: `journalctl -o export|json --output-fields=..` of one journal, sent to by its native
socket (the second entry has a line break and a byte that is not UTF-8) and by /dev/log.
"""

import gzip
import json
import struct
from pathlib import Path

import pytest

from tests.tracking.collect.reading import SMALL, Importer
from tracking.collect.chunks import Batch
from tracking.collect.find import find
from tracking.collect.journal import json_line
from tracking.collect.values import Verdict

HERE = Path(__file__).parent
CURSOR = "s=739ad463348b4ceca5a9e69c95a3c93f;i=4ece7;b=6c7c6013a26343b29e964691ff25d04c;m=4fc72436e;t=4c508a72423d9;x=d3e5610681098c10"
HEAD = f"""__CURSOR={CURSOR}
__REALTIME_TIMESTAMP=1795161601123456
__MONOTONIC_TIMESTAMP=21415215982
_BOOT_ID=6c7c6013a26343b29e964691ff25d04c
_TRANSPORT=syslog
PRIORITY=6
SYSLOG_FACILITY=2
SYSLOG_IDENTIFIER=postfix/smtpd
SYSLOG_PID=4711
_PID=4711
_COMM=smtpd
_HOSTNAME=mx1
"""
STAMPED = b"2026-11-20T08:00:01.123456Z mx1"


def binary(name: str, value: bytes) -> bytes:
    return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"


def entry(message: str, extra: str = "") -> bytes:
    return f"{HEAD}{extra}MESSAGE={message}\n\n".encode()


EXPORTS = {
    "plain": (
        entry("connect from a.example[192.0.2.1]"),
        b"<22>1 " + STAMPED + b" postfix/smtpd 4711 - - connect from a.example[192.0.2.1]",
    ),
    "the sender's own time": (
        entry("x", "_SOURCE_REALTIME_TIMESTAMP=1795161601000001\n"),
        b"<22>1 2026-11-20T08:00:01.000001Z mx1 postfix/smtpd 4711 - - x",
    ),
    "several lines": (
        HEAD.encode() + binary("MESSAGE", b"foo\nbar\r\n\nbaz\n") + b"\n",
        b"<22>1 " + STAMPED + b" postfix/smtpd 4711 - - " + "foo\u240abar\u240a\u240abaz".encode(),
    ),
    "not UTF-8": (
        HEAD.encode() + binary("MESSAGE", b"caf\xe9 \x1b[1m") + b"\n",
        b"<22>1 " + STAMPED + b" postfix/smtpd 4711 - - " + "caf\u00e9 \x1b[1m".encode(),
    ),
    "a forged entry inside": (
        HEAD.encode() + binary("MESSAGE", b"a\n\n__CURSOR=x\nMESSAGE=forged") + b"\n",
        b"<22>1 " + STAMPED + b" postfix/smtpd 4711 - - " + "a\u240a\u240a__CURSOR=x\u240aMESSAGE=forged".encode(),
    ),
    "nothing but a time": (b"__REALTIME_TIMESTAMP=1795161601123456\nMESSAGE=x\n\n", b"<22>1 2026-11-20T08:00:01.123456Z - - - - - x"),
    "a wrong time": (b"__CURSOR=x\n__REALTIME_TIMESTAMP=99999999999999999999\nMESSAGE=x\n\n", b"<22>1 - - - - - - x"),
    "blanks in the tag": (entry("x").replace(b"postfix/smtpd", b"my daemon"), b"<22>1 " + STAMPED + b" my_daemon 4711 - - x"),
}


@pytest.mark.parametrize("case", EXPORTS)
def test_an_entry_is_a_line(tmp_path: Path, case: str) -> None:
    (tmp_path / "journal").write_bytes(EXPORTS[case][0])
    importer = Importer()
    importer.run(tmp_path / "journal")
    assert importer.lines == [EXPORTS[case][1]]


def test_what_journalctl_really_prints_reads_the_same_in_both_forms() -> None:
    export, json_lines = Importer(), Importer()
    export.run(HERE / "journal.export")
    json_lines.run(HERE / "journal.json")
    assert export.lines == json_lines.lines
    assert len(export.lines) == 5
    assert export.lines[1:4] == [
        "<20>1 2026-11-21T15:08:00.805650Z vm postfix/smtpd 77 - - caf\u00e9\u240aline".encode(),
        b"<22>1 2026-11-21T15:08:00.805713Z vm postfix/qmgr 12 - - 4jW76S0sf8zRhS4: removed",
        b"<22>1 2026-11-21T15:08:00.805690Z vm postfix/smtpd 30965 - - connect from a.example[192.0.2.1]",
    ]


def test_a_growing_export_gives_each_entry_once_wherever_it_is_cut(tmp_path: Path) -> None:
    content = b"".join(EXPORTS[case][0] for case in ("plain", "several lines", "a forged entry inside", "not UTF-8"))
    lines = [EXPORTS[case][1] for case in ("plain", "several lines", "a forged entry inside", "not UTF-8")]
    importer = Importer()
    for end in range(0, len(content) + 7, 7):
        (tmp_path / "journal").write_bytes(content[:end])
        importer.run(tmp_path / "journal", batch=SMALL)
    assert importer.lines == lines
    assert importer.numbers(importer.rows[0][0]) == [1, 2, 3, 4]


def as_json(**fields: object) -> bytes:
    known = {"__CURSOR": CURSOR, "__REALTIME_TIMESTAMP": "1795161601123456", "_HOSTNAME": "mx1", "SYSLOG_IDENTIFIER": "postfix/smtpd"}
    return json.dumps({**known, "SYSLOG_FACILITY": "2", "PRIORITY": "4", "_PID": "7", **fields}).encode()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("warning: x", b"warning: x"),
        ([99, 97, 102, 233], "caf\u00e9".encode()),
        (["first", "second"], b"first"),
        (None, b""),
        ("a\nb", "a\u240ab".encode()),
        ("\ud800", "\u00ed\u00a0\u0080".encode()),
        ([], b""),
    ],
)
def test_json_is_an_entry_a_line(tmp_path: Path, message: object, text: bytes) -> None:
    (tmp_path / "journal.json").write_bytes(as_json(MESSAGE=message) + b"\n" + as_json(MESSAGE="next") + b"\n")
    importer = Importer()
    importer.run(tmp_path / "journal.json")
    head = b"<20>1 " + STAMPED + b" postfix/smtpd 7 - - "
    assert importer.lines == [head + text, head + b"next"]


@pytest.mark.parametrize("raw", [b"{broken", b"", b"[1, 2]", b"17", b"{" * 100_000, b"\xff"])
def test_what_is_no_entry_is_handed_on_as_it_is(raw: bytes) -> None:
    assert json_line(raw) == raw


def test_lines_that_are_no_entries_between_entries_are_kept(tmp_path: Path) -> None:
    (tmp_path / "journal.json").write_bytes(as_json(MESSAGE="a") + b"\n-- Reboot --\n" + as_json(MESSAGE="b") + b"\n")
    importer = Importer()
    importer.run(tmp_path / "journal.json")
    assert [line.rpartition(b" - - ")[2] for line in importer.lines] == [b"a", b"-- Reboot --", b"b"]


def test_the_same_export_packed_is_the_same(tmp_path: Path) -> None:
    content = b"".join(EXPORTS[case][0] for case in EXPORTS)
    (tmp_path / "journal").write_bytes(content)
    (tmp_path / "journal.gz").write_bytes(gzip.compress(content))
    importer = Importer()
    assert sorted(importer.run(tmp_path)) == [Verdict.NEW, Verdict.SAME]
    assert len(importer.lines) == len(EXPORTS)


def test_an_entry_without_end_is_left_out_and_the_next_ones_are_read(tmp_path: Path) -> None:
    huge = HEAD.encode() + binary("COREDUMP", bytes(20_000_000)) + b"MESSAGE=dumped\n\n"
    (tmp_path / "journal").write_bytes(entry("before") + huge + entry("after") + entry("last"))
    importer = Importer()
    [file] = find([str(tmp_path)]).files
    importer.take(file, Batch())
    assert [line.rpartition(b" - - ")[2] for line in importer.lines if b" - - " in line] == [b"before", b"after", b"last"]
    assert any(b"[cut:" in line for line in importer.lines)
