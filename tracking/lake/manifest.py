"""The manifest: which files a lake consists of, what was read into it, and up to where. What it does not name does not exist.

One JSON document, `manifest.json`, replaced at once: who reads it sees one commit whole. It refuses a lake of a newer version, and a
document that is damaged (its rename is atomic, so a disk did that, not we).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tracking.errors import TrackError
from tracking.lake.durable import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1
NAME = "manifest.json"
UNKNOWN_DAY = "unknown"  # of what has no time, or one that no log can have


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file: `path` under the lake's folder, written once, never changed."""

    kind: str  # a key of tracking.lake.kinds.STORED
    path: str
    day: str  # 2026-11-20, or unknown
    rows: int
    bytes: int
    sequence: int  # of the commit that wrote it
    shape: str  # which columns it has: parts of one shape are read together
    since: datetime | None = None  # the earliest time in it, aware UTC
    until: datetime | None = None
    applied: int = 0  # the tombstones of commits up to this one are applied to it
    correlated: bool = True  # events only: their flows are in the lake
    written: datetime | None = None  # when


@dataclass(frozen=True, slots=True)
class Source:
    """One log file that was read: what it is, how far, and what came of its lines."""

    file_id: int
    name: str
    format: str
    server: str = ""  # as told; "" = as the lines say
    group: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)  # of tracking.collect: identity, offset, carry
    lines: int = 0  # = events + noise + unparsed
    events: int = 0  # lines that say something; one may make several events
    noise: int = 0
    unparsed: int = 0
    repaired: int = 0  # lines with bytes that were no UTF-8, or too long
    twice: int = 0  # lines (of noise) that another file had brought already
    odd_times: int = 0  # events whose stamp no log can have
    noise_kinds: Mapping[str, int] = field(default_factory=dict)
    unparsed_at: tuple[int, ...] = ()  # the first few of them, by line
    servers: tuple[str, ...] = ()  # whose lines it holds; many = ("*",)
    first: datetime | None = None  # the earliest and latest event
    last: datetime | None = None
    at: datetime | None = None  # of the event that was read last
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """One import, as the history shows it."""

    at: datetime
    what: str
    files: int = 0
    lines: int = 0
    events: int = 0
    noise: int = 0
    unparsed: int = 0
    flows: int = 0
    seconds: float = 0.0
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file that no commit names any more, kept for a while for those who still read it."""

    path: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Manifest:
    """One commit of a lake, whole."""

    version: int = VERSION
    sequence: int = 0  # of the last commit
    parts: tuple[Part, ...] = ()
    files: Mapping[int, Source] = field(default_factory=dict)
    imports: tuple[Import, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Part, ...]:
        """Return the parts of one kind, in the order in which they were written."""
        return tuple(part for part in self.parts if part.kind == kind)


_TIMES = frozenset({"since", "until", "written", "first", "last", "read_at", "at"})
_TUPLES = frozenset({"unparsed_at", "servers", "errors"})


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def to_json(manifest: Manifest) -> bytes:
    """Return the document."""
    document = {
        "mailsonde": "lake",
        "version": manifest.version,
        "sequence": manifest.sequence,
        "parts": [asdict(part) for part in manifest.parts],
        "files": [asdict(source) for source in manifest.files.values()],
        "imports": [asdict(one) for one in manifest.imports],
        "dropped": [asdict(one) for one in manifest.dropped],
        "settings": dict(manifest.settings),
    }
    return json.dumps(document, default=_plain, separators=(",", ":")).encode()


def _time(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _value(name: str, value: Any) -> Any:
    if name in _TIMES:
        return _time(value)
    return tuple(value) if name in _TUPLES else value


def _make(of: Any, row: Mapping[str, Any]) -> Any:
    """Build a value from its row; what a later patch release added is left out."""
    known = {one.name for one in fields(of)}
    return of(**{name: _value(name, value) for name, value in row.items() if name in known})


def from_json(text: bytes, where: str) -> Manifest:
    """Read the document of the lake at `where`. Raises: TrackError."""
    try:
        row = json.loads(text)
        version = int(row["version"])
    except (ValueError, KeyError, TypeError):
        raise TrackError(f"{where}/{NAME} is damaged: put a copy of the lake in its place, or import the logs into another one") from None
    if version > VERSION:
        raise TrackError(
            f"the lake {where} was written by a newer Mailsonde (version {version} of its layout, this one knows {VERSION}): "
            "upgrade this one, or name another lake"
        )
    return _read(row)


def _read(row: Mapping[str, Any]) -> Manifest:
    sources = [_make(Source, one) for one in row["files"]]
    return Manifest(
        VERSION,
        row["sequence"],
        tuple(_make(Part, one) for one in row["parts"]),
        {source.file_id: source for source in sources},
        tuple(_make(Import, one) for one in row["imports"]),
        tuple(_make(Dropped, one) for one in row["dropped"]),
        row["settings"],
    )


def load(lake: Path) -> Manifest:
    """Return the last commit of the lake; of a folder without one an empty lake. Raises: TrackError."""
    try:
        text = (lake / NAME).read_bytes()
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise TrackError(f"the lake {lake} cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    return from_json(text, str(lake))


def store(lake: Path, manifest: Manifest) -> None:
    """Make this commit the last one, for good. Raises: OSError."""
    replace_file(lake / NAME, to_json(manifest))
