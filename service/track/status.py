"""Does `probe track status`: reads the lake's manifest, fetches an example of what was not understood, and shows both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from service.track.import_work import now
from service.track.served import served
from service.track.status_following import print_following
from service.track.status_table import Head, ago, print_rows, screen
from service.words import clock, harmless, shorten
from thresholds.scope import EVERYTHING
from tracking.errors import TrackError
from tracking.lake import manifest as manifests
from tracking.lake.reader import asking, exists, open_lake, rows

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tracking.lake.manifest import Import, Manifest, Source

FILES, IMPORTS = 30, 5  # shown without --all
EXAMPLE_WIDTH = 160
FILE_HEADS = (
    *(
        Head("file", path=True),
        Head("format"),
        Head("server"),
        Head("lines", "{} lines"),
        Head("events", "{} events"),
        Head("noise", "{} noise"),
    ),
    *(Head("not understood", "{} not understood"), Head("last line", "last {}"), Head("ago", "{} ago")),
)
IMPORT_HEADS = (
    *(Head("imported"), Head("what", path=True), Head("files", "{} files"), Head("lines", "{} lines"), Head("flows", "{} flows")),
    *(Head("seconds", "{} s"), Head("refused", "{} refused")),
)
_EXAMPLE = "select text from lines where file_id = $file and line = $line limit 1"


def run(lake: Path, form: str, config_file: str | None, *, every: bool) -> int:
    """Print it. Raises: click.ClickException."""
    service = served(lake, config_file)
    try:
        exists(lake)
        manifest = manifests.load(lake)
        examples = _examples(lake, manifest)
    except TrackError as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        following = {} if service is None else {"following": service.standing}
        click.echo(json.dumps(document(manifest, examples, now()) | following, indent=2))
    else:
        if service is not None:
            print_following(service.standing)
        _print(manifest, examples, every=every)
    return 0


def _examples(lake: Path, manifest: Manifest) -> dict[int, tuple[int, str]]:
    """Return of each file that has one the first line that was not understood; it may be forgotten by now."""
    odd = [source for source in manifest.files.values() if source.unparsed_at]
    if not odd:
        return {}

    def ask(con: Any) -> dict[int, tuple[int, str]]:
        found = {one.file_id: rows(con, _EXAMPLE, {"file": one.file_id, "line": one.unparsed_at[0]}) for one in odd[:FILES]}
        return {one.file_id: (one.unparsed_at[0], found[one.file_id][0]["text"]) for one in odd if found.get(one.file_id)}

    return asking(lambda: open_lake(lake, EVERYTHING), ask)


def document(manifest: Manifest, examples: dict[int, tuple[int, str]], at: datetime) -> dict[str, Any]:
    """Return it for programs."""
    return {
        "files": [_file(source, examples.get(source.file_id), at) for source in latest_first(manifest)],
        "imports": [_import(one) for one in reversed(manifest.imports)],
        "kinds": {kind: _sums(manifest, kind) for kind in sorted({part.kind for part in manifest.parts})},
        "waiting_events": sum(part.rows for part in manifest.of("events") if not part.correlated),
    }


def latest_first(manifest: Manifest) -> list[Source]:
    """Return the files, the one with the latest line first; those without a time last."""
    return sorted(manifest.files.values(), key=lambda one: (one.last is None, -one.last.timestamp() if one.last else 0.0, one.name))


def _sums(manifest: Manifest, kind: str) -> dict[str, int]:
    parts = manifest.of(kind)
    return {"files": len(parts), "rows": sum(part.rows for part in parts), "bytes": sum(part.bytes for part in parts)}


def _file(source: Source, example: tuple[int, str] | None, at: datetime) -> dict[str, Any]:
    named = ("name", "format", "server", "group", "lines", "events", "noise", "unparsed", "repaired", "twice", "odd_times")
    return {
        **{name: getattr(source, name) for name in named},
        "servers": list(source.servers),
        "noise_kinds": dict(source.noise_kinds),
        "first_at": _iso(source.first),
        "last_at": _iso(source.last),
        "lag_seconds": None if source.last is None else (at - source.last).total_seconds(),
        "read_at": _iso(source.read_at),
        "example": None if example is None else {"line": example[0], "text": example[1]},
    }


def _import(one: Import) -> dict[str, Any]:
    counts = {name: getattr(one, name) for name in ("what", "files", "lines", "events", "noise", "unparsed", "flows", "seconds")}
    return {"at": _iso(one.at), **counts, "errors": list(one.errors)}


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")


def _print(manifest: Manifest, examples: dict[int, tuple[int, str]], *, every: bool) -> None:
    console = screen()
    sources = latest_first(manifest)
    print_rows(FILE_HEADS, [_file_row(one, now()) for one in (sources if every else sources[:FILES])], console)
    if len(sources) > FILES and not every:
        console.print(Text(f"({len(sources) - FILES:,} files more: --all)", "dim"))
    for source in sources:
        if source.file_id in examples:
            line, text = examples[source.file_id]
            console.print(Text(f"not understood: {harmless(source.name)}:{line}: {shorten(text, EXAMPLE_WIDTH)}"), soft_wrap=True)
    history = list(reversed(manifest.imports))
    print_rows(IMPORT_HEADS, [_import_row(one) for one in (history if every else history[:IMPORTS])], console)


def _file_row(one: Source, at: datetime) -> tuple[str, ...]:
    counts = (f"{count:,}" for count in (one.lines, one.events, one.noise, one.unparsed))
    last = ("-", "-") if one.last is None else (clock(one.last), ago(at - one.last))
    return (one.name, one.format, _servers(one), *counts, *last)


def _servers(one: Source) -> str:
    return one.server or ", ".join("several" if name == "*" else name for name in one.servers[:3])


def _import_row(one: Import) -> tuple[str, ...]:
    counts = (f"{one.files:,}", f"{one.lines:,}", f"{one.flows:,}", f"{one.seconds:.1f}", str(len(one.errors) or "-"))
    return (clock(one.at), one.what, *counts)
