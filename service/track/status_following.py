"""Shows how a running service follows its sources: how far behind each is, what it cannot read, and why it does not follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.text import Text

from service.track.status_table import Head, ago, print_rows, screen
from service.words import clock, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSAL_WIDTH = 160
HEADS = (
    *(Head("followed", path=True), Head("files", "{} files"), Head("lines", "{} lines"), Head("not understood", "{} not understood")),
    *(Head("last line", "last {}"), Head("lag", "{} behind"), Head("unread", "{} unread"), Head("looked at", "looked at {}")),
)


def print_following(standing: Mapping[str, Any]) -> None:
    """Print how it stands, as the control API tells it."""
    console = screen()
    state = standing["state"]
    if standing["problem"]:
        console.print(Text(f"the service follows no logs now: {shorten(standing['problem'], REFUSAL_WIDTH)}", "red"))
    elif state is None:
        console.print(Text("the service begins to follow the logs"))
    if state is None:
        return
    print_rows(HEADS, [_row(one) for one in state["sources"]], console)
    for source in state["sources"]:
        for refusal in source["refused"]:
            console.print(Text(f"cannot be read: {shorten(refusal, REFUSAL_WIDTH)}"))


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (f"{one[name]:,}" for name in ("files", "lines", "unparsed"))
    lag = "-" if one["lag_seconds"] is None else ago(timedelta(seconds=one["lag_seconds"]))
    return (one["name"], *counts, _clock(one["last_at"]), lag, f"{one['behind_bytes']:,} B", _clock(one["looked_at"]))


def _clock(written: str | None) -> str:
    return "-" if written is None else clock(datetime.fromisoformat(written))
