"""Tables of `probe track status` on wide and narrow screens and in pipes: paths keep their ends, nothing is broken."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from service.track.status import FILE_HEADS
from service.track.status_following import print_following
from service.track.status_table import ago, print_rows, screen, tail

TIME = "2026-11-20 08:11:42 UTC"
PATH = "/var/log/servers/of/the/second/house/hub1/mail.log.1"
ROW = (PATH, "syslog", "hub1", "38", "33", "5", "0", TIME, "32 h")


def drawn(width: int) -> list[str]:
    file = StringIO()
    print_rows(FILE_HEADS, [ROW], Console(file=file, width=width, highlight=False))
    return file.getvalue().splitlines()


def test_a_wide_screen_has_one_line_of_it() -> None:
    heads, line = drawn(200)
    assert heads.split("  ")[0] == "file"
    assert line == f"{PATH}  syslog  hub1       38      33      5               0  {TIME}  32 h"


def test_where_room_is_short_the_head_of_the_path_goes() -> None:
    heads, line = drawn(120)
    assert len(heads) == len(line) == 120
    assert line.startswith("..")
    assert "house/hub1/mail.log.1  syslog" in line


def test_a_narrow_screen_breaks_no_time_and_no_head() -> None:
    assert drawn(80) == [f"{PATH}  syslog  hub1", f"  38 lines, 33 events, 5 noise, 0 not understood, last {TIME}", "  32 h ago"]
    assert drawn(60)[0].endswith("/second/house/hub1/mail.log.1  syslog  hub1")
    assert max(map(len, drawn(60))) <= 60


def test_a_pipe_has_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert screen().width > 10_000
    monkeypatch.setenv("COLUMNS", "90")
    assert screen().width == 90


@pytest.mark.parametrize(("text", "cells", "cut"), [("abcdef", 6, "abcdef"), ("abcdef", 5, "..def"), ("日本語", 5, "..語")])
def test_ends_stay(text: str, cells: int, cut: str) -> None:
    assert tail(text, cells) == cut


def test_how_far_behind_a_source_is_is_said_as_of_files(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    source = {"name": "mx", "files": 1, "lines": 7, "unparsed": 0, "last_at": None, "lag_seconds": 120_767.2, "behind_bytes": 0}
    print_following({"problem": "", "state": {"sources": [{**source, "looked_at": None, "refused": []}]}})
    heads, line = capsys.readouterr().out.splitlines()
    assert heads.split() == ["followed", "files", "lines", "not", "understood", "last", "line", "lag", "unread", "looked", "at"]
    assert line.split() == ["mx", "1", "7", "0", "-", "34", "h", "0", "B", "-"]
    assert ago(timedelta(seconds=-3)) == "0 s"
