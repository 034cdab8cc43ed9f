"""Does `probe track doctor`: finds the sources, reads a sample of each, and has it examined in a folder that is gone afterwards."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from getpass import getuser
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from probe.clock import utc_now
from service.commands.options import CONFIG_FILE
from service.track.import_show import Bar
from service.track.options import written
from tracking.collect.find import find
from tracking.collect.series import PACKED
from tracking.collect.values import Refused, Unreadable
from tracking.doctor.across import refused, special, together
from tracking.doctor.examine import How, examine
from tracking.doctor.sample import opening, sample
from tracking.doctor.values import Block
from tracking.errors import TrackError
from tracking.formats import registry
from tracking.importing_values import AUTO, Options, Progress, checked
from tracking.lake.engine import connect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from duckdb import DuckDBPyConnection

    from tracking.collect.values import Found

MEMORY_BYTES = 512 << 20
USUAL = (
    *("/var/log/mail.log*", "/var/log/maillog*", "/var/log/postfix.log*", "/var/log/dovecot.log*", "/var/log/dovecot-info.log*"),
    *("/var/log/exim4/mainlog*", "/var/log/exim/main*log*"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Logs that are read in one way."""

    patterns: tuple[str, ...]
    how: How


def named(paths: Sequence[str], server: str = "", timezone: str = "UTC") -> Source:
    """Return what stands on the command line. Raises: click.ClickException for a time zone that is none."""
    return _source({"server": server, "timezone": timezone}, tuple(paths))


def configured(file: str | None) -> list[Source]:
    """Return the sources of the configuration that is named, or of the one in the usual place; none where there is none."""
    config = written(file)
    tracking = config.get("tracking")
    listed = tracking.get("sources") if isinstance(tracking, dict) else None
    if listed is None and file is not None:
        raise click.ClickException(f"{file} has no tracking.sources: give the logs as PATH")
    folder = Path(file or CONFIG_FILE).parent
    try:
        return [_configured(each, folder, str(config.get("timezone", "UTC"))) for each in listed or ()]
    except (TypeError, KeyError, AttributeError):
        raise click.ClickException(f"{file or CONFIG_FILE}: tracking.sources is wrong: `probe check-config` says where") from None


def _configured(one: dict[str, Any], folder: Path, timezone: str) -> Source:
    paths = one["paths"]
    patterns = [paths] if isinstance(paths, str) else paths
    return _source({"timezone": timezone, **one}, tuple(str(folder / Path(path).expanduser()) for path in patterns))


def usual() -> list[Source]:
    """Return those of the usual places where there is something. Raises: click.UsageError where there is none."""
    there = tuple(pattern for pattern in USUAL if not any(one.why == "nothing matches" for one in find([pattern], probing=False).refused))
    if not there:
        raise click.UsageError("no mail server's log is in the usual places: give PATH.. or --config FILE")
    return [named(there)]


def _source(one: dict[str, Any], patterns: tuple[str, ...]) -> Source:
    try:
        form, year = str(one.get("format") or AUTO), one.get("year")
        of = None if form == AUTO else registry.named(form)
        told = checked(Options(timezone=str(one["timezone"]), year=None if year is None else int(year)))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    return Source(patterns, How(of, str(one.get("server") or ""), told.timezone, told.year, str(one.get("options") or "")))


def run(sources: Sequence[Source]) -> list[Block]:
    """Look at all of them. Raises: click.ClickException."""
    blocks = [block for source in sources for block in _looked(source)]
    return together(blocks, utc_now())


def _looked(source: Source) -> list[Block]:
    findings = find(source.patterns)
    series = [list(files) for _, files in groupby(findings.files, key=lambda one: one.series or one.path)]
    blocks = [refused(one, getuser()) for one in findings.refused]
    with TemporaryDirectory(prefix="mailsonde-doctor-") as folder, _bar() as bar:
        for number, files in enumerate(series):
            if bar:
                bar.tell(Progress(f"looking at {files[-1].name}", number, len(series), sum(block.lines for block in blocks)))
            blocks.append(_block(files, source.how, Path(folder)))
    return blocks


def _bar() -> AbstractContextManager[Bar | None]:
    """Return the bar, on a terminal alone."""
    return Bar() if sys.stderr.isatty() else nullcontext()


def _block(files: list[Found], how: How, folder: Path) -> Block:
    newest = files[-1]
    in_use = not newest.rotated and not newest.path.lower().endswith(PACKED)
    block = Block(newest.name, len(files), sum(found.size for found in files), in_use=in_use)
    try:
        odd = special(opening(newest), newest.path)
        if odd:
            return Block(newest.name, len(files), block.bytes, findings=(odd,))
        with connect(folder, MEMORY_BYTES) as con:
            return _examined(con, files, how, folder, block)
    except Unreadable as problem:
        why = str(problem).removeprefix(f"{newest.path}: ").removeprefix(f"{newest.name}: ")
        return refused(Refused(newest.name, why), getuser())
    except TrackError as error:
        raise click.ClickException(str(error)) from error


def _examined(con: DuckDBPyConnection, files: list[Found], how: How, folder: Path, block: Block) -> Block:
    return examine(con, folder, sample(files), how, block)
