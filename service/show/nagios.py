"""The report as a monitoring plugin says it: one status line with performance data, then lines of detail. Plugin guidelines, section 2.

A peer's words can not add a line, open performance data or hide: `|` becomes `/`, line ends and other control characters a space. Labels
lose `=` and `|` and double their quotes, as the guidelines ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.report import WORST_FIRST, summarize, trip_name
from service.words import distinct, shorten
from service.words import harmless as one_line
from thresholds import Level

if TYPE_CHECKING:
    from service.report import Bounds, JudgedCheck, JudgedTrip, Report

SERVICE = "MAIL"
DETAILS = 200  # lines; monitoring systems cut long output, and the worst stand first
REASON = 300  # letters of one reason in a line of detail
LABEL_TABLE = str.maketrans({"=": "_", "|": "_"})


def harmless(text: str) -> str:
    """Return a peer's words as one line that can not be taken for anything else."""
    return one_line(text.replace("|", "/"))


def _number(value: float | None) -> str:
    """Return a number in the C locale without exponent or needless zeros, or nothing."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def perfdatum(label: str, seconds: float, bounds: Bounds, most: float | None = None) -> str:
    """Return `'abc.example/imap'=0.123s;0.5;2;0;10`: value, warning, critical, least and most, all in seconds."""
    quoted = one_line(label).translate(LABEL_TABLE).replace("'", "''")
    numbers = (bounds.warning_seconds, bounds.critical_seconds, 0.0, most)
    return f"'{quoted}'={_number(seconds)}s;{';'.join(_number(number) for number in numbers)}"


def _perfdata(report: Report) -> str:
    """Return the totals of all checks and of all finished trips; a trip without a total has none to give."""
    data = [perfdatum(one.result.check.name, one.result.seconds, one.bounds, one.result.check.timeout_seconds) for one in report.checks]
    newest = {one.trip.name: one for one in reversed(report.trips)}  # one label each: this run's own stands before earlier ones
    totals = [(one, one.trip.total_seconds) for one in newest.values()]
    data += [perfdatum(f"trip/{one.trip.name}", total, one.bounds) for one, total in totals if total is not None]
    return " ".join(data)


def _lines(judged: JudgedCheck | JudgedTrip, name: str) -> str:
    verdict = judged.verdict
    doubt = " (suspect: the prober itself was late)" if verdict.suspect else ""
    reasons = "; ".join(shorten(reason, REASON) for reason in distinct(verdict.reasons))
    return harmless(f"{verdict.level.name}: {name}: {reasons or 'no reason given'}{doubt}")


def _details(report: Report) -> list[str]:
    """Return one line for each check and trip that is not OK, worst first."""
    bad: list[tuple[Level, str]] = [(one.verdict.level, _lines(one, one.result.check.name)) for one in report.checks]
    bad += [(one.verdict.level, _lines(one, trip_name(one))) for one in report.trips]
    ordered = [line for level in WORST_FIRST if level is not Level.OK for worse, line in bad if worse is level]
    more = len(ordered) - DETAILS
    return ordered if more <= 0 else [*ordered[:DETAILS], f"and {more:,} more"]


def show_nagios(report: Report) -> str:
    """Return the status line with performance data, and the details below it."""
    status = f"{SERVICE} {report.level.name} - {harmless(summarize(report))}"
    perfdata = _perfdata(report)
    first = f"{status}|{perfdata}" if perfdata else status
    return "\n".join([first, *_details(report)])
