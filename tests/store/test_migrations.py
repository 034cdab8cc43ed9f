"""From every earlier schema to today's: planted ones climb step by step, keep their rows, and stand whole where a step fails."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.incidents import open_incidents, save
from store.inserter import Inserter
from store.migrations import APPLICATION, MIGRATIONS, VERSION, schema, upgrade, version_of
from store.rows import run_row
from store.store import Store, StoreError
from store.trip_rows import trip_row
from tests.store.made_incidents import opened
from tests.store.made_runs import BAD, GOOD, TRIP, runs

EARLIER = Path(__file__).with_name("schemas")  # N.sql: schema.sql as version N shipped it, for each N before VERSION
NEXT = VERSION + 1
STEPS = {
    VERSION: "ALTER TABLE meta ADD COLUMN told_us INTEGER;",
    NEXT: "CREATE TABLE told (id INTEGER PRIMARY KEY); INSERT INTO told SELECT count(*) FROM runs;",
}


def shape(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return name and definition of everything in a schema; white space and comments do not count."""
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").fetchall()
    return [(name, "".join(re.sub(r"--.*", "", sql).split())) for name, sql in found]


def dump(connection: sqlite3.Connection) -> dict[str, list[object]]:
    """Return the rows of every table of the first version."""
    names = re.findall(r"CREATE TABLE (\w+)", EARLIER.joinpath("1.sql").read_text())
    return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608 - names of ours


def fresh() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    upgrade(connection, 0)
    return connection


def test_every_earlier_version_has_its_step_and_its_schema() -> None:
    assert set(MIGRATIONS) == set(range(1, VERSION))
    assert {path.stem for path in EARLIER.glob("*.sql")} == {str(version) for version in range(1, VERSION)}


def test_each_earlier_schema_becomes_todays() -> None:
    for version in range(1, VERSION):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as old, closing(fresh()) as new:
            old.executescript(EARLIER.joinpath(f"{version}.sql").read_text() + f"PRAGMA user_version = {version};")
            upgrade(old, version)
            assert shape(old) == shape(new), f"version {version}"


async def test_a_store_of_the_first_version_keeps_its_rows_and_takes_incidents(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.executescript(EARLIER.joinpath("1.sql").read_text() + f"PRAGMA user_version = 1; PRAGMA application_id = {APPLICATION};")
        assert Inserter().commit(old, [run_row(GOOD), run_row(BAD), trip_row(TRIP) or ()], []) == ([], [])
        before = dump(old)
    store = await Store.open(path)
    await save(store, [opened()])
    assert [incident.id for incident in await open_incidents(store)] == [opened().incident.id]
    assert [run.level for run in await runs(store)] == [GOOD.verdict.level, BAD.verdict.level]
    await store.close()
    with closing(sqlite3.connect(path)) as new:
        assert dump(new) == before
        assert version_of(new, path) == VERSION


async def test_a_planted_ladder_is_climbed_and_keeps_the_rows(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    store.put(GOOD)
    assert await store.flush()
    await store.close()
    with closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as connection:
        upgrade(connection, version_of(connection, tmp_path), STEPS, NEXT + 1)
        assert version_of(connection, tmp_path, NEXT + 1) == NEXT + 1
        assert connection.execute("SELECT id FROM told").fetchall() == [(1,)]
        assert connection.execute("SELECT count(told_us) FROM meta").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]
        connection.execute(f"PRAGMA user_version = {VERSION}")
    store = await Store.open(tmp_path / "s.db")
    assert len(await runs(store)) == 1
    await store.close()


def test_a_step_that_fails_leaves_the_one_before_it_whole() -> None:
    with closing(fresh()) as connection:
        with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
            upgrade(connection, VERSION, STEPS | {NEXT: "CREATE TABLE told (id INTEGER); INSERT INTO nowhere VALUES (1);"}, NEXT + 1)
        assert version_of(connection, Path("s.db"), NEXT + 1) == NEXT
        assert not [name for name, _ in shape(connection) if name == "told"]
        upgrade(connection, NEXT, STEPS, NEXT + 1)
        assert version_of(connection, Path("s.db"), NEXT + 1) == NEXT + 1


def test_a_version_above_the_ladder_is_refused() -> None:
    with closing(fresh()) as connection:
        connection.execute(f"PRAGMA user_version = {NEXT}")
        with pytest.raises(StoreError, match=rf"^s\.db was written by a newer Mailsonde \(schema {NEXT}, this one knows {VERSION}\): "):
            version_of(connection, Path("s.db"))


def test_a_new_file_is_known_as_ours() -> None:
    with closing(fresh()) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
        assert version_of(connection, Path("s.db")) == VERSION
        assert schema().startswith("--")
