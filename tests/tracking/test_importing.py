"""Importing changes nothing twice: the same content under any name, in pieces, in any order; and what cannot be read is told exactly."""

from __future__ import annotations

import gzip
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.tracking.made import NOW, SMALL, contents, count, log, message, take
from tracking import importing_pending
from tracking.errors import TrackError
from tracking.formats.registry import tried
from tracking.importing import import_paths
from tracking.importing_values import Options, Progress
from tracking.lake.manifest import load
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from pathlib import Path


def test_each_line_is_an_event_noise_or_not_understood(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(30))
    path.write_text(path.read_text() + "Nov 20 08:00:59 mx1 postfix/smtp[1]: what is this\nno log line at all\n")
    report = take(tmp_path / "lake", path)
    assert report.total("lines") == 212 == report.total("events") + report.total("noise") + report.total("unparsed")
    assert report.total("unparsed") == 2
    assert count(tmp_path / "lake", "select count(*) from lines") == 212
    assert count(tmp_path / "lake", "select count(*) from lines where state = 'unparsed' and text like '%what is this'") == 1
    assert count(tmp_path / "lake", "select count(distinct line) from events") == report.total("events")
    (source,) = load(tmp_path / "lake").files.values()
    assert source.unparsed_at == (211, 212)
    assert source.servers == ("mx1",)
    assert report.flows == 30 == count(tmp_path / "lake", "select count(*) from flows")


def test_many_batches_are_one_import(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(120))
    take(tmp_path / "small", path)
    take(tmp_path / "large", path, options=Options())
    assert load(tmp_path / "small").sequence > load(tmp_path / "large").sequence
    assert contents(tmp_path / "small") == contents(tmp_path / "large")


