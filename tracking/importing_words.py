"""What an import says of files that it cannot take. What a log says is shown escaped: it is data from strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.collect.values import Verdict
from tracking.formats.registry import FORMATS, named, recognise, tried
from tracking.importing_values import AUTO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracking.collect.values import Found
    from tracking.formats.format import Format
    from tracking.importing_values import FileReport
    from tracking.lake.manifest import Source

SHOWN = 120  # characters of a line
EMPTY = "empty: no lines yet"
HEADER_ONLY = "a header and no rows yet"


def shown(line: str) -> str:
    """Return a line's beginning as it may be shown: one line, no control character, no direction override, nothing invisible."""
    cut = line[:SHOWN] + ("..." if len(line) > SHOWN else "")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in cut)


def unknown(head: Sequence[str]) -> str:
    """Say that no format knows a file that begins so."""
    first = shown(head[0]) if head else "only blank lines"
    return f"no format is known that begins with: {first} (tried {tried()}); name one with --format"


def wrong(of: Format, head: Sequence[str]) -> str:
    """Say that a file is not of the format that was named."""
    first = shown(head[0]) if head else "only blank lines"
    found = recognise(head)
    hint = f"it looks like {found.name}" if found is not None else "leave --format out to see what it may be"
    return f"not one line is {of.name}, it begins with: {first}; {hint}"


def asides(found: Found, report: FileReport, source: Source | None) -> Iterator[str]:
    """Say what is odd about a file that was looked at: `source` is how far it is read, None where not one line was."""
    if report.lines and report.lines == report.header_lines:
        yield HEADER_ONLY
    state = {} if source is None else source.state
    rest = found.size - state.get("offset", 0)  # of a packed file these are other bytes; it is finished, or its own notes say why not
    if rest > 0 and not state.get("finished") and not report.notes and report.verdict != Verdict.OLDER:
        yield f"1 line without an end ({rest:,} bytes) is left for the next time"
    elif not found.size:
        yield EMPTY


def chosen(name: str) -> Format | None:
    """Return the format that --format names; None = to be recognised. Raises: ValueError that names those there are."""
    return None if name == AUTO else named(name)


def known_format(name: str) -> Format | None:
    """Return the format by which a file was read before."""
    return FORMATS.get(name)
