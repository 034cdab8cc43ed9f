"""Adds up what came of a file's lines, in the lake's manifest and in the report of one import. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tracking.formats.format import Context
from tracking.importing_batch import EXAMPLES, MANY_SERVERS
from tracking.lake.manifest import Import

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tracking.collect.values import Chunk
    from tracking.importing_batch import Span, Told
    from tracking.importing_values import FileReport, Options, Report
    from tracking.lake.manifest import Source

TWICE = "twice"  # kind of noise: another file of the same server brought this very line before


def context_of(options: Options, chunk: Chunk, source: Source, landing: Path) -> Context:
    """Return what the lines do not say themselves."""
    until = datetime.fromtimestamp(chunk.state.mtime_ns / 1e9, UTC)
    about = (source.server, options.timezone, options.year, str(source.state.get("carry", "")), options.options)
    return Context(chunk.name, chunk.first_line, until, *about, landing=landing)


def grown(source: Source, chunk: Chunk, told: Told, span: Span) -> Source:
    """Return what the manifest says of a file after one more chunk of it."""
    kinds = Counter(source.noise_kinds) + Counter(told.noise_kinds)
    return replace(
        source,
        name=chunk.name,
        lines=source.lines + chunk.lines,
        events=source.events + told.events,
        noise=sum(kinds.values()),
        noise_kinds=dict(sorted(kinds.items())),
        twice=kinds[TWICE],
        unparsed=source.unparsed + told.unparsed,
        unparsed_at=(*source.unparsed_at, *told.unparsed_at)[:EXAMPLES],
        repaired=source.repaired + chunk.repaired + chunk.cut,
        odd_times=source.odd_times + span.odd_times,
        servers=_servers(source.servers, span.servers),
        at=told.at,
        first=_one(min, source.first, span.first),
        last=_one(max, source.last, span.last),
    )


def _servers(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    every = sorted({*old, *new})
    return ("*",) if "*" in every or len(every) > MANY_SERVERS else tuple(every)


def _one(choose: Callable[..., datetime], old: datetime | None, new: datetime | None) -> datetime | None:
    known = [time for time in (old, new) if time is not None]
    return choose(known) if known else None


def reported(report: FileReport, chunk: Chunk, told: Told) -> None:
    """Add one chunk to what an import tells of a file."""
    report.lines += chunk.lines
    report.events += told.events
    report.noise += sum(told.noise_kinds.values())
    report.unparsed += told.unparsed
    report.repaired += chunk.repaired + chunk.cut
    report.header_lines += told.noise_kinds.get("header", 0)
    report.twice += told.noise_kinds.get(TWICE, 0)


def remembered(began: datetime, wanted: Sequence[str], report: Report) -> Import:
    """Return the import as its history keeps it."""
    counts = {name: report.total(name) for name in ("lines", "events", "noise", "unparsed")}
    what = " ".join(wanted)[:500]
    return Import(
        began,
        what,
        sum(1 for file in report.files if file.lines),
        **counts,
        flows=report.flows,
        seconds=report.seconds,
        errors=report.errors[:20],
    )