def test_large_and_small_chunks_wait_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large chunk's tables wait as they are, a small one's rows are gathered: one commit has both, each with its own file and group."""
    paths = [log(tmp_path / "a", range(30), "mx1"), log(tmp_path / "b", range(3), "mx2"), log(tmp_path / "c", range(40), "mx3")]
    options = Options(group="it's ours")
    take(tmp_path / "gathered", *paths, options=options)
    monkeypatch.setattr(importing_pending, "LARGE_LINES", 100)
    take(tmp_path / "kept", *paths, options=options)
    assert contents(tmp_path / "kept") == contents(tmp_path / "gathered")
    assert load(tmp_path / "kept").sequence == load(tmp_path / "gathered").sequence
    assert count(tmp_path / "kept", "select count(*) from events where server_group = 'it''s ours'") == 73 * 6


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(40))
    take(tmp_path / "lake", path)
    before = contents(tmp_path / "lake")
    copy = shutil.copy(path, tmp_path / "other-name")
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for again in (path, copy, packed, tmp_path / "mail*"):
        report = take(tmp_path / "lake", again)
        assert report.total("lines") == 0
        assert report.flows == 0
    assert contents(tmp_path / "lake") == before


def test_a_file_is_read_on_where_it_grew(tmp_path: Path) -> None:
    whole = log(tmp_path / "whole.log", range(60)).read_bytes()
    path = tmp_path / "mail.log"
    for end in (5000, 5001, 20_000, len(whole)):
        path.write_bytes(whole[:end])
        take(tmp_path / "lake", path)
    take(tmp_path / "once", tmp_path / "whole.log")
    assert contents(tmp_path / "lake") == contents(tmp_path / "once")


def test_files_may_come_in_any_order(tmp_path: Path) -> None:
    first, second = log(tmp_path / "a", range(30)), log(tmp_path / "b", range(30, 60), "mx2")
    take(tmp_path / "forth", first, second)
    take(tmp_path / "back", second)
    take(tmp_path / "back", first)
    assert contents(tmp_path / "forth") == contents(tmp_path / "back")


def test_small_files_share_a_commit(tmp_path: Path) -> None:
    for number in range(20):
        log(tmp_path / f"{number}.log", range(number, number + 1))
    take(tmp_path / "lake", tmp_path / "*.log")
    assert load(tmp_path / "lake").sequence < 10


def test_text_that_was_shipped_twice_counts_once(tmp_path: Path) -> None:
    twins = [*message(1), "Nov 20 08:00:01 mx1 postfix/smtpd[101]: 4FA0000009: client=mail.example.org[192.0.2.7]"]
    central, local = tmp_path / "central.log", tmp_path / "local.log"
    central.write_text("\n".join([*message(0), *twins, twins[-1], *message(2)]) + "\n")
    local.write_text("\n".join([*twins, twins[-1], twins[-1], *message(3)]) + "\n")
    take(tmp_path / "lake", central)
    report = take(tmp_path / "lake", local)
    assert report.total("twice") == 6 + 2  # the events of message 1, and as many of the last line as central has
    assert count(tmp_path / "lake", "select count(*) from events where internal_message_id = '4FA0000009'") == 3
    assert count(tmp_path / "lake", "select count(*) from lines where kind = 'twice'") == report.total("twice")
    assert report.total("lines") == 17 == report.total("events") + report.total("noise") + report.total("unparsed")


def test_other_servers_lines_are_nobodys_twins(tmp_path: Path) -> None:
    report = take(tmp_path / "lake", log(tmp_path / "a", range(30)), log(tmp_path / "b", range(30), "mx2"))
    assert report.total("twice") == 0
    assert count(tmp_path / "lake", "select count(distinct server) from events") == 2


def test_an_empty_file_is_fine_and_told(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    report = take(tmp_path / "lake", tmp_path / "empty.log")
    assert [(file.lines, file.notes) for file in report.files] == [(0, ["empty: no lines yet"])]
    assert report.errors == ()


def test_no_such_path(tmp_path: Path) -> None:
    assert take(tmp_path / "lake", tmp_path / "none").errors == (f"{tmp_path}/none: no such file or folder",)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to somebody else")
def test_an_unreadable_path(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    os.mkfifo(folder / "pipe.log")
    (refused,) = take(tmp_path / "lake", folder / "pipe.log").errors
    assert refused.startswith(f"{folder}/pipe.log: ")


def test_an_unknown_format_shows_the_first_line_and_what_was_tried(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("Dear \x1b[31mdiary\u202e,\nit rained\n")
    (refused,) = take(tmp_path / "lake", tmp_path / "x").errors
    said = r"no format is known that begins with: Dear \x1b[31mdiary\u202e,"
    assert refused == f"{tmp_path}/x: {said} (tried {tried()}); name one with --format"
    assert load(tmp_path / "lake").files == {}


def test_a_wrong_format_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("Dear diary,\nit rained\n")
    (refused,) = take(tmp_path / "lake", tmp_path / "x", options=Options(format="postfix")).errors
    said = "not one line is syslog, it begins with: Dear diary,; leave --format out to see what it may be"
    assert refused == f"{tmp_path}/x: {said}"
    assert count(tmp_path / "lake", "select count(*) from lines") == 0


def test_a_format_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^there is no format 'qmail': there are "):
        take(tmp_path / "lake", tmp_path, options=Options(format="qmail"))


def test_one_bad_path_does_not_end_the_others(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("Dear diary\n")
    report = take(tmp_path / "lake", tmp_path / "x", tmp_path / "none", log(tmp_path / "mail.log", range(3)))
    assert len(report.errors) == 2
    assert report.total("lines") == 21


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timezone": "Berlin"}, "there is no time zone 'Berlin': name one as Europe/Berlin or UTC"),
        ({"timezone": "../../etc/passwd"}, "there is no time zone '../../etc/passwd': name one as Europe/Berlin or UTC"),
        ({"year": 26}, "no log is from the year 26: --year takes 1990 to 2200"),
        ({"memory_bytes": 1 << 20}, "1 MiB of memory is too little: give at least 192 MiB"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(TrackError) as caught:
        take(tmp_path / "lake", tmp_path, options=Options(**options))  # type: ignore[arg-type] # the table is of wrong ones
    assert str(caught.value) == said


def test_the_history_remembers(tmp_path: Path) -> None:
    take(tmp_path / "lake", log(tmp_path / "mail.log", range(3)), tmp_path / "none")
    (one,) = load(tmp_path / "lake").imports
    assert (one.files, one.lines, one.errors) == (1, 21, (f"{tmp_path}/none: no such file or folder",))
    assert one.what == f"{tmp_path}/mail.log {tmp_path}/none"


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[Progress] = []
    path = log(tmp_path / "mail.log", range(100))
    import_paths(Writer(tmp_path / "lake", "x", lambda: NOW), [str(path)], Options(sizes=SMALL), told.append)
    assert [one.lines for one in told] == sorted(one.lines for one in told)
    assert told[-1].lines == 700
    assert max(one.done_bytes for one in told) == told[0].total_bytes == path.stat().st_size
