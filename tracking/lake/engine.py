"""Opens DuckDB the way all of tracking wants it: UTC, bounded memory, spilling into the lake's own folder. Imported lazily: it is large."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import duckdb

from tracking.errors import TrackError
from tracking.lake.sizes import LEAST_BYTES, MEMORY_BYTES, size

__all__ = ["BROKEN", "MEMORY_BYTES", "connect", "hopeless", "quoted", "size", "steadily", "stumbled", "telling"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

ENGINE_SHARE = 0.6  # of it for DuckDB's own pool; the rest holds the batch under way, Python, and what DuckDB does not count
BROKEN = (duckdb.InternalException, duckdb.FatalException)  # DuckDB's own fault: nothing on that connection works any more
Done = TypeVar("Done")
_log = logging.getLogger("mailsonde.tracking")


def connect(
    spill: Path | None, memory_bytes: int = MEMORY_BYTES, threads: int | None = None, *, careful: bool = False
) -> DuckDBPyConnection:
    """Open a connection of its own, in memory; `spill` is where it may put what does not fit. `careful`: without the optimizer.

    Raises: TrackError.
    """
    if memory_bytes < LEAST_BYTES:
        raise TrackError(f"{memory_bytes >> 20} MiB of memory is too little: give at least {LEAST_BYTES >> 20} MiB")
    con = duckdb.connect(
        ":memory:",
        config={
            "temp_directory": "" if spill is None else str(spill),  # unsaid, it would make a folder wherever it is started
            "memory_limit": f"{int(memory_bytes * ENGINE_SHARE)}B",
            "autoinstall_known_extensions": "false",
        },
    )
    con.execute("set TimeZone = 'UTC'")
    con.execute("set enable_progress_bar = false")
    if careful:
        con.execute("pragma disable_optimizer")
    if threads is not None:
        con.execute(f"set threads = {int(threads)}")
    return con


def steadily(opened: Callable[[bool], DuckDBPyConnection], work: Callable[[DuckDBPyConnection], Done]) -> Done:
    """Do a piece of work on a connection of its own; where DuckDB itself breaks, once more on a new one that is careful.

    Args:
        opened: gives a new connection, a careful one when it is told True.
        work: changes nothing that a second time would not repeat until its last step, which is the commit.

    Raises: TrackError when it breaks twice; what the work raises.
    """
    try:
        return _closing(opened(False), work)  # noqa: FBT003 - named at `opened`
    except BROKEN as error:
        stumbled(error)
    try:
        return _closing(opened(True), work)  # noqa: FBT003 - named at `opened`
    except BROKEN as error:
        raise hopeless(error) from error


def _closing(con: DuckDBPyConnection, work: Callable[[DuckDBPyConnection], Done]) -> Done:
    try:
        return work(con)
    finally:
        con.close()


def stumbled(error: BaseException) -> None:
    """Log that DuckDB broke and gets a second try."""
    _log.warning("DuckDB %s broke and is tried again without its optimizer: %s", duckdb.__version__, _first(error))


def hopeless(error: BaseException) -> TrackError:
    """Say that DuckDB broke at the second try too."""
    return TrackError(
        f"DuckDB {duckdb.__version__} breaks on this, without its optimizer too: {_first(error)}; "
        "report it; nothing is lost, an import goes on where it stopped"
    )


def _first(error: BaseException) -> str:
    """Return what an error says first; a statement may follow, with what logs say."""
    line = (str(error).splitlines() or ["no reason"])[0][:200]
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def quoted(value: object) -> str:
    """Write a text as an SQL literal: for the few places that take no parameter (COPY, SET, views); never for what a log says."""
    return "'" + str(value).replace("'", "''") + "'"


@contextmanager
def telling(lake: Path) -> Iterator[None]:
    """Turn what the disk does to DuckDB and to us into one sentence. Raises: TrackError."""
    try:
        yield
    except OSError as error:
        raise TrackError(_sentence(lake, error.strerror or "unknown reason")) from error
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise TrackError(_sentence(lake, str(error))) from error


_NO_ROOM = re.compile(r"no space|disk quota|file too large|max_temp_directory_size", re.IGNORECASE)
_NO_MEMORY = re.compile(r"out of memory|failed to allocate|could not allocate|memory limit", re.IGNORECASE)
_GONE = re.compile(r"no files found that match the pattern \"([^\"]+)\"", re.IGNORECASE)
MENDING = "put a copy of the lake in its place, or import the logs into another one"


def _sentence(lake: Path, said: str) -> str:
    """Say what is wrong and what to do, in one line."""
    if _NO_ROOM.search(said):
        return f"there is no room for the lake {lake}: free some and run it again, it goes on where it stopped"
    if _NO_MEMORY.search(said):
        return "the memory limit is too small for this: give more with --memory and run it again, it goes on where it stopped"
    if gone := _GONE.search(said):
        return f"the lake is damaged: File '{gone[1]}' is missing; {MENDING}"
    first = " ".join(said.split())[:300]
    return f"the lake {lake} cannot be used: {first}"
