"""A long report in one row per server: how many checks, how many of each level, and how fast. For 10,000 domains nobody reads rows."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from rich.text import Text

from service.grid import LEVEL_STYLES, grid
from service.report import tally
from service.words import seconds_text

if TYPE_CHECKING:
    from rich.table import Table

    from service.report import JudgedCheck, Report


def _by_server(report: Report) -> list[tuple[str, list[JudgedCheck]]]:
    """Return the checks of each server, servers with the worst first."""
    groups: dict[str, list[JudgedCheck]] = {}
    for judged in report.checks:
        groups.setdefault(judged.result.check.server, []).append(judged)
    return sorted(groups.items(), key=lambda group: -max(one.verdict.level for one in group[1]))


def summary_table(report: Report) -> Table:
    """Return one row per server; the times are those of conversations that ended without a fault."""
    table = grid("SERVER", "CHECKS", "MEDIAN", "SLOWEST", "LEVELS")
    for server, group in _by_server(report):
        levels = [one.verdict.level for one in group]
        times = [one.result.seconds for one in group if one.result.fault is None]
        told = Text(tally(levels), LEVEL_STYLES[max(levels)])
        middle, slowest = (median(times), max(times)) if times else (None, None)
        table.add_row(Text(server), f"{len(group):,}", seconds_text(middle), seconds_text(slowest), told)
    return table
