"""From incidents, silences, windows, deliveries and channels to the shapes of the control API. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.api_shapes_alarms import (
    AcknowledgementShape,
    CauseShape,
    ChangeShape,
    ChannelShape,
    DeliveryShape,
    IncidentShape,
    MaintenanceShape,
    RoutedShape,
    SilenceShape,
    StoryShape,
)
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from console.ports import ChannelNumbers, Routed
    from notifier.values import Delivery
    from store.mute_rows import Kept
    from thresholds.incident_values import Acknowledgement, Cause, Change, Incident, Maintenance, Scene, Silence

MOST_NAMES = 1_000  # of domains and cells, of one incident: sixty thousand would hold up the loop


# -- incidents


def cause_words(cause: Cause) -> str:
    """Return a cause as it is asked for: `server:imap`."""
    return f"{cause.kind}:{cause.name}"


def _cause(cause: Cause) -> CauseShape:
    return CauseShape(
        kind=cause.kind,
        name=cause.name,
        evidence=list(cause.evidence),
        confidence=cause.confidence,
        doubt=cause.doubt,
        cells=list(cause.cells[:MOST_NAMES]),
    )


def _acknowledgement(ack: Acknowledgement | None) -> AcknowledgementShape | None:
    return None if ack is None else AcknowledgementShape(by=ack.by, at=ack.at, why=ack.why, until=ack.until)


def _parts(incident: Incident) -> dict[str, Any]:
    closed = incident.closed_at
    return {
        "id": incident.id,
        "cause": _cause(incident.cause),
        "level": incident.level.name,
        "began_at": incident.began_at,
        "opened_at": incident.opened_at,
        "closed_at": closed,
        "ended": incident.ended,
        "seconds": None if closed is None else (closed - incident.began_at).total_seconds(),
        "domains": list(incident.domains[:MOST_NAMES]),
        "cells": list(incident.cells[:MOST_NAMES]),
        "failing": list(incident.failing[:MOST_NAMES]),
        "domain_count": len(incident.domains),
        "cell_count": len(incident.cells),
        "failing_count": len(incident.failing),
        "reasons": list(incident.reasons),
        "limit": incident.limit,
        "flapping": incident.flapping,
        "acknowledged": _acknowledgement(incident.acknowledged),
        "told": incident.told,
        "muted": incident.muted,
        "reminded_at": incident.reminded_at,
        "changes": incident.changes,
    }


def incident_shape(incident: Incident) -> IncidentShape:
    """Return an incident."""
    return IncidentShape(**_parts(incident))


def story_shape(incident: Incident, changes: Iterable[Change], deliveries: Iterable[Delivery]) -> StoryShape:
    """Return an incident with all that happened to it and whom it was told."""
    history, told = [change_shape(one) for one in changes], [delivery_shape(one) for one in deliveries]
    return StoryShape(**_parts(incident), history=history, deliveries=told)


def change_shape(change: Change) -> ChangeShape:
    """Return a change."""
    then = change.incident
    ack = then.acknowledged if change.kind is ChangeKind.ACKNOWLEDGED else None
    return ChangeShape(
        number=change.number,
        at=change.at,
        kind=change.kind,
        level=then.level.name,
        cause=cause_words(then.cause),
        failing=len(then.failing),
        muted=change.muted,
        said=change.said,
        by="" if ack is None else ack.by,
    )


def delivery_shape(delivery: Delivery) -> DeliveryShape:
    """Return a delivery."""
    return DeliveryShape(
        number=delivery.number,
        channel=delivery.channel,
        state=delivery.state,
        tries=delivery.tries,
        tried_at=delivery.tried_at,
        said=delivery.said,
        due_at=delivery.due_at,
        deadline_at=delivery.deadline_at,
        chain=list(delivery.chain),
        origin=delivery.origin,
    )


# -- silences and maintenance


def _scene(scene: Scene) -> dict[str, Any]:
    return {"domain": scene.domain, "server": scene.server, "site": scene.site, "cause": scene.cause}


def silence_shape(silence: Silence, now: datetime, ended_by: str = "") -> SilenceShape:
    """Return a silence as it stands at a time (aware)."""
    return SilenceShape(
        id=silence.id,
        **_scene(silence.scene),
        author=silence.author,
        reason=silence.reason,
        made_at=silence.made_at,
        expires_at=silence.expires_at,
        ended_by=ended_by,
        in_force=silence.made_at <= now < silence.expires_at,
    )


def maintenance_shape(window: Maintenance, now: datetime, kept: Kept[Maintenance] | None = None) -> MaintenanceShape:
    """Return a window as it stands at a time (aware), with what is remembered of it."""
    return MaintenanceShape(
        id=window.id,
        **_scene(window.scene),
        author=window.author,
        reason=window.reason,
        begins_at=window.begins_at,
        ends_at=window.ends_at,
        calendar=window.calendar.name if window.calendar is not None else None,
        made_at=None if kept is None else kept.made_at,
        ended_by="" if kept is None else kept.ended_by,
        in_force=_holds(window, now),
    )


def _holds(window: Maintenance, now: datetime) -> bool:
    """Say whether a window is open: within its bounds, and in season."""
    begun = window.begins_at is None or window.begins_at <= now
    ended = window.ends_at is not None and window.ends_at <= now
    return begun and not ended and (window.calendar is None or window.calendar.covers(now))


# -- telling


def routed_shape(routed: Routed) -> RoutedShape:
    """Return who would be told."""
    return RoutedShape(chains=[list(chain) for chain in routed.chains], refused=dict(routed.refused), words=list(routed.words))


def channel_shape(channel: ChannelNumbers) -> ChannelShape:
    """Return how a channel has done."""
    return ChannelShape.model_validate(channel, from_attributes=True)
