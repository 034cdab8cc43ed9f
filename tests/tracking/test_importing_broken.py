"""An engine that breaks in the middle of an import costs time and nothing else: no line lost, none doubled, the report as ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tracking.breaking import break_down
from tests.tracking.made import contents, log, take
from tracking import importing_flows
from tracking.correlate.run import correlate as make
from tracking.errors import TrackError
from tracking.formats.registry import FORMATS
from tracking.formats.syslog import Syslog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context
    from tracking.importing_values import Report

MESSAGES = range(36)


class Breaking(Syslog):
    """Syslog, on an engine that breaks for good at some batches."""

    def __init__(self, folder: Path, at: Sequence[int]) -> None:
        self._folder, self._at, self._batch = folder, at, 0

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        self._batch += 1
        if self._batch in self._at:
            break_down(self._folder)
        return super().parse(con, context)


def logs(tmp_path: Path) -> list[Path]:
    """Two files of several batches each, and one that is of no format."""
    (tmp_path / "other.log").write_text("nothing of the kind\n")
    return [log(tmp_path / "a.log", MESSAGES), tmp_path / "other.log", log(tmp_path / "b.log", MESSAGES, "mx2")]


def said(report: Report) -> list[tuple[object, ...]]:
    """Return all but the flows: how often one is changed goes by where commits fall."""
    files = [(file.name, file.verdict, file.lines, file.events, file.noise, file.unparsed, tuple(file.notes)) for file in report.files]
    return [*files, *report.refused]


@pytest.mark.parametrize("at", [(1,), (3,), (9,)])
def test_broken_at_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: tuple[int, ...]) -> None:
    paths = logs(tmp_path)
    clean = take(tmp_path / "clean", *paths)
    monkeypatch.setitem(FORMATS, "syslog", Breaking(tmp_path, at))
    report = take(tmp_path / "lake", *paths)
    assert said(report) == said(clean)
    assert contents(tmp_path / "lake") == contents(tmp_path / "clean")


def test_broken_twice_ends_in_one_sentence_and_goes_on_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = logs(tmp_path)
    take(tmp_path / "clean", *paths)
    with monkeypatch.context() as patch:
        patch.setitem(FORMATS, "syslog", Breaking(tmp_path, range(4, 99)))
        with pytest.raises(TrackError, match=r"^DuckDB .* breaks on this, without its optimizer too: FATAL Error: .*where it stopped$"):
            take(tmp_path / "lake", *paths)
    take(tmp_path / "lake", *paths)
    assert contents(tmp_path / "lake") == contents(tmp_path / "clean")


def test_broken_while_correlating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, tries = logs(tmp_path), list[object]()

    def breaking(con: DuckDBPyConnection) -> None:
        make(con)
        tries.append(con)
        if len(tries) == 1:
            break_down(tmp_path)

    take(tmp_path / "clean", *paths)
    monkeypatch.setattr(importing_flows, "make", breaking)
    assert take(tmp_path / "lake", *paths).flows
    assert len(tries) > 1
    assert contents(tmp_path / "lake") == contents(tmp_path / "clean")
