"""Does `probe track show`: asks the lake for a message and the store for our own trip, and shows both as one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text

from service.show.flow_show import print_flow
from service.show.flows_show import print_flows
from service.show.table import NARROWEST
from service.track.options import record
from service.track.pseudonyms import HINT, names_of
from service.track.show_json import document
from service.track.show_trip import probe_of
from service.words import harmless
from tracking.errors import TrackError
from tracking.lake.reader import asking, open_lake
from tracking.look.message import message

if TYPE_CHECKING:
    from pathlib import Path

    from service.show.flow_trip import Probe
    from thresholds.scope import Scope
    from tracking.look.message import Message

FORGOTTEN = "(forgotten: raw lines are not kept for so long)"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which message."""

    id: str
    lake: Path
    scope: Scope
    config_file: str | None
    with_lines: bool
    limit: int  # flows at most
    key_file: str | None = None  # of the lake's pseudonyms


def run(asked: Asked, form: str) -> int:
    """Show it. Raises: click.ClickException."""
    names = names_of(asked.lake, asked.key_file)
    asked = replace(asked, id=names.text(asked.id))
    record(asked.lake, "show", {"id": asked.id, "lines": asked.with_lines, "domains": sorted(asked.scope.domains or ())})
    try:
        found = asking(
            lambda: open_lake(asked.lake, asked.scope),
            lambda con: message(con, asked.lake, (asked.id, asked.limit, asked.with_lines), asked.scope),
        )
    except TrackError as error:
        raise click.ClickException(f"{error}; {HINT}" if names.hidden and "@" in asked.id else str(error)) from error
    probe = probe_of(found, asked.scope, asked.config_file)
    if form == "json":
        click.echo(json.dumps(document(found, probe, with_lines=asked.with_lines), indent=2))
    else:
        _print(found, probe)
    return 0


def _print(found: Message, probe: Probe | None) -> None:
    console = _console()
    if found.more:
        _heading(f"{len(found.flows):,} of its ways, those in trouble first, then the slowest; there are more: --limit", console)
    if len(found.flows) > 1:
        print_flows(found.flows, console)
        console.print()
    for number, one in enumerate(found.flows):
        if number:
            console.print()
        print_flow(one.flow, console, _own(one.flow.message_id, probe))
    if found.beside:
        _heading("\nBelongs to it", console)
        print_flows(found.beside, console)
    if found.lines:
        _print_lines(found, console)


def _console() -> Console:
    console = Console(highlight=False, emoji=False, markup=False)
    console.width = max(console.width, NARROWEST)
    return console


def _own(message_id: str | None, probe: Any) -> Probe | None:
    """Return the prober's part where it is of this very message: resends share an id, a queue id several messages."""
    shown: Probe | None = probe if probe is not None and probe.message_id == message_id else None
    return shown


def _heading(words: str, console: Console) -> None:
    console.print(Text(words, "bold"))


def _print_lines(found: Message, console: Console) -> None:
    _heading("\nLines", console)
    for line in found.lines:
        text = Text().append(f"{harmless(line.file or 'unknown file')}:{line.line}: ", "dim")
        console.print(text.append(harmless(line.text) if line.text is not None else FORGOTTEN), soft_wrap=True)
