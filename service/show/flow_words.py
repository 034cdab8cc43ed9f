"""Words and measures that flows are shown with: durations of any size, texts cut to cells, outcomes with their colours. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from service.words import harmless, seconds_text
from tracking.values import Outcome

if TYPE_CHECKING:
    from tracking.values import Flow, Hop

CUT = ".."
OUTCOME_STYLES = {
    **dict.fromkeys((Outcome.DELIVERED, Outcome.RELAYED), "green"),
    **dict.fromkeys((Outcome.BOUNCED, Outcome.REJECTED, Outcome.DISCARDED), "red"),
    **dict.fromkeys((Outcome.DEFERRED, Outcome.UNSURE), "yellow"),
    **dict.fromkeys((Outcome.EXPANDED, Outcome.REDIRECTED), "cyan"),
}
_LONG = ((172_800.0, 86_400.0, "d"), (7_200.0, 3_600.0, "h"), (600.0, 60.0, "min"))  # from so many seconds on, in these units
FLOW_DIGITS = 8  # of a flow's id: `probe track show` takes its beginning


def span_text(seconds: float | None) -> str:
    """Return a duration in at most 9 characters: `12 ms`, `4.20 s`, `35.0 min`, `2.5 d`; with its sign where clocks made it negative."""
    if seconds is None:
        return "-"
    if seconds < 0:
        return f"-{span_text(-seconds)}"
    for least, unit, name in _LONG:
        if seconds >= least:
            return f"{seconds / unit:.1f} {name}"
    return seconds_text(seconds)


def fitted(text: str, cells: int) -> str:
    """Return a text, harmless, in exactly so many cells of a terminal; what is cut off ends in two dots."""
    clean = harmless(text)
    if cell_len(clean) <= cells:
        return set_cell_size(clean, cells)
    return set_cell_size(clean, cells - len(CUT)) + CUT


def address(text: str | None) -> str:
    """Return an address for people: `<>` for the null sender, `?` where the logs tell none."""
    return "?" if text is None else text or "<>"


def server(hop: Hop) -> str:
    """Return a server's name; where its log tells none what it runs, in brackets."""
    return hop.server or f"({hop.software or 'unnamed'})"


def way(flow: Flow) -> str:
    """Return the servers in order; behind the last one of ours the server outside that took it."""
    names = [server(hop) for hop in flow.hops]
    outside = flow.hops[-1].to if flow.hops and flow.outcome is Outcome.RELAYED else ""
    return " > ".join([*names, *([f"({outside})"] if outside else [])])


def is_backwards(flow: Flow) -> bool:
    """Say whether a flow ends before it begins by more than is known of the clocks: stamps that contradict themselves."""
    return flow.end_to_end_seconds is not None and flow.end_to_end_seconds < -flow.uncertainty_seconds


def size_text(count: int | None) -> str:
    """Return a size for people: `812 B`, `14.2 kB`, `3.1 MB`."""
    if count is None:
        return ""
    for unit, name in ((1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} B"
