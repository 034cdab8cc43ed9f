"""Long sentences on a screen: they wrap at its width, and what follows the first line is indented. Decides nothing about content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

INDENT = 4  # columns


def print_hanging(words: str, console: Console, style: str = "") -> None:
    """Print a sentence; its first line stands as it is, each that follows `INDENT` columns to the right."""
    lines = Text(words, style).wrap(console, console.width - INDENT, overflow="fold")
    for line in lines:
        line.rstrip()
    console.print(Text("\n" + " " * INDENT).join(lines))
