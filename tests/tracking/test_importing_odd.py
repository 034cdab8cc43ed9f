"""A hostile line costs itself and no more: its number or stamp is out of range, and all around it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tracking.doctor.examining import doctored
from tests.tracking.made import contents, count, log, message, take
from tracking.formats.registry import FORMATS
from tracking.formats.syslog import Syslog

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

SENT = (
    "mx1 postfix/smtp[104]: 4FA0000001: to=<r1@example.com>, relay=hub1.example[10.0.0.1]:25, delay={}, dsn=2.0.0,"
    " status=sent (250 2.0.0 Ok)\n"
)
STAMPS = (
    "99999-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-09:00",
    "0001-01-01T00:00:01+09:00",
    "0000-01-01T00:00:00Z",
)
DELAYS = ("99999999999", "99999999999999999999", "1" + "0" * 400)


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_stamp_of_no_year_is_not_understood(tmp_path: Path, stamp: str) -> None:
    path = log(tmp_path / "a.log", range(3))
    path.write_text(path.read_text() + f"{stamp} {SENT.format('0.3')}" + "".join(f"{line}\n" for line in message(3)))
    report = take(tmp_path / "lake", path, log(tmp_path / "b.log", range(5, 7), "mx2"))
    assert report.refused == []
    assert [file.unparsed for file in report.files] == [1, 0]
    assert report.flows == 6
    assert count(tmp_path / "lake", "select count(*) from lines where state = 'unparsed'") == 1
    assert sum(contents(tmp_path / "lake")["flows"].values()) == 6


@pytest.mark.parametrize("stamp", STAMPS)
def test_the_doctor_looks_past_it(tmp_path: Path, stamp: str) -> None:
    block = doctored(tmp_path, {"mail.log": f"{stamp} {SENT.format('0.3')}" + "".join(f"{line}\n" for line in message(3))})["mail.log"]
    assert (block.lines, block.unparsed) == (8, 1)


@pytest.mark.parametrize("delay", DELAYS)
def test_a_delay_of_no_length_is_an_event_all_the_same(tmp_path: Path, delay: str) -> None:
    path = log(tmp_path / "mail.log", range(1))
    path.write_text(path.read_text() + f"2026-11-20T08:00:59.1Z {SENT.format(delay)}")
    report = take(tmp_path / "lake", path)
    assert (report.refused, report.total("unparsed"), report.total("events")) == ([], 0, 7)
    assert sum(contents(tmp_path / "lake")["hops"].values()) == 2


class OutOfRange(Syslog):
    """Syslog, of which one file holds a number that the engine refuses."""

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        if context.file.endswith("bad.log"):
            con.execute("select line::int from landed")
        return super().parse(con, context)


def test_a_number_that_the_engine_refuses_ends_its_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "syslog", OutOfRange())
    report = take(tmp_path / "lake", log(tmp_path / "bad.log", range(2)), log(tmp_path / "good.log", range(2, 4), "mx2"))
    why = "one of its lines holds a number that is out of every range: report this, with the file"
    assert report.refused == [(str(tmp_path / "bad.log"), why)]
    assert report.flows == 2
