"""What an import is told, how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracking.collect.chunks import Batch
from tracking.errors import TrackError
from tracking.lake.engine import MEMORY_BYTES
from tracking.lake.privacy import Privacy

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done at once."""

    batch: Batch = field(default_factory=lambda: Batch(limit_bytes=1 << 25, limit_lines=300_000))  # one parse; memory grows with it
    commit_lines: int = 150_000  # one commit: small files share it
    correlate_rows: int = 2_000_000  # events between two correlations: so that flows are durable, and memory bounded


@dataclass(frozen=True, slots=True)
class Options:
    """How files are to be read."""

    format: str = AUTO  # a name of tracking.formats.registry
    server: str = ""  # whose logs; "" = as the lines say
    group: str = ""  # the group of servers they belong to
    timezone: str = "UTC"  # of local stamps
    year: int | None = None  # of stamps without one; None = as the file's own date says
    options: str = ""  # of a generic format
    memory_bytes: int = MEMORY_BYTES  # of the whole process
    sizes: Sizes = field(default_factory=Sizes)
    threads: int | None = None  # of DuckDB; None = as many as there are processors
    privacy: Privacy = field(default_factory=Privacy)
    command: str = "probe track import"  # what others are told who find the lake locked


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    doing: str  # "reading mail.log", "correlating"
    done_bytes: int
    total_bytes: int
    lines: int


@dataclass(slots=True)
class FileReport:
    """What came of one file in this import."""

    name: str
    format: str = ""
    verdict: str = ""  # of tracking.collect.values.Verdict, or empty
    lines: int = 0
    events: int = 0
    noise: int = 0
    unparsed: int = 0
    repaired: int = 0
    twice: int = 0
    odd_times: int = 0
    header_lines: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What came of an import."""

    files: list[FileReport] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # path, why
    flows: int = 0  # made or changed
    seconds: float = 0.0

    def total(self, name: str) -> int:
        """Return the sum of one count over all files."""
        return sum(getattr(file, name) for file in self.files)

    @property
    def errors(self) -> tuple[str, ...]:
        """Return a line for each path that was refused."""
        return tuple(f"{path}: {why}" for path, why in self.refused)


def checked(options: Options) -> Options:
    """Return the options. Raises: TrackError for those that cannot be."""
    try:
        ZoneInfo(options.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TrackError(f"there is no time zone {options.timezone!r}: name one as Europe/Berlin or UTC") from None
    if options.year is not None and not 1990 <= options.year <= 2200:
        raise TrackError(f"no log is from the year {options.year}: --year takes 1990 to 2200")
    return options
