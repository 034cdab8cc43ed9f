"""Shows an import: a bar with rate and rest while it runs, a few sentences afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from service.words import harmless

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tracking.importing_values import FileReport, Report
    from tracking.importing_values import Progress as Far

NAME_WIDTH = 40
NOTES = 10  # files with something to say; more are counted


class Bar:
    """One line on standard error that is gone at the end."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5)
        self._task = self._progress.add_task("reading", total=None, rate="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def tell(self, far: Far) -> None:
        """Draw how far it is."""
        elapsed = self._progress.tasks[0].elapsed or 0.0
        rate = f"{far.lines:,} lines, {far.lines / elapsed:,.0f}/s" if elapsed > 1 else f"{far.lines:,} lines"
        what = harmless(far.doing)
        shown = what if len(what) <= NAME_WIDTH else f"{what[:12]}..{what[14 - NAME_WIDTH :]}"
        self._progress.update(self._task, description=shown.replace("[", r"\["), completed=far.done_bytes, total=far.total_bytes, rate=rate)


def summary(report: Report, lake: Path) -> list[str]:
    """Return what came of an import, in words."""
    read = [file for file in report.files if file.lines]
    rate = report.total("lines") / report.seconds if report.seconds else 0.0
    counted = f"{report.total('lines'):,} lines = {report.total('events'):,} events + {report.total('noise'):,} noise"
    return [
        *_notes(report),
        f"{_some(len(read), 'file')} read into {lake}: {counted} + {report.total('unparsed'):,} not understood",
        *_asides(report),
        f"{_some(report.flows, 'flow')} made or changed; {report.seconds:.1f} s, {rate:,.0f} lines/s",
    ]


def _some(count: int, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count:,} {thing}s"


def _asides(report: Report) -> list[str]:
    """Return a line for each thing that is seldom."""
    known = sum(1 for file in report.files if file.verdict in {"same", "older"})
    said = {
        f"{_some(known, 'file')} with nothing new: read before": known,
        f"{_some(report.total('repaired'), 'line')} held bytes that are no UTF-8, or were too long: mended": report.total("repaired"),
        f"{_some(report.total('twice'), 'line')} had come through another file already: counted once": report.total("twice"),
        f"{_some(report.total('odd_times'), 'stamp')} that no log can have: kept under the day `unknown`": report.total("odd_times"),
    }
    return [line for line, count in said.items() if count]


def _notes(report: Report) -> list[str]:
    """Return what is to be said of single files."""
    told = [file for file in report.files if file.notes or file.unparsed]
    more = [f"{_some(len(told) - NOTES, 'file')} more with something to say: see `probe track status`"] if len(told) > NOTES else []
    return [_note(file) for file in told[:NOTES]] + more


def _note(file: FileReport) -> str:
    odd = [f"{_some(file.unparsed, 'line')} not understood (`probe track status` shows some)"] if file.unparsed else []
    return harmless(f"{file.name}: {'; '.join([*file.notes, *odd])}")
