"""The series of message tracking: how far each source is followed, the servers' clocks, how long hops and links took. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.metrics_metric import OWN, Metric
from console.metrics_text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.ports_tracking import TrackingNumbers

Samples = list[tuple[str, float]]
SOURCE = ("site", "source")
FOLLOWING = "Where sources are configured."
ONCE_READ = "Once a line was read."

TRACKING = (
    Metric("mailsonde_tracking_following", "gauge", "Whether the logs are followed (1).", OWN, shown=FOLLOWING),
    Metric("mailsonde_tracking_starts_total", "counter", "Starts of the process that follows the logs.", OWN, shown=FOLLOWING),
    Metric("mailsonde_tracking_flows_total", "counter", "Flows that ended, by their outcome.", (*OWN, "outcome"), shown=FOLLOWING),
    Metric("mailsonde_tracking_waiting_events", "gauge", "Events in the lake of which no flow was made yet.", OWN, shown=FOLLOWING),
    Metric("mailsonde_tracking_lake_bytes", "gauge", "Size of the lake.", OWN, "bytes", FOLLOWING),
    Metric("mailsonde_tracking_lines", "gauge", "Lines that the lake has had of a source.", SOURCE, shown=FOLLOWING),
    Metric("mailsonde_tracking_unparsed_lines", "gauge", "Of these: lines that were not understood.", SOURCE, shown=FOLLOWING),
    Metric("mailsonde_tracking_refused_files", "gauge", "Files of a source that cannot be read now.", SOURCE, shown=FOLLOWING),
    Metric("mailsonde_tracking_behind_bytes", "gauge", "What was found of a source and not read yet.", SOURCE, "bytes", FOLLOWING),
    Metric("mailsonde_tracking_lag_seconds", "gauge", "How old the newest line was when it was read last.", SOURCE, "seconds", ONCE_READ),
    Metric(
        "mailsonde_tracking_last_line_timestamp_seconds",
        "gauge",
        "When the latest line was written, as Unix time.",
        SOURCE,
        "seconds",
        ONCE_READ,
    ),
    Metric(
        "mailsonde_tracking_clock_offset_seconds",
        "gauge",
        "How far a server's clock is ahead of the others, by the stamps on both sides of links.",
        (*OWN, "server"),
        "seconds",
        "Once it was estimated; at most 200 servers.",
    ),
    Metric(
        "mailsonde_tracking_hop_seconds",
        "histogram",
        "How long messages stayed in a server, by its own log.",
        (*OWN, "server"),
        "seconds",
        "Once seen; beyond 200 servers and links, the name is other.",
    ),
    Metric(
        "mailsonde_tracking_link_seconds",
        "histogram",
        "How long messages took from one server to the next, clock offsets corrected.",
        (*OWN, "link"),
        "seconds",
        "As above.",
    ),
)


def tracking_families(site: str, numbers: TrackingNumbers) -> dict[str, Samples]:
    """Return the samples of each family but the histograms."""
    state = numbers.state
    prefix = "mailsonde_tracking_"
    found: dict[str, Samples] = {
        f"{prefix}following": [(site, float(numbers.well))],
        f"{prefix}starts_total": [(site, float(numbers.starts))],
        f"{prefix}flows_total": [(f'{site},outcome="{escaped(name)}"', float(many)) for name, many in numbers.outcomes.items()],
    }
    if state:
        found[f"{prefix}waiting_events"] = [(site, float(state["waiting_events"]))]
        found[f"{prefix}lake_bytes"] = [(site, float(state["lake_bytes"]))]
        found |= {f"{prefix}{name}": list(_of_sources(site, state["sources"], key)) for name, key in PER_SOURCE.items()}
        found[f"{prefix}clock_offset_seconds"] = [
            (f'{site},server="{escaped(one["server"])}"', float(one["offset_seconds"])) for one in state["clocks"]
        ]
    return found


PER_SOURCE = {
    "lines": "lines",
    "unparsed_lines": "unparsed",
    "refused_files": "refusals",
    "behind_bytes": "behind_bytes",
    "lag_seconds": "lag_seconds",
    "last_line_timestamp_seconds": "last_at",
}  # series -> what the process calls it


def _of_sources(site: str, sources: list[dict[str, Any]], key: str) -> Iterator[tuple[str, float]]:
    for one in sources:
        value = one[key]
        if value is not None:
            number = datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)
            yield f'{site},source="{escaped(one["name"])}"', number
