"""Does `probe track import`: opens the lake for writing, shows how far it is, and says in words what came of it."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.track.import_show import Bar, summary
from service.track.served import hand_over, served
from tracking.errors import TrackError
from tracking.importing import import_paths
from tracking.importing_values import Options
from tracking.lake.compact import compact
from tracking.lake.privacy import Privacy
from tracking.lake.sizes import size
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tracking.importing_values import Report

ALL_READ, SOME_READ, NONE_READ = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What stands on the command line."""

    paths: tuple[str, ...]
    lake: Path
    form: str
    server: str
    group: str
    timezone: str
    year: int | None
    dates: str | None  # of an export: day-first or month-first
    options: str
    memory: str
    key_file: str | None
    subjects: str
    config_file: str | None = None


def now() -> datetime:
    """Return what time it is."""
    return datetime.now(UTC)  # noqa: TID251 - the service reads clocks


def run(wanted: Wanted) -> int:
    """Import; print what came of it; return the exit code. Raises: click.ClickException."""
    try:
        report = _import(wanted, _options(wanted))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    for line in summary(report, wanted.lake):
        click.echo(line)
    for line in report.errors:
        click.echo(f"probe: {line}", err=True)
    return exit_code(report)


def exit_code(report: Report) -> int:
    """Return 0 where all was read, 1 where some paths could not be, 3 where none could."""
    if not report.refused:
        return ALL_READ
    return SOME_READ if report.files else NONE_READ


def _options(wanted: Wanted) -> Options:
    """Return how the files are to be read. Raises: TrackError."""
    if wanted.dates and wanted.options:
        raise TrackError("--dates is of exports, --options of other formats: import them one after the other")
    return Options(
        *(wanted.form, wanted.server, wanted.group, wanted.timezone, wanted.year, wanted.dates or wanted.options),
        memory_bytes=size(wanted.memory),
        privacy=Privacy(key_of(wanted.key_file), wanted.subjects),
    )


def key_of(file: str | None) -> bytes:
    """Return the key of the pseudonyms that stands in a file; an empty one where none is named. Raises: TrackError."""
    if file is None:
        return b""
    try:
        return Path(file).read_bytes().strip()
    except OSError as error:
        raise TrackError(f"the key of the pseudonyms cannot be read: {file}: {(error.strerror or 'unknown reason').lower()}") from error


def _import(wanted: Wanted, options: Options) -> Report:
    service = served(wanted.lake, wanted.config_file)
    if service is not None:
        with _bar() as bar:
            return hand_over(service, wanted, bar.tell if bar else lambda _: None)
    pen = Writer(wanted.lake, options.command, now)
    try:
        with _bar() as bar:
            report = import_paths(pen, wanted.paths, options, bar.tell if bar else lambda _: None)
            compact(pen, options.memory_bytes)
            return report
    finally:
        pen.close()


def _bar() -> AbstractContextManager[Bar | None]:
    """Return the bar, on a terminal alone."""
    return Bar() if sys.stderr.isatty() else nullcontext()
