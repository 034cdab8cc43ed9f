"""Prints a measurement as a Markdown table and keeps it in bench/RESULTS.md under its heading, with the command that made it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Measurements

What the commands printed, on a machine with 2 cores. A section is replaced when its command runs again with `--keep`.
"""


def render(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; floats get four significant digits."""
    cells = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def show(heading: str, table: str, remarks: str = "") -> None:
    """Print the measurement, and keep it when the command line says --keep."""
    command = " ".join(["python", "-m", f"bench.{Path(sys.argv[0]).stem}", *(word for word in sys.argv[1:] if word != "--keep")])
    section = f"## {heading}\n\n    {command}\n\n{table}\n{remarks and chr(10) + remarks + chr(10)}"
    print(section)
    if "--keep" in sys.argv:
        _keep(heading, section)


def _keep(heading: str, section: str) -> None:
    old = RESULTS.read_text() if RESULTS.exists() else HEAD
    parts = [part for part in re.split(r"(?m)^(?=## )", old) if not part.startswith(f"## {heading}\n")]
    RESULTS.write_text("".join(part.rstrip("\n") + "\n\n" for part in parts) + section)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of all lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
