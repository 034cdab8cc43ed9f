"""The report for a human: in ten seconds, what is wrong and where. Worst domains first, one row per server, then the trips.

Colour only where rich finds a terminal (and never with NO_COLOR); nothing but ASCII of our own;
as wide as the terminal, at least 60 columns.
Above `SUMMARY_FROM` checks it counts by server and lists only what is bad; `every=True` lists all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from service.bar import BROKEN, PHASES, bar, legend
from service.grid import LEVEL_STYLES, grid, level_text
from service.report import WORST_FIRST, summarize
from service.show_summary import summary_table
from service.show_trips import trips_table
from service.words import clock, seconds_text
from thresholds import Level

if TYPE_CHECKING:
    from typing import TextIO

    from rich.table import Table

    from probe import Check
    from service.report import JudgedCheck, Report

SUMMARY_FROM = 100  # checks; more rows than this nobody reads
NARROWEST = 60  # columns
PHASE_STYLES = dict(zip(PHASES, ("blue", "cyan", "magenta", "green", "yellow", "bright_blue", "white"), strict=True)) | {BROKEN: "bold red"}


def _painted(drawn: str) -> Text:
    text = Text()
    for letter in drawn:
        text.append(letter, PHASE_STYLES[letter])
    return text


def _reason(judged: JudgedCheck) -> Text:
    """Return the reasons in words; of an OK check nothing but a doubt."""
    doubt = ["suspect: the prober itself was late"] if judged.verdict.suspect else []
    return Text("; ".join([*judged.verdict.reasons, *doubt]))


def _by_domain(checks: tuple[JudgedCheck, ...]) -> list[tuple[str, list[JudgedCheck]]]:
    """Return the checks grouped by domain, domains with the worst first, else in the order of the configuration."""
    groups: dict[str, list[JudgedCheck]] = {}
    for judged in checks:
        groups.setdefault(judged.result.check.domain, []).append(judged)
    return sorted(groups.items(), key=lambda group: -max(one.verdict.level for one in group[1]))


def _server(check: Check) -> str:
    """Return the server as the check's name has it: with its address, where each address is a check of its own."""
    return check.name.removeprefix(f"{check.domain}/")


def checks_table(checks: tuple[JudgedCheck, ...], width: int) -> Table:
    """Return one row per check under its domain's row."""
    cells = 20 if width >= 100 else 12  # room of the bar
    table = grid("DOMAIN / SERVER", "LEVEL", "TIME", "STEPS", "REASON")
    for domain, group in _by_domain(checks):
        table.add_row(Text(domain, "bold"))
        for one in group:
            level = one.verdict.level
            drawn = _painted(bar(one.result, cells))
            name = Text(f"  {_server(one.result.check)}")
            table.add_row(name, level_text(level), seconds_text(one.result.seconds), drawn, _reason(one))
    return table


def _shown(report: Report, every: bool) -> tuple[JudgedCheck, ...]:
    """Return the checks that get a row: all, or in a long report those that are not OK, worst first."""
    if every or len(report.checks) <= SUMMARY_FROM:
        return report.checks
    bad = [one for level in WORST_FIRST for one in report.checks if one.verdict.level is level and level is not Level.OK]
    return tuple(bad[:SUMMARY_FROM])


def _hidden(report: Report, shown: tuple[JudgedCheck, ...]) -> str:
    """Return how many bad checks the rows leave out, in words."""
    bad = sum(one.verdict.level is not Level.OK for one in report.checks)
    listed = sum(one.verdict.level is not Level.OK for one in shown)
    return f"and {bad - listed:,} more that are not OK (--all lists everything)" if bad > listed else ""


def _rows(report: Report, console: Console, every: bool) -> None:
    """Print the checks' rows and the legend of their bars."""
    shown = _shown(report, every)
    if shown:
        console.print(checks_table(shown, console.width))
        used = "".join({letter for one in shown for letter in bar(one.result, 12)})
        console.print(Text(legend(used), "dim"))
    if left := _hidden(report, shown):
        console.print(Text(left))


def print_table(report: Report, console: Console, *, every: bool = False) -> None:
    """Print the report on `console`; `every` lists all checks and trips, however many."""
    console.print(Text(f"{report.site or 'probe'}, {clock(report.started_at)}", "dim"))
    if len(report.checks) > SUMMARY_FROM:
        console.print(summary_table(report))
    _rows(report, console, every)
    trips = [one for one in report.trips if every or len(report.trips) <= SUMMARY_FROM or one.verdict.level is not Level.OK]
    if trips:
        console.print(trips_table(trips))
    console.print(Text(summarize(report), LEVEL_STYLES[report.level]))


def make_console(*, width: int | None = None, file: TextIO | None = None) -> Console:
    """Return a console for the terminal at hand (or for `file`): rich reads NO_COLOR, COLUMNS and whether it is a terminal."""
    console = Console(width=width, file=file, highlight=False, emoji=False, markup=True)
    console.width = max(console.width, NARROWEST)
    return console
