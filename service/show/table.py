"""The report for a human: in ten seconds, what is wrong and where. Worst domains first, one row per server, then the trips.

Colour only where rich finds a terminal (and never with NO_COLOR); nothing but ASCII of our own;
as wide as the terminal, at least 60 columns.
Above `SUMMARY_FROM` checks it counts by server and tells only what is bad; `every=True` lists all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from service.report import WORST_FIRST, summarize
from service.show.bar import bar, legend
from service.show.checks import WIDE_BAR, print_checks
from service.show.grid import LEVEL_STYLES
from service.show.summary import causes_table, summary_table
from service.show.trips import trips_table
from service.words import clock, harmless
from thresholds import Level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from service.report import JudgedCheck, JudgedTrip, Report

SUMMARY_FROM = 100  # checks; more rows than this nobody reads
BAD_ROWS = 30  # more that are not OK than this are told by what broke them
NARROWEST = 60  # columns
EARLIER = "Earlier trips"


def _bad(report: Report) -> list[JudgedCheck]:
    """Return the checks that are not OK, worst first."""
    return [one for level in WORST_FIRST if level is not Level.OK for one in report.checks if one.verdict.level is level]


def print_rows(checks: Sequence[JudgedCheck], console: Console) -> None:
    """Print a row for each of these checks, and the legend of their bars."""
    if checks:
        print_checks(checks, console)
        used = "".join({letter for one in checks for letter in bar(one.result, WIDE_BAR)})
        console.print(Text(legend(used), "dim"))


def _print_long(report: Report, console: Console) -> None:
    """Print a long report: each server in a row, then what is bad, one by one as long as that can be read."""
    bad = _bad(report)
    console.print(summary_table(report))
    if len(bad) > BAD_ROWS:
        console.print(causes_table(bad))
        console.print(Text("(--all lists every check)", "dim"))
    else:
        print_rows(bad, console)


def _print_trips(trips: Sequence[JudgedTrip], console: Console) -> None:
    """Print this run's trips, then under a heading of their own those that earlier runs left in the ledger."""
    own, earlier = [one for one in trips if not one.earlier], [one for one in trips if one.earlier]
    if own:
        console.print(trips_table(own))
    if earlier:
        console.print(Text(EARLIER, "bold"))
        console.print(trips_table(earlier))


def print_table(report: Report, console: Console, *, every: bool = False) -> None:
    """Print the report on `console`; `every` lists all checks and trips, however many."""
    console.print(Text(f"{report.site or 'probe'}, {clock(report.started_at)}", "dim"))
    if len(report.checks) > SUMMARY_FROM and not every:
        _print_long(report, console)
    else:
        print_rows(report.checks, console)
    _print_trips([one for one in report.trips if every or len(report.trips) <= SUMMARY_FROM or one.verdict.level is not Level.OK], console)
    console.print(Text(harmless(summarize(report)), LEVEL_STYLES[report.level]))


def make_console(*, width: int | None = None, file: TextIO | None = None) -> Console:
    """Return a console for the terminal at hand (or for `file`): rich reads NO_COLOR, COLUMNS and whether it is a terminal."""
    console = Console(width=width, file=file, highlight=False, emoji=False, markup=True)
    console.width = max(console.width, NARROWEST)
    return console
