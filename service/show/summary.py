"""A long report in few rows: per server how many checks of each level and how fast, and what is bad by what broke it.

For 10,000 domains nobody reads a row each; a server that is down for all of them is one row.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from rich.text import Text

from service.report import tally
from service.show.grid import LEVEL_STYLES, grid, level_text
from service.words import harmless, seconds_text, shorten
from thresholds import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from service.report import JudgedCheck, Report

REASON = 180  # letters of a reason
NAMED = 3  # domains that a row names


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


Cause = tuple[Level, str, str, str]  # level, server, fault kind and step; the last two empty where a limit was broken


def _cause(judged: JudgedCheck) -> Cause:
    """Return what makes checks bad in the same way; the peer's words are left out, for they may name the domain."""
    fault = judged.result.fault
    kind, step = (fault.kind.value, fault.step) if fault is not None else ("", "")
    return (judged.verdict.level, judged.result.check.server, kind, step)


def causes_table(bad: Iterable[JudgedCheck]) -> Table:
    """Return one row per server and way of failing, worst and most first, with the first few domains and the first's own reason."""
    groups: dict[Cause, list[JudgedCheck]] = {}
    for judged in bad:
        groups.setdefault(_cause(judged), []).append(judged)
    table = grid("SERVER", "LEVEL", "CHECKS", "REASON")
    for (level, server, _, _), group in sorted(groups.items(), key=lambda item: (-item[0][0], -len(item[1]))):
        table.add_row(Text(server), level_text(level), f"{len(group):,}", Text(harmless(_told(group))))
    return table


def _told(group: list[JudgedCheck]) -> str:
    """Return the first reason and the names of the first domains."""
    names = ", ".join(one.result.check.domain for one in group[:NAMED])
    more = f" and {len(group) - NAMED:,} more" if len(group) > NAMED else ""
    return f"{names}{more}: {shorten('; '.join(group[0].verdict.reasons), REASON) or 'no reason given'}"
