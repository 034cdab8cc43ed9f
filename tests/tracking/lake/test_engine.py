"""An engine that breaks gets a second try without its optimizer; twice broken is one sentence; nothing is left where it was started."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.tracking.breaking import break_down, dictionaries
from tracking.errors import TrackError
from tracking.lake.engine import BROKEN, connect, steadily

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROOT = Path(__file__).parents[3]
OPENED = re.compile(r"(?:.*\n){5}.*duckdb\.connect\((?:.*\n){5}")  # and what stands around it
LARGER = "select count(distinct md5(i::varchar)) from range(600000) t(i)"


def opened(careful: bool) -> DuckDBPyConnection:
    return connect(None, careful=careful)


def is_optimized(con: DuckDBPyConnection) -> bool:
    plan = con.execute("explain select 1 from range(3) t(i) where false").fetchall()
    return "Empty Result" in str(plan)


def test_the_second_try_is_on_a_new_connection_without_the_optimizer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen = []

    def work(con: DuckDBPyConnection) -> str:
        seen.append((con, is_optimized(con)))
        if len(seen) == 1:
            break_down(tmp_path)
        return "done"

    with caplog.at_level(logging.WARNING):
        assert steadily(opened, work) == "done"
    assert [optimized for _, optimized in seen] == [True, False]
    assert seen[0][0] is not seen[1][0]
    [told] = caplog.messages
    assert told.startswith(f"DuckDB {duckdb.__version__} broke and is tried again without its optimizer: FATAL Error: ")
    for con, _ in seen:
        with pytest.raises(duckdb.ConnectionException):
            con.execute("select 1")


def test_broken_twice_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrackError) as told:
        steadily(opened, lambda _: break_down(tmp_path))
    said = str(told.value)
    assert said.startswith(f"DuckDB {duckdb.__version__} breaks on this, without its optimizer too: FATAL Error: ")
    assert said.endswith("; report it; nothing is lost, an import goes on where it stopped")
    assert "\n" not in said


def test_what_is_not_the_engines_fault_gets_no_second_try() -> None:
    tries: list[DuckDBPyConnection] = []

    def work(con: DuckDBPyConnection) -> None:
        tries.append(con)
        con.execute("select nothing_of_this_name")

    with pytest.raises(duckdb.BinderException):
        steadily(opened, work)
    assert len(tries) == 1


def test_the_join_of_a_public_report() -> None:
    """github.com/duckdb/duckdb/issues/24807: where this release breaks on it, the second try must not."""
    try:
        with opened(careful=False) as con:
            dictionaries(con)
    except BROKEN:
        assert steadily(opened, dictionaries) == [(None, None)] * 2
    else:
        pytest.skip(f"DuckDB {duckdb.__version__} does not break on issue 24807 any more")


def test_without_a_folder_nothing_is_spilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB's own choice is `.tmp` wherever it is started: with little memory it would be made here."""
    monkeypatch.chdir(tmp_path)
    with connect(None) as con:
        assert con.execute("select current_setting('temp_directory')").fetchone() == ("",)
        con.execute("set memory_limit = '24MB'")
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute(LARGER).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_whoever_opens_an_engine_says_where_it_may_spill() -> None:
    files = [path for name in ("tracking", "service", "bench", "tests") for path in (ROOT / name).rglob("*.py")]
    found = {path: OPENED.findall(f"\n\n\n\n\n{path.read_text('utf-8')}\n\n\n\n\n") for path in files if path != Path(__file__)}
    assert sum(map(len, found.values())) > 5
    assert [str(path.relative_to(ROOT)) for path, opened in found.items() if any("temp_directory" not in one for one in opened)] == []
