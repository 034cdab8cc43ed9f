"""What an import has done since its last commit: which files it began and what its report said before, so that it can begin there again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.collect.values import Found
    from tracking.formats.format import Format
    from tracking.importing_values import FileReport, Options, Report


@dataclass(frozen=True, slots=True)
class Begun:
    """A file that was begun, and how it is read."""

    found: Found
    options: Options
    format: Format | None


@dataclass(slots=True)
class Since:
    """From one commit to the next."""

    begun: list[Begun] = field(default_factory=list)
    done_bytes: int = 0
    resumed: bool = False  # the next file that is taken has an entry in the report, from before the commit
    _in_a_file: bool = False
    _files: list[FileReport] = field(default_factory=list)
    _refused: list[tuple[str, str]] = field(default_factory=list)

    def mark(self, report: Report, done_bytes: int) -> None:
        """A commit was made, or the first file after one begins: remember the report. What was begun is done."""
        self.begun, self.done_bytes, self._in_a_file = [], done_bytes, False
        self._files = [*report.files[:-1], *(replace(file, notes=list(file.notes)) for file in report.files[-1:])]
        self._refused = list(report.refused)

    def cut(self, of: Sequence[Begun]) -> None:
        """Say that the commit was made in the middle of a file: it is still under way."""
        self.begun, self._in_a_file = list(of), bool(of)

    def restore(self, report: Report) -> list[Begun]:
        """Let the report say what it said then; return what is to be taken again."""
        report.files, report.refused = self._files, self._refused
        begun, self.begun = self.begun, []
        self.resumed, self._in_a_file = self._in_a_file, False
        return begun
