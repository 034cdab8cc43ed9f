"""FAULTS for people: the list that `python -m lab faults` prints, and docs/faults.md. Made from the table alone."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lab.faults_rows import FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.faults_table import Fault, Says

COLUMNS, NAME_COLUMNS = 80, 31
PAGE = """\
# Faults of the lab

Made by `python -m lab faults --page` from the table `FAULTS`; `python -m lab fault NAME..` puts faults in force, `python -m lab clear`
takes them away. The last four columns are what `probe run --format json` must say of the checks (domain/server) or trips that the third
names, and what stands in its reason. A trip without a word is still under way when it is late. A number after `=` can be another.

| fault | what it does | of whom | fault and step, or outcome | level | reason |
|---|---|---|---|---|---|
"""


def listing(current: Mapping[str, float]) -> str:
    """Return the table as text, no wider than a plain terminal; a star marks what is in force, with the number it has."""
    lines = [f"  {'FAULT':<28} WHAT IT DOES; what Mailsonde says of whom"]
    return "\n".join(lines + [_lines(fault, current.get(name)) for name, fault in FAULTS.items()])


def _lines(fault: Fault, number: float | None) -> str:
    """Return one entry of the list; `number` None = it is not in force."""
    shown = fault.usual if number is None else number
    name = f"{' ' if number is None else '*'} {_shown(fault, shown):<28} "
    says = "; ".join(f"{one.of} {one.level} {_words(one)}".strip() for one in fault.says)
    text = f"{fault.does.format(n=f'{shown:g}')}: {says}"
    return textwrap.fill(text, COLUMNS, initial_indent=name, subsequent_indent=" " * NAME_COLUMNS, break_on_hyphens=False)


def page() -> str:
    """Return docs/faults.md."""
    return PAGE + "".join(_row(fault, one) for fault in FAULTS.values() for one in fault.says)


def _row(fault: Fault, one: Says) -> str:
    does = fault.does.format(n=f"{fault.usual:g}")
    return f"| `{_shown(fault, fault.usual)}` | {does} | `{one.of}` | {_words(one)} | {one.level} | {one.reason} |\n"


def _shown(fault: Fault, number: float) -> str:
    return f"{fault.name}={number:g}" if fault.unit else fault.name


def _words(one: Says) -> str:
    """Return fault kind and step, or outcome."""
    return " ".join(part for part in (one.kind or one.outcome, one.step) if part)
