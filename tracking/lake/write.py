"""Writes a lake: Parquet first, then the manifest that names it, so that a commit is there whole or not at all. One writer holds the lock.

A kill leaves files that no manifest names; the next writer sweeps them away. It never changes a file that a manifest names.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from tracking.errors import TrackError
from tracking.lake import manifest as manifests
from tracking.lake.days import day_of, latest, on_day
from tracking.lake.durable import discarded_on_error, make_folder, settle
from tracking.lake.engine import quoted, telling
from tracking.lake.kinds import SEQUENCE, STORED, TIME_OF, shape
from tracking.lake.lock import Lock
from tracking.lake.manifest import Dropped, Manifest, Part
from tracking.lake.reader import foreign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.lake.manifest import Import, Source
    from tracking.schema import Column

GRACE = timedelta(minutes=10)  # how long a file that no commit names any more stays for those who read it
PARQUET = "format parquet, compression zstd, compression_level 1, parquet_version v2, row_group_size 122880"
MANY = 10_000  # rows: a file of more has no columns that hold nothing
SPILL = "tmp"  # what does not fit into memory, and the batch under way


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit adds, and what it takes away."""

    parts: tuple[Part, ...] = ()
    gone: frozenset[str] = frozenset()  # paths of parts that are replaced
    files: Mapping[int, Source] = field(default_factory=dict)
    imports: tuple[Import, ...] = ()
    correlated: frozenset[str] = frozenset()  # paths of event parts whose flows are in the lake now
    settings: Mapping[str, Any] | None = None  # None = as they are
    forgotten_imports: int = 0  # of the history, the oldest


class Writer:
    """The one who writes a lake, from here until `close`.

    Args:
        lake: its folder; made if there is none.
        command: what it is, for those who find the lake locked.
        clock: says what time it is (aware).

    Raises: TrackError.
    """

    def __init__(self, lake: Path, command: str, clock: Callable[[], datetime]) -> None:
        self.lake, self._clock = lake, clock
        if foreign(lake):
            raise TrackError(f"{lake} holds other things and is no lake: name another place with --lake, an empty folder or a new one")
        self._lock = Lock(lake, command, clock())
        self._number = 0
        try:
            self.manifest = manifests.load(lake)
            with telling(lake):
                self._sweep()
        except BaseException:
            self._lock.release()
            raise

    @property
    def now(self) -> datetime:
        """Return what time it is."""
        return self._clock()

    @property
    def spill(self) -> Path:
        """Return the folder for what is under way; it is empty at the start."""
        return self.lake / SPILL

    @property
    def sequence(self) -> int:
        """Return the number of the commit that is being made."""
        return self.manifest.sequence + 1

    def close(self) -> None:
        """Let others write."""
        rmtree(self.spill, ignore_errors=True)
        self._lock.release()

    def write(self, con: DuckDBPyConnection, kind: str, table: str) -> tuple[Part, ...]:
        """Write a table's rows, one file for each day; nothing sees them before `commit`.

        Args:
            con: where the table is; a column `sequence` is added where the kind has one.
            kind: of tracking.lake.kinds.STORED.
            table: its name.

        Raises: TrackError.
        """
        with telling(self.lake):
            return tuple(self._part(con, kind, _filled(con, kind, row, self.now)) for row in _days(con, kind, table, self.now))

    def _part(self, con: DuckDBPyConnection, kind: str, row: _Day, *, stamped: bool = False) -> Part:
        """Write the rows of one day; those that are not `stamped` yet get this commit's number."""
        self._number += 1
        path = f"{kind}/day={row.day}/{self.sequence:08d}-{self._number}.parquet"
        given = {} if stamped or kind == "tombstones" else {"sequence": f"cast({self.sequence} as bigint) as sequence"}
        columns = ", ".join(given.get(column.name, f'"{column.name}"') for column in row.columns)
        copy(con, f"select {columns} from {row.rows_of}", self.lake / path, {"latest": latest(self.now)})
        weight = (self.lake / path).stat().st_size
        about = (row.rows, weight, self.sequence, shape(row.columns), row.since, row.until)
        return Part(kind, path, row.day, *about, applied=self.sequence, correlated=stamped or kind != "events", written=self.now)

    def merged(self, con: DuckDBPyConnection, kind: str, day: str, about: tuple[int, datetime | None, datetime | None]) -> Part:
        """Write the view `merged` as one file of a day, with the columns it has.

        `about`: its rows, earliest and latest time. Raises: TrackError.
        """
        rows, since, until = about
        has = {name for name, *_ in con.execute("describe merged").fetchall()}
        columns = tuple(column for column in STORED[kind] if column.name in has)
        with telling(self.lake):
            return self._part(con, kind, _Day(day, rows, _aware(since), _aware(until), "merged", columns), stamped=True)

    def commit(self, change: Change) -> None:
        """Make the change, for good and at once; remove what nobody has read for a while. Raises: TrackError."""
        later = applied(self.manifest, change, self.now)
        kept = tuple(one for one in later.dropped if one.at + GRACE > self.now)
        due = set(later.dropped) - set(kept)
        with telling(self.lake):
            manifests.store(self.lake, replace(later, dropped=kept))
        self.manifest = replace(later, dropped=kept)
        self._remove(one.path for one in due)

    def burn(self) -> None:
        """Remove at once all that no commit names any more: for what must not be read again by anybody."""
        gone = self.manifest.dropped
        self.commit(Change())
        self._remove(one.path for one in gone)
        self.manifest = replace(self.manifest, dropped=())
        with telling(self.lake):
            manifests.store(self.lake, self.manifest)

    def _remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            with suppress(OSError):
                (self.lake / path).unlink()

    def _sweep(self) -> None:
        """Remove what a killed writer left."""
        rmtree(self.spill, ignore_errors=True)
        make_folder(self.spill)
        named = {part.path for part in self.manifest.parts} | {one.path for one in self.manifest.dropped}
        found = (path for kind in STORED for path in (self.lake / kind).glob("day=*/*"))
        self._remove(path for path in (str(path.relative_to(self.lake)) for path in found) if path not in named)


