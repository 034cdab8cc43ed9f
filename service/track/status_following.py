"""Shows how a running service follows its sources: how far behind each is, what it cannot read, and why it does not follow."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.words import clock, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSAL_WIDTH = 160


def print_following(standing: Mapping[str, Any]) -> None:
    """Print how it stands, as the control API tells it."""
    console = Console(highlight=False, soft_wrap=False)
    state = standing["state"]
    if standing["problem"]:
        console.print(Text(f"the service follows no logs now: {shorten(standing['problem'], REFUSAL_WIDTH)}", "red"))
    elif state is None:
        console.print(Text("the service begins to follow the logs"))
    if state is None:
        return
    console.print(_table(state))
    for source in state["sources"]:
        for refusal in source["refused"]:
            console.print(Text(f"cannot be read: {shorten(refusal, REFUSAL_WIDTH)}"))


def _table(state: Mapping[str, Any]) -> Table:
    table = Table("followed", box=None, pad_edge=False)
    for name in ("files", "lines", "not understood", "last line", "lag", "unread", "looked at"):
        table.add_column(name, justify="right")
    for one in state["sources"]:
        counts = (f"{one[name]:,}" for name in ("files", "lines", "unparsed"))
        lag = "-" if one["lag_seconds"] is None else f"{one['lag_seconds']:.1f} s"
        table.add_row(
            shorten(one["name"], 40), *counts, _clock(one["last_at"]), lag, f"{one['behind_bytes']:,} B", _clock(one["looked_at"])
        )
    return table


def _clock(written: str | None) -> str:
    return "-" if written is None else clock(datetime.fromisoformat(written))
