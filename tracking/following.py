"""Follows logs as they grow: looks at each source when it is due, reads what is new in one commit, makes flows of it in the next one.

One importer reads all sources, so that a file is one file whoever means it, and one commit holds a turn. Imports by hand go through the
same importer, a file at a time, with turns in between: there is one writer. No thread and no loop; whoever calls `turn` has those.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim

from tracking.collect.find import find
from tracking.collect.follow import Follower
from tracking.importing import Importer
from tracking.importing_clocks import measure_clocks
from tracking.importing_sources import remembered
from tracking.importing_values import Options, Progress, Report
from tracking.lake.compact import compact, piles
from tracking.lake.retain import retain
from tracking.lake.write import Change
from tracking.look import looked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from tracking.collect.values import Found
    from tracking.lake.manifest import Source
    from tracking.lake.write import Writer

EVERY_SECONDS = 1.0  # where a source says nothing else
HELD = 20  # refusals of one source that are kept
CLOCKS = timedelta(minutes=5)  # between two estimates of the servers' clocks
RETAIN = timedelta(hours=1)  # between two looks for what is too old


@dataclass(frozen=True, slots=True)
class Watch:
    """One source: what it means, and how it is read."""

    name: str
    paths: tuple[str, ...]
    options: Options = field(default_factory=Options)
    every_seconds: float = EVERY_SECONDS
    cron: str = ""  # instead, on the wall clock of the options' zone


@dataclass(slots=True)
class Following:
    """How one source stands."""

    watch: Watch
    follower: Follower
    due: datetime
    refused: dict[str, str] = field(default_factory=dict)  # path -> why it could not be read
    looked_at: datetime | None = None
    behind_bytes: int = 0  # found at the last look and not read yet

    def put_off(self, now: datetime) -> None:
        """Say when it is due again."""
        if self.watch.cron:
            self.due = next(CronSim(self.watch.cron, now.astimezone(ZoneInfo(self.watch.options.timezone))))
        else:
            self.due = now + timedelta(seconds=self.watch.every_seconds)

    def is_due(self, now: datetime) -> bool:
        """Say whether it is to be looked at; a clock that was set back does not keep it waiting."""
        return now >= self.due or (not self.watch.cron and (self.due - now).total_seconds() > 2 * self.watch.every_seconds)


class Follow:
    """Reads sources into a lake whose writer it is handed.

    Args:
        pen: holds the lake's lock.
        watches: what is followed.
        options: memory, threads and privacy of it all.
        keep_days: kind of the lake -> days; what it does not name is kept for ever.
        tell: hears how far it is, often.
    """

    def __init__(
        self,
        pen: Writer,
        watches: Sequence[Watch],
        options: Options,
        keep_days: Mapping[str, float],
        tell: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.pen, self._options, self._keep_days = pen, options, keep_days
        self.importer = Importer(pen, options, tell)
        self.sources = [Following(watch, Follower(watch.paths), pen.now) for watch in watches]
        self._clocks_at = self._retain_at = pen.now
        self._of: dict[int, str] = {}  # file -> source
        self.flows = 0  # made or changed since the start
        self._clocked = 0  # of these: when clocks were estimated last

    def close(self) -> None:
        """Let the memory go; what is not committed is read again."""
        self.importer.close()

    def turn(self) -> Report:
        """Read what is new in all that is due; return what came of it. Raises: TrackError where the lake cannot be written."""
        report = self.importer.report = Report()
        for source in self.sources:
            if source.is_due(self.pen.now):
                self._look(source)
        self.importer.flush()
        self.importer.correlate()
        self.flows += report.flows
        return report

    def _look(self, source: Following) -> None:
        """Read one source as far as it goes."""
        now = self.pen.now
        source.looked_at = now
        source.put_off(now)
        files = source.follower.changed(self.importer.known.states())
        source.refused = {one.path: one.why for one in source.follower.refused[:HELD]} | _still(source.refused, files)
        if not files:
            return
        self.importer.use(source.watch.options)
        for file in files:
            self._read(source, file)

    def _read(self, source: Following, file: Found) -> None:
        """Read one file; one that cannot be read is tried again when it is looked at next."""
        source.behind_bytes, told = file.size, len(self.importer.report.refused)
        self.importer.take([file])
        source.behind_bytes = 0
        for name, why in self.importer.report.refused[told:]:
            source.refused = {**source.refused, name: why} if len(source.refused) < HELD else source.refused
            source.follower.again(file)

    def upkeep(self) -> None:
        """Merge small files, forget what is too old, estimate the clocks: each when it is due. Raises: TrackError."""
        now = self.pen.now
        if piles(self.pen.manifest):
            compact(self.pen, self._options.memory_bytes)
        if now >= self._retain_at:
            self._retain_at = now + RETAIN
            retain(self.pen, self._keep_days)
            with suppress(OSError):  # whoever looks next tries again
                looked.forget(self.pen.lake, now)
        if now >= self._clocks_at and self.flows > self._clocked:
            self._clocks_at, self._clocked = now + CLOCKS, self.flows
            measure_clocks(self.pen, self._options.memory_bytes, self._options.threads)

    def next_due(self) -> datetime:
        """Return when there is something to look at again."""
        return min((source.due for source in self.sources), default=self.pen.now + timedelta(seconds=EVERY_SECONDS))

    def files_of(self) -> dict[str, list[Source]]:
        """Return the files of each source that were ever read."""
        found: dict[str, list[Source]] = {source.watch.name: [] for source in self.sources}
        for file in self.pen.manifest.files.values():
            name = self._of.get(file.file_id)
            if name is None:
                name = self._of[file.file_id] = self._meant(str(file.state.get("path", "")))
            if name:
                found[name].append(file)
        return found

    def _meant(self, path: str) -> str:
        return next((source.watch.name for source in self.sources if source.follower.means(path)), "")

    def take_in(self, paths: Sequence[str], options: Options, between: Callable[[Progress], None]) -> Report:
        """Import by hand, a file at a time; `between` hears how far it is and may call `turn`.

        Returns: what came of it. Raises: TrackError, ValueError for options that cannot be.
        """
        began, findings, flows = self.pen.now, find(paths), self.flows
        self.importer.use(options)
        report = Report(refused=[(one.path, one.why) for one in findings.refused])
        total, done = sum(file.size for file in findings.files), 0
        for file in findings.files:
            self.importer.use(options)
            self.importer.report = report
            self.importer.take([file])
            self.importer.flush()
            done += file.size
            between(Progress(f"reading {file.name}", done, total, report.total("lines")))
        self.turn()
        report.flows = self.flows - flows
        report.seconds = (self.pen.now - began).total_seconds()
        self.pen.commit(Change(imports=(remembered(began, paths, report),)))
        self._clocks_at = self.pen.now
        return report


def _still(refused: Mapping[str, str], files: Sequence[Found]) -> dict[str, str]:
    """Return what was refused and is not tried again now."""
    tried = {file.name for file in files}
    return {name: why for name, why in refused.items() if name not in tried}