@dataclass(frozen=True, slots=True)
class _Day:
    """What a table has of one day."""

    day: str
    rows: int
    since: datetime | None
    until: datetime | None
    rows_of: str  # SQL: the table, with a condition where it holds other days too; takes $latest
    columns: tuple[Column, ...]  # that the file gets


def _days(con: DuckDBPyConnection, kind: str, table: str, now: datetime) -> list[_Day]:
    time = TIME_OF[kind]
    question = f"select {day_of('t')}, count(*), min(t), max(t) from (select {time} as t from {table}) group by 1 order by 1"
    rows = con.execute(question, {"latest": latest(now)}).fetchall()
    alone = len(rows) == 1
    return [
        _Day(day, count, _aware(since), _aware(until), table if alone else f"{table} where {on_day(time, day)}", STORED[kind])
        for day, count, since, until in rows
    ]


def _filled(con: DuckDBPyConnection, kind: str, row: _Day, now: datetime) -> _Day:
    """Leave out the columns in which a day's many rows hold nothing; of few rows all stay, so that lakes have few shapes."""
    if row.rows < MANY:
        return row
    asked = tuple(column for column in row.columns if column != SEQUENCE)
    counting = ", ".join(f'count("{column.name}")' for column in asked)
    question = f"select {counting} from {row.rows_of}"
    counts = con.execute(question, {"latest": latest(now)} if "$latest" in question else {}).fetchone() or ()
    empty = {column.name for column, count in zip(asked, counts, strict=True) if not count}
    return replace(row, columns=tuple(column for column in STORED[kind] if column.name not in empty))


def _aware(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def copy(con: DuckDBPyConnection, select: str, path: Path, given: Mapping[str, Any]) -> None:
    """Write what a SELECT gives as one Parquet file, under its name only when it is whole. `given` are its parameters."""
    make_folder(path.parent)
    temporary = path.with_name(f"{path.name}.tmp")
    used = {name: value for name, value in given.items() if f"${name}" in select}
    with discarded_on_error(temporary):
        con.execute(f"copy ({select}) to {quoted(temporary)} ({PARQUET})", used)
        settle(temporary, path)


def applied(old: Manifest, change: Change, now: datetime) -> Manifest:
    """Return the manifest after a change. Pure."""
    stay = (part for part in old.parts if part.path not in change.gone)
    kept = tuple(replace(part, correlated=True) if part.path in change.correlated else part for part in stay)
    dropped = tuple(Dropped(part.path, now) for part in old.parts if part.path in change.gone)
    return replace(
        old,
        sequence=old.sequence + 1,
        parts=kept + change.parts,
        files={**old.files, **change.files},
        imports=old.imports[change.forgotten_imports :] + change.imports,
        dropped=old.dropped + dropped,
        settings=old.settings if change.settings is None else change.settings,
    )
