"""The series of each check, family by family, for any number of checks: yields texts of a hundred lines, so that a scrape can be sliced.

Pure: what is shown is what the board's cells hold when their slice is made. With 60,000 checks every instruction here counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.metrics_table import METRICS, PHASES
from console.metrics_text import escaped, head, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from console.board_cells import Cell

SLICE = 100  # cells whose lines are made at once
MICRO = 1_000_000

SUCCESS = {True: "1", False: "0", None: ""}  # what we ourselves could not do is nobody's failure

# One series per fresh check: name -> its value's text, "" where there is none.
SINGLE: dict[str, Callable[[Cell], str]] = {
    "probe_success": lambda cell: SUCCESS[cell.succeeded],
    "probe_duration_seconds": lambda cell: repr(cell.duration_us / MICRO),
    "probe_ssl_earliest_cert_expiry": lambda cell: "" if cell.expires_at is None else number(cell.expires_at),
    "mailsonde_level": lambda cell: repr(int(cell.verdict.level)),
    "mailsonde_suspect": lambda cell: "1" if cell.verdict.suspect else "0",
    "mailsonde_uncertainty_seconds": lambda cell: repr(round(cell.uncertainty_seconds, 6)),
    "mailsonde_last_run_timestamp_seconds": lambda cell: f"{cell.started_at.timestamp():.3f}",
}


def _threshold(cell: Cell) -> Iterator[tuple[str, str]]:
    for level, limit in (("warning", cell.warning_seconds), ("critical", cell.critical_seconds)):
        if limit is not None:
            yield f'level="{level}"', number(limit)


def _fault(cell: Cell) -> Iterator[tuple[str, str]]:
    if cell.fault is not None:
        yield f'fault="{cell.fault.kind}",step="{escaped(cell.fault.step)}"', "1"


# Several series per fresh check: name -> pairs of further labels and the value's text.
SEVERAL: dict[str, Callable[[Cell], Iterator[tuple[str, str]]]] = {
    "mailsonde_threshold_seconds": _threshold,
    "mailsonde_fault_info": _fault,
}


def sliced(cells: Sequence[Cell]) -> Iterator[Sequence[Cell]]:
    """Yield the cells, SLICE at a time."""
    for start in range(0, len(cells), SLICE):
        yield cells[start : start + SLICE]


def fresh_cells(cells: Sequence[Cell], now: float, found: list[Cell]) -> Iterator[str]:
    """Put the cells that are fresh into `found`; yields empty texts on the way."""
    for part in sliced(cells):
        found += [cell for cell in part if cell.is_fresh(now)]
        yield ""


def check_families(fresh: Sequence[Cell], *, steps: bool, open_metrics: bool) -> Iterator[str]:
    """Yield the families of fresh checks; `steps`: one series for each step of each, too."""
    for name, value in SINGLE.items():
        yield head(METRICS[name], open_metrics=open_metrics)
        for part in sliced(fresh):
            yield "".join([f"{name}{{{cell.labels}}} {text}\n" for cell in part if (text := value(cell))])
    for name, several in SEVERAL.items():
        yield head(METRICS[name], open_metrics=open_metrics)
        for part in sliced(fresh):
            yield "".join([f"{name}{{{cell.labels},{more}}} {text}\n" for cell in part for more, text in several(cell)])
    if steps:
        yield from _step_families(fresh, open_metrics=open_metrics)


def _step_families(fresh: Sequence[Cell], *, open_metrics: bool) -> Iterator[str]:
    for kind, metric in PHASES.items():
        cells = [cell for cell in fresh if cell.check.kind == kind]
        if cells:
            yield head(metric, open_metrics=open_metrics)
        for part in sliced(cells):
            yield "".join([_step_lines(metric.name, cell) for cell in part])


def _step_lines(name: str, cell: Cell) -> str:
    steps = zip(cell.step_names, cell.steps_us, strict=True)
    return "".join([f'{name}{{{cell.labels},phase="{escaped(step)}"}} {us / MICRO!r}\n' for step, us in steps])


def info_family(cells: Sequence[Cell], *, open_metrics: bool) -> Iterator[str]:
    """Yield the join metric of all checks, also of those that never ran."""
    metric = METRICS["mailsonde_check_info"]
    yield head(metric, open_metrics=open_metrics)
    for part in sliced(cells):
        yield "".join([f"{metric.name}{{{cell.labels},{_where(cell)}}} 1\n" for cell in part])


def _where(cell: Cell) -> str:
    endpoint = cell.check.endpoint
    return f'host="{escaped(endpoint.address or endpoint.host)}",port="{endpoint.port}",security="{endpoint.security}"'
