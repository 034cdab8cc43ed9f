"""The one list of forms in which a report can be shown; each loads what it needs when it is used."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.report import Report

CLEAR = "\x1b[H\x1b[2J"  # the screen alone: what has scrolled away is for comparing


def _table(report: Report, every: bool) -> None:
    from service.show.table import make_console, print_table  # noqa: PLC0415 - rich costs 40 ms; scripts need none of it

    print_table(report, make_console(), every=every)


def _json(report: Report, _every: bool) -> None:
    from service.show.json import show_json  # noqa: PLC0415 - as above

    sys.stdout.write(f"{show_json(report, indent=2 if sys.stdout.isatty() else None)}\n")


def _nagios(report: Report, _every: bool) -> None:
    from service.show.nagios import show_nagios  # noqa: PLC0415 - as above

    sys.stdout.write(f"{show_nagios(report)}\n")


FORMATS: dict[str, Callable[[Report, bool], None]] = {"table": _table, "json": _json, "nagios": _nagios}


def show(report: Report, form: str, *, every: bool = False, talk: bool = False) -> None:
    """Print the report on standard output in one of `FORMATS`, the conversations before it where they are wanted."""
    if talk:
        from service.show.talk import show_talk  # noqa: PLC0415 - as above

        sys.stdout.write(show_talk(report))
    FORMATS[form](report, every)
    sys.stdout.flush()


def clear_screen() -> None:
    """Empty the terminal before the next report; where there is none, reports follow each other."""
    if sys.stdout.isatty():
        sys.stdout.write(CLEAR)
