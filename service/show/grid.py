"""What all tables of the screen share: no lines, dim headers, a colour per level. For rich; decides nothing about content."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from thresholds import Level

LEVEL_STYLES = {Level.OK: "green", Level.UNKNOWN: "magenta", Level.WARNING: "yellow", Level.CRITICAL: "bold red"}
RIGHT = frozenset({"TIME", "MEDIAN", "SLOWEST", "CHECKS"})
WHOLE = frozenset({"LEVEL", "STEPS"}) | RIGHT  # columns that are never broken


def grid(*headers: str) -> Table:
    """Return an empty table with these headers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, header_style="dim", expand=False)
    for header in headers:
        table.add_column(header, justify="right" if header in RIGHT else "left", no_wrap=header in WHOLE, overflow="fold")
    return table


def level_text(level: Level) -> Text:
    """Return a level in its colour."""
    return Text(level.name, LEVEL_STYLES[level])
