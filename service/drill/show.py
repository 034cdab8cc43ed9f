"""What a drill has shown, as a table: each fault, the cause that was named, and when opening and closing arrived over each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from service.drill.ends import CHANNELS

if TYPE_CHECKING:
    from service.drill.drill import Act


def print_acts(acts: list[Act], console: Console | None = None) -> None:
    """Print the table, and below it what did not arrive."""
    screen = console or Console()
    table = Table(box=None, header_style="bold")
    for head in ("BROKEN", *(channel.upper() for channel in CHANNELS)):
        table.add_column(head, no_wrap=True)
    for act in acts:
        table.add_row(act.fault, *(_cell(act, channel) for channel in CHANNELS))
        table.add_row(f"  {act.cause or 'nothing'} was named", style="dim")
    screen.print()
    screen.print(table)
    screen.print("\nSeconds from the fault to the arrival of its opening, and from its mending to that of its closing.")
    for act in acts:
        for channel, why in act.refused.items():
            screen.print(f"{act.fault}: {channel} was {why}", markup=False)
        for missing in act.missing:
            screen.print(f"{act.fault}: did NOT arrive: {missing}", markup=False)


def _cell(act: Act, channel: str) -> str:
    if channel in act.refused:
        return "not asked"
    seconds = (act.opened.get(channel), act.closed.get(channel))
    return " / ".join("MISSING" if one is None else f"{one:.1f}" for one in seconds)
