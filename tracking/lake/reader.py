"""Opens a lake for reading: a view of each kind (tracking.lake.kinds.SHOWN), over exactly one commit. Blocks no writer.

Every reader says by a Scope which domains it may see. Files that a writer replaces stay for a while (`write.GRACE`); who reads longer meets
one that vanished: `asking` then reads the manifest again and asks once more.
"""

from __future__ import annotations

import atexit
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import duckdb

from tracking.errors import TrackError
from tracking.lake import manifest as manifests
from tracking.lake.engine import MEMORY_BYTES, MENDING, connect, telling
from tracking.lake.kinds import SHOWN
from tracking.lake.lock import NAME as LOCK
from tracking.lake.manifest import NAME, UNKNOWN_DAY
from tracking.lake.views import SCOPING, gone_table, living, view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import TypeVar

    from duckdb import DuckDBPyConnection

    from thresholds.scope import Scope
    from tracking.lake.manifest import Manifest, Part

    Answer = TypeVar("Answer")

TRIES = 3
LOOKED = "looked.jsonl"  # `tracking.look.looked` writes it also into a lake that is still empty
HARMLESS = {LOOKED, "lost+found"}  # a file system of its own for the lake is as good as an empty folder


def open_lake(
    lake: Path, scope: Scope, memory_bytes: int = MEMORY_BYTES, since: datetime | None = None, until: datetime | None = None
) -> DuckDBPyConnection:
    """Return a connection with the views of the last commit; an empty lake has empty ones.

    Args:
        lake: its folder.
        scope: which domains the reader may see.
        memory_bytes: how much it may take.
        since: leave out files that hold only older rows (rows are not filtered; a flow's lines may be older than its end).
        until: the same for later ones.

    Raises: TrackError.
    """
    exists(lake)
    con = connect(_spill(), memory_bytes)
    with telling(lake), _whole():
        show(con, lake, manifests.load(lake), scope, since, until)
    return con


@contextmanager
def _whole() -> Iterator[None]:
    """Say of a file that is no Parquet file which one it is. Raises: TrackError."""
    try:
        yield
    except duckdb.InvalidInputException as error:
        said = str(error).partition("\n")[0].removeprefix("Invalid Input Error: ")
        raise TrackError(f"the lake is damaged: {said}; {MENDING}") from error


@cache
def _spill() -> Path:
    """Return where this process may put what does not fit its memory: for nobody else to read, not in the lake, gone with the process."""
    folder = mkdtemp(prefix="mailsonde-")
    atexit.register(rmtree, folder, ignore_errors=True)
    return Path(folder)


def exists(lake: Path) -> None:
    """Refuse a folder that is not there, and one that holds other things; an empty one is an empty lake. Raises: TrackError."""
    if not lake.is_dir():
        raise TrackError(f"there is no lake at {lake}: name another with --lake, or make it with `probe track import`")
    if foreign(lake):
        raise TrackError(f"{lake} is no lake: name another with --lake, or make one with `probe track import`")


def foreign(lake: Path) -> bool:
    """Say whether a folder holds other things and no lake."""
    try:
        found = {path.name for path in lake.iterdir()}
    except OSError:
        return False  # it is not there, or whoever opens it says why
    return bool(found - HARMLESS) and not found & {NAME, LOCK}


def show(
    con: DuckDBPyConnection, lake: Path, manifest: Manifest, scope: Scope, since: datetime | None = None, until: datetime | None = None
) -> None:
    """Make the views of this commit on a connection."""
    con.execute(gone_table(lake, manifest))
    scoped = scope.domains is not None
    if scoped:
        con.execute("create or replace temp table _scope (domain varchar)")
        con.execute("insert into _scope select lower(unnest($domains))", {"domains": sorted(scope.domains or ())})
    for kind in sorted(SHOWN, key=lambda kind: kind != "flows"):  # what may be seen of the others depends on the flows
        parts = living(lake, kind, within(manifest.of(kind), since, until), manifest.of("tombstones"))
        con.execute(view(kind, parts, scoped))
        if kind == "flows" and scoped:
            for statement in SCOPING:
                con.execute(statement)


def within(parts: Sequence[Part], since: datetime | None, until: datetime | None) -> list[Part]:
    """Return the parts that may hold rows of this span; those without a time stay."""
    return [part for part in parts if part.day == UNKNOWN_DAY or _meets(part, since, until)]


def _meets(part: Part, since: datetime | None, until: datetime | None) -> bool:
    early = since is not None and part.until is not None and part.until < since
    late = until is not None and part.since is not None and part.since > until
    return not (early or late)


def asking(opened: Callable[[], DuckDBPyConnection], question: Callable[[DuckDBPyConnection], Answer]) -> Answer:
    """Ask a question of a lake, again with the newer commit where a file vanished under it.

    Args:
        opened: opens the lake, `lambda: open_lake(lake, scope)`.
        question: asks it all, and returns plain values.

    Raises: TrackError.
    """
    for left in reversed(range(TRIES)):
        con = opened()
        try:
            with _whole():
                return question(con)
        except duckdb.IOException as error:
            if not left:
                raise TrackError(f"the lake changes faster than it can be read ({NAME}): try again") from error
        finally:
            con.close()
    raise AssertionError  # pragma: no cover - the last try returns or raises


def rows(con: DuckDBPyConnection, question: str, given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a question as plain dictionaries."""
    answer = con.execute(question, given or {})
    heads = [column[0] for column in answer.description or ()]
    return [dict(zip(heads, row, strict=True)) for row in answer.fetchall()]
