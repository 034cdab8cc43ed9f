"""Log files into the lake: collected, parsed by their format, committed batch by batch, correlated at the end. Resumes after any kill.

Lines, events and how far each file is read stand in one commit; flows in the next one. What is committed and not yet correlated is named
in the manifest, so that the next run correlates it first. A path that cannot be read is told and does not end the others.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tracking import importing_batch as batches
from tracking.collect.chunks import read
from tracking.collect.find import find
from tracking.collect.known import Known
from tracking.collect.values import FileState, Unreadable, Verdict
from tracking.formats.format import Context
from tracking.formats.registry import recognise
from tracking.importing_ahead import ahead
from tracking.importing_clocks import measure_clocks
from tracking.importing_flows import correlate, uncorrelated_rows
from tracking.importing_pending import Pending, Whose
from tracking.importing_sources import grown, reported
from tracking.importing_twice import leave_out, rivals
from tracking.importing_values import FileReport, Options, Progress, Report, checked
from tracking.importing_words import EMPTY, HEADER_ONLY, chosen, known_format, unknown, wrong
from tracking.lake.engine import connect, telling
from tracking.lake.manifest import Import, Source
from tracking.lake.privacy import agree, hidden
from tracking.lake.write import Change, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tracking.collect.known import Recognition
    from tracking.collect.values import Chunk, Found
    from tracking.formats.format import Format

NOTHING_NEW = (Verdict.SAME, Verdict.OLDER)


class Importer:
    """Takes files into a lake whose writer it is handed.

    Args:
        pen: holds the lake's lock.
        options: how to read them.
        tell: hears how far it is, once a batch.
    """

    def __init__(self, pen: Writer, options: Options, tell: Callable[[Progress], None] = lambda _: None) -> None:
        self.pen, self.options, self._tell = pen, checked(options), tell
        self.report = Report()
        agree(pen.manifest.settings.get("privacy"), options.privacy)
        self._con = connect(pen.spill, options.memory_bytes, options.threads)
        self._format = chosen(options.format)
        self.known = Known(FileState.of(dict(source.state)) for source in pen.manifest.files.values() if source.state)
        self._pending: dict[int, Source] = {}
        self._waiting = 0  # lines not committed
        self._done = self._total = 0
        self._rows = Pending(self._con)

    def close(self) -> None:
        """Let the memory go; what is not flushed is forgotten."""
        self._con.close()

    def use(self, options: Options) -> None:
        """Read the files from here on so. Memory, threads, sizes and privacy stay as they were. Raises: TrackError, ValueError."""
        self._format = chosen(options.format)
        kept = self.options
        wanted = checked(options)
        self.options = replace(
            wanted, memory_bytes=kept.memory_bytes, threads=kept.threads, sizes=kept.sizes, privacy=kept.privacy, command=kept.command
        )

    def take(self, files: Sequence[Found]) -> None:
        """Read files as far as they go. Raises: TrackError where the lake cannot be written; what is wrong with a file is reported."""
        self._total += sum(found.size for found in files)
        for found in files:
            before = self._done
            try:
                with telling(self.pen.lake):
                    self._file(found)
            except (Unreadable, batches.GivenUp) as error:
                self._unread(found, str(error))
            self._done = before + found.size
            self._say(f"reading {found.name}")

    def _unread(self, found: Found, why: str) -> None:
        """Tell that a file, or the rest of it, cannot be read."""
        self.report.files = [file for file in self.report.files if file.name != found.name or file.lines]
        self.report.refused.append((found.name, why.removeprefix(f"{found.path}: ").removeprefix(f"{found.name}: ")))

    def _say(self, doing: str) -> None:
        self._tell(Progress(doing, self._done, self._total, self.report.total("lines")))

    def _file(self, found: Found) -> None:
        """Read one file, if it has something new."""
        known = self.known.recognise(found)
        report = FileReport(found.name, verdict=str(known.verdict))
        self.report.files.append(report)
        if known.state is None:
            report.notes.append(EMPTY)
        elif known.verdict in NOTHING_NEW:
            self._moved(known)
        else:
            self._read(found, known.state, report)

    def _moved(self, known: Recognition) -> None:
        """Remember under which name a content that was read is now."""
        state = known.state
        source = None if state is None else self._source(state.file_id)
        if state is not None and source is not None and source.state != state.json():
            self._keep(replace(source, state=state.json()), state)

    def _source(self, file_id: int) -> Source | None:
        return self._pending.get(file_id) or self.pen.manifest.files.get(file_id)

    def _keep(self, source: Source, state: FileState) -> None:
        self._pending[source.file_id] = source
        self.known.put(state)

    def _read(self, found: Found, state: FileState, report: FileReport) -> None:
        """Read the lines behind the state."""
        start = self._done
        for chunk in ahead(read(found, state, batch=self.options.sizes.batch)):
            report.notes.extend(chunk.notes)
            if chunk.lines and not self._take(chunk, report):
                return
            self._done = start + min(found.size, chunk.done_bytes)
            self._say(f"reading {found.name}")
            if self._waiting >= self.options.sizes.commit_lines:
                self.flush()
        if report.lines and report.lines == report.header_lines:
            report.notes.append(HEADER_ONLY)

    def _take(self, chunk: Chunk, report: FileReport) -> bool:
        """Take a chunk by the format of its file; False where there is none."""
        source = self._source(chunk.file_id)
        of = known_format(source.format) if source else self._format or recognise(batches.first_lines(chunk.text))
        if of is None:
            return self._refuse(chunk.name, report, unknown(batches.first_lines(chunk.text)))
        report.format = of.name
        begun = source or Source(chunk.file_id, chunk.name, of.name, self.options.server, self.options.group)
        return self._chunk(chunk, of, begun, report)

    def _chunk(self, chunk: Chunk, of: Format, source: Source, report: FileReport) -> bool:
        """Turn a chunk into rows that wait for a commit; False where the file is not of the format that was named."""
        con = self._con
        text = hidden(self.options.privacy, chunk.text)
        landing = batches.land(con, text, chunk.first_line, self.pen.spill)
        carry = batches.parse(con, of, self._context(chunk, source, landing), chunk.lines)
        span = batches.span(con, self.pen.now)
        others = rivals(source, span, (*self.pen.manifest.files.values(), *self._pending.values()))
        if others:
            leave_out(con, self.pen, source, span, others)
        batches.cover(con, self.options.privacy)
        told = batches.tell(con, of.name, source.at)
        if chunk.first_line == 1 and told.unparsed == chunk.lines and self._format is not None:
            return self._refuse(chunk.name, report, wrong(of, batches.first_lines(chunk.text)))
        state = replace(chunk.state, carry=carry)
        self._rows.add(Whose(chunk.file_id, source.group), chunk.lines)
        self._keep(replace(grown(source, chunk, told, span), state=state.json(), read_at=self.pen.now), state)
        self._waiting += chunk.lines
        reported(report, chunk, told)
        report.odd_times += span.odd_times
        return True

    def _context(self, chunk: Chunk, source: Source, landing: Path) -> Context:
        """Return what the lines do not say themselves."""
        options, until = self.options, datetime.fromtimestamp(chunk.state.mtime_ns / 1e9, UTC)
        about = (source.server, options.timezone, options.year, str(source.state.get("carry", "")), options.options)
        return Context(chunk.name, chunk.first_line, until, *about, landing=landing)

    def _refuse(self, name: str, report: FileReport, why: str) -> bool:
        """Tell that a file is not taken."""
        self.report.refused.append((name, why))
        self.report.files.remove(report)
        return False

    def flush(self) -> None:
        """Commit what waits: lines, events and how far each file is read. Raises: TrackError."""
        if not self._pending:
            return
        parts = self.pen.write(self._con, "events", "pending_events") + self.pen.write(self._con, "lines", "pending_lines")
        settings = {**self.pen.manifest.settings, "privacy": self.options.privacy.settings}
        self.pen.commit(Change(parts, files=self._pending, settings=settings))
        self._pending, self._waiting = {}, 0
        self._rows.clear()
        if uncorrelated_rows(self.pen.manifest) >= self.options.sizes.correlate_rows:
            self.correlate()

    def correlate(self) -> None:
        """Make flows of all events that are in the lake and have none yet. Raises: TrackError."""
        if uncorrelated_rows(self.pen.manifest):
            self._say("correlating")
            with telling(self.pen.lake):
                self.report.flows += correlate(self.pen, self.options.memory_bytes, self.options.threads)


def import_paths(pen: Writer, patterns: Iterable[str], options: Options, tell: Callable[[Progress], None] = lambda _: None) -> Report:
    """Read what the patterns name into the lake, and correlate it.

    Args:
        pen: the lake's writer.
        patterns: files, folders, globs.
        options: how to read them.
        tell: hears how far it is.

    Returns: what came of it; paths that could not be read are among it.
    Raises: TrackError where nothing can be read at all, or the lake cannot be written.
    """
    began, wanted = pen.now, tuple(patterns)
    importer = Importer(pen, options, tell)
    try:
        importer.correlate()  # what a run that was killed left
        findings = find(wanted)
        importer.report.refused.extend((one.path, one.why) for one in findings.refused)
        importer.take(findings.files)
        importer.flush()
        importer.correlate()
        if importer.report.flows:
            measure_clocks(pen, options.memory_bytes, options.threads)
    finally:
        importer.close()
    importer.report.seconds = (pen.now - began).total_seconds()
    pen.commit(Change(imports=(remembered(began, wanted, importer.report),)))
    return importer.report


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
