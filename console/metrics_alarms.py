"""The series of incidents, the outbox, channels and heartbeat. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.metrics_text import escaped
from thresholds.incident_values import CauseKind
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from console.ports import AlarmNumbers, ChannelNumbers

RESULTS = {"sent": "sent", "failed": "failed", "refused": "refused", "taken-over": "taken_over"}  # label -> attribute
Samples = list[tuple[str, float]]


def alarm_families(site: str, numbers: AlarmNumbers, now: datetime) -> dict[str, Samples]:
    """Return the samples of each family; `now` is aware. Counts stand from the start, so that their first rise is seen."""
    levels = [level for level in Level if level >= Level.WARNING]
    return {
        "mailsonde_incidents_open": [(f'{site},level="{level.name}"', float(numbers.open.get(level, 0))) for level in levels],
        "mailsonde_incidents_total": [(f'{site},kind="{kind}"', float(numbers.opened.get(kind, 0))) for kind in CauseKind],
        **_outbox(site, numbers, now),
        "mailsonde_deliveries_total": [sample for channel in numbers.channels for sample in _results(site, channel)],
        "mailsonde_channel_last_proof_timestamp_seconds": [
            (_labels(site, channel), channel.last_proof_at.timestamp()) for channel in numbers.channels if channel.last_proof_at
        ],
        **_heartbeat(site, numbers),
    }


def _outbox(site: str, numbers: AlarmNumbers, now: datetime) -> dict[str, Samples]:
    if numbers.outbox_depth is None:
        return {}
    oldest = numbers.outbox_oldest_at
    seconds = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    return {"mailsonde_outbox_depth": [(site, float(numbers.outbox_depth))], "mailsonde_outbox_oldest_seconds": [(site, seconds)]}


def _labels(site: str, channel: ChannelNumbers) -> str:
    return f'{site},channel="{escaped(channel.name)}"'


def _results(site: str, channel: ChannelNumbers) -> Iterator[tuple[str, float]]:
    for result, attribute in RESULTS.items():
        yield f'{_labels(site, channel)},result="{result}"', float(getattr(channel, attribute))


def _heartbeat(site: str, numbers: AlarmNumbers) -> dict[str, Samples]:
    if numbers.heartbeat_sent is None:
        return {}
    counted = (("sent", numbers.heartbeat_sent), ("failed", numbers.heartbeat_failed))
    found = {"mailsonde_heartbeats_total": [(f'{site},result="{result}"', float(count)) for result, count in counted]}
    if numbers.heartbeat_at is not None:
        found["mailsonde_heartbeat_last_timestamp_seconds"] = [(site, numbers.heartbeat_at.timestamp())]
    return found
