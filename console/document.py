"""docs/metrics.md, made from the table of metrics: `python -m console.document` writes it, a test compares.

The words around the table are console/page.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from console.metrics_table import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.metrics_metric import Metric

HERE = Path(__file__).parent
FRAME = HERE / "page.md"
PAGE = HERE.parent / "docs" / "metrics.md"
HEAD = "| name | type | unit | labels | what it is |\n|---|---|---|---|---|"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    words = f"{metric.help} {metric.shown}".strip()
    return f"| `{metric.name}` | {metric.type} | {metric.unit} | {labels} | {words} |"


def _section(title: str, metrics: Iterable[Metric]) -> str:
    return "\n".join([f"### {title}\n", HEAD, *map(_row, metrics)])


def page() -> str:
    """Return docs/metrics.md."""
    sections = "\n\n".join(_section(title, metrics) for title, metrics in SECTIONS.items())
    return FRAME.read_text("utf-8").replace("<!-- metrics -->", sections)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
