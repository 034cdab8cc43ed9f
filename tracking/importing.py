"""Log files into the lake: collected, parsed by their format, committed batch by batch, correlated at the end. Resumes after any kill.

Lines, events and how far each file is read stand in one commit; flows in the next one. What is committed and not yet correlated is named
in the manifest, so that the next run correlates it first. A path that cannot be read is told and does not end the others.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from tracking import importing_batch as batches
from tracking.collect.chunks import read
from tracking.collect.find import find
from tracking.collect.known import Known
from tracking.collect.values import FileState, Unreadable, Verdict
from tracking.formats.registry import recognise
from tracking.importing_ahead import ahead
from tracking.importing_clocks import measure_clocks
from tracking.importing_flows import correlate, uncorrelated_rows
from tracking.importing_pending import Pending, Whose
from tracking.importing_since import Begun, Since
from tracking.importing_sources import context_of, grown, remembered, reported
from tracking.importing_twice import leave_out, rivals
from tracking.importing_values import FileReport, Options, Progress, Report, checked
from tracking.importing_words import asides, chosen, known_format, unknown, wrong
from tracking.lake.engine import BROKEN, connect, hopeless, stumbled, telling
from tracking.lake.manifest import Source
from tracking.lake.privacy import agree, hidden
from tracking.lake.write import Change, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tracking.collect.known import Recognition
    from tracking.collect.values import Chunk, Found
    from tracking.formats.format import Format

MANY_ROWS = 50_000  # to correlate: then the memory of reading is let go first, so that the two never add up
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
        self._format = chosen(options.format)
        self._done = self._total = 0
        self._since = Since()
        self._open()

    def _open(self, *, careful: bool = False) -> None:
        """Begin with what is committed, on a new connection."""
        self._connect(careful=careful)
        self.known = Known(FileState.of(dict(source.state)) for source in self.pen.manifest.files.values() if source.state)
        self._pending: dict[int, Source] = {}
        self._waiting = 0  # lines not committed

    def _connect(self, *, careful: bool = False) -> None:
        """Take a new connection; nothing waits on it."""
        self._con = connect(self.pen.spill, self.options.memory_bytes, self.options.threads, careful=careful)
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
            if not self._since.begun:
                self._since.mark(self.report, self._done)
            self._since.begun.append(Begun(found, self.options, self._format))
            self._steadily(lambda found=found: self._one(found))  # type: ignore[misc] # bound now, as the linter wants it

    def _one(self, found: Found) -> None:
        """Read a file as far as it goes; what is wrong with it is reported."""
        before = self._done
        try:
            with telling(self.pen.lake):
                self._file(found)
        except (Unreadable, batches.GivenUp) as error:
            self._unread(found, str(error))
        self._done = before + found.size
        self._say(f"reading {found.name}")

    def _steadily(self, work: Callable[[], None]) -> None:
        """Do a step; where DuckDB breaks, all since the last commit once more, on a careful connection. Raises: TrackError."""
        try:
            work()
        except BROKEN as error:
            stumbled(error)
        else:
            return
        try:
            self._again(self._back(careful=True))
        except BROKEN as error:
            raise hopeless(error) from error
        finally:
            self._back(careful=False)

    def _back(self, *, careful: bool) -> list[Begun]:
        """Forget what is not committed, and go on with a new connection; return the files that are to be read again."""
        self._con.close()
        self._open(careful=careful)
        if not self._since.begun:
            return []
        self._done = self._since.done_bytes
        return self._since.restore(self.report)

    def _again(self, begun: list[Begun]) -> None:
        """Read files once more, and commit them."""
        options, of = self.options, self._format
        try:
            for one in begun:
                self.options, self._format = one.options, one.format
                self._since.begun.append(one)
                self._one(one.found)
        finally:
            self.options, self._format = options, of
        self._flush()

    def _unread(self, found: Found, why: str) -> None:
        """Tell that a file, or the rest of it, cannot be read."""
        self.report.files = [file for file in self.report.files if file.name != found.name or file.lines]
        self.report.refused.append((found.name, why.removeprefix(f"{found.path}: ").removeprefix(f"{found.name}: ")))

    def _say(self, doing: str) -> None:
        self._tell(Progress(doing, self._done, self._total, self.report.total("lines")))

    def _file(self, found: Found) -> None:
        """Read one file, if it has something new."""
        known = self.known.recognise(found)
        report = self._entry(found, known)
        if known.state is None:
            report.notes.extend(known.notes)
        elif known.verdict in NOTHING_NEW:
            self._moved(known)
        else:
            self._read(found, known.state, report)
        report.notes.extend(asides(found, report, self._source(known.state.file_id) if known.state else None))

    def _entry(self, found: Found, known: Recognition) -> FileReport:
        """Return what the report says of a file: a new entry, or that of a file which a commit cut in two."""
        begun = self.report.files[-1:]
        if not (self._since.resumed and begun and begun[0].name == found.name):
            begun = [FileReport(found.name, verdict=str(known.verdict))]
            self.report.files += begun
        self._since.resumed = False
        return begun[0]

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
        with closing(ahead(read(found, state, batch=self.options.sizes.batch))) as chunks:
            for chunk in chunks:
                report.notes.extend(chunk.notes)
                if chunk.lines and not self._take(chunk, report):
                    return
                self._done = start + min(found.size, chunk.done_bytes)
                self._say(f"reading {found.name}")
                if self._waiting >= self.options.sizes.commit_lines:
                    self._flush(of=self._since.begun[-1:], from_byte=start)

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
        carry = batches.parse(con, of, context_of(self.options, chunk, source, landing), chunk.lines)
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

    def _refuse(self, name: str, report: FileReport, why: str) -> bool:
        """Tell that a file is not taken."""
        self.report.refused.append((name, why))
        self.report.files.remove(report)
        return False

    def flush(self) -> None:
        """Commit what waits: lines, events and how far each file is read. Raises: TrackError."""
        self._steadily(self._flush)

    def _flush(self, of: Sequence[Begun] = (), from_byte: int = 0) -> None:
        """Commit what waits, in the middle of the file `of`, or between two."""
        if not self._pending:
            self._since.mark(self.report, self._done)
            return
        parts = self.pen.write(self._con, "events", "pending_events") + self.pen.write(self._con, "lines", "pending_lines")
        settings = {**self.pen.manifest.settings, "privacy": self.options.privacy.settings}
        self.pen.commit(Change(parts, files=self._pending, settings=settings))
        self._pending, self._waiting = {}, 0
        self._rows.clear()
        self._since.mark(self.report, from_byte if of else self._done)
        self._since.cut(of)
        if uncorrelated_rows(self.pen.manifest) >= self.options.sizes.correlate_rows:
            self.correlate()

    def correlate(self) -> None:
        """Make flows of all events that are in the lake and have none yet; nothing waits for a commit. Raises: TrackError."""
        rows = uncorrelated_rows(self.pen.manifest)
        if not rows:
            return
        self._say("correlating")
        if rows > MANY_ROWS:
            self._con.close()
        try:
            with telling(self.pen.lake):
                self.report.flows += correlate(self.pen, self.options.memory_bytes, self.options.threads)
        finally:
            if rows > MANY_ROWS:
                self._connect()


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
