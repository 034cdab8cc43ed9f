"""Shows what the doctor found: a block for each source, what is missing worst first, its commands ready to be copied."""

from __future__ import annotations

import json
from dataclasses import asdict
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from service.show.table import make_console
from service.words import harmless, shorten
from tracking.doctor.values import Weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import Console

    from tracking.doctor.values import Block, Finding

STYLES = {Weight.CRITICAL: "bold red", Weight.WARNING: "yellow", Weight.HINT: "cyan"}
HIDDEN = {"in_use", "mailboxes", "hands_to"}  # what only the doctor needs
EXAMPLE_WIDTH, NAMED = 160, 4
INDENT = " " * 11


def show(blocks: Sequence[Block], form: str) -> int:
    """Print it; return 1 where something is critical or a warning, else 0."""
    if form == "json":
        click.echo(json.dumps({"sources": [document(block) for block in blocks]}, indent=2))
    else:
        console = make_console()
        for block in blocks:
            _print(block, console)
    return int(any(one.weight is not Weight.HINT for block in blocks for one in block.findings))


def document(block: Block) -> dict[str, Any]:
    """Return a block for programs."""
    return {name: _plain(value) for name, value in asdict(block).items() if name not in HIDDEN}


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _print(block: Block, console: Console) -> None:
    console.print(Text(harmless(block.source), "bold"), soft_wrap=True)
    for line in _seen(block):
        console.print(Text(f"  {harmless(line)}", "dim"), soft_wrap=True)
    for one in block.findings:
        for text in _lines(one, console.width):
            console.print(text, soft_wrap=True)
    if not block.findings:
        console.print(Text("  nothing is missing", "green"))
    console.print()


def _seen(block: Block) -> Iterator[str]:
    """Say what was seen of a source, where anything was."""
    if not block.format:
        return
    what = ", ".join(block.software) or "nothing known"
    files = "1 file" if block.files == 1 else f"{block.files:,} files"
    yield f"{block.format}: {what}; {_named(block.servers)}; {files}, {block.bytes / 1e6:,.1f} MB"
    span = f" from {_moment(block.first_at)} to {_moment(block.last_at)} UTC" if block.first_at and block.last_at else ""
    counted = f"{block.events:,} say something, {block.noise:,} are noise, {block.unparsed:,} not understood"
    yield f"{block.lines:,} {'line' if block.lines == 1 else 'lines'} looked at{span}: {counted}"


def _named(servers: tuple[str, ...]) -> str:
    if not servers:
        return "no server named"
    more = f" and {len(servers) - NAMED} more" if len(servers) > NAMED else ""
    return f"{', '.join(servers[:NAMED])}{more}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _lines(one: Finding, width: int) -> Iterator[Text]:
    whose = f" ({one.server})" if one.server else ""
    said = wrap(harmless(f"{one.name}{whose}: {one.says}"), max(width - len(INDENT), 40))
    first = Text(f"  {one.weight:<9}", STYLES[one.weight])
    yield first.append(said[0], "default")
    yield from (Text(f"{INDENT}{line}") for line in said[1:])
    if one.example:
        yield Text(f"{INDENT}such as: {shorten(one.example, EXAMPLE_WIDTH)}", "dim")
    for command in one.commands:
        yield Text(f"{INDENT}  {harmless(command)}", "bold")
