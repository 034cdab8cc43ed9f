"""Silences and windows of maintenance as the store writes and reads them. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from store.incident_rows import whole
from store.rows import compact, microseconds, time_of
from thresholds.incident_values import Maintenance, Scene, Silence
from thresholds.moments import bounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

T = TypeVar("T", Silence, Maintenance)

SILENCES = "SELECT id, scene, author, reason, made_us, made_us, expires_us, ended_us, ended_by FROM silences"
MAINTENANCES = "SELECT id, scene, author, reason, made_us, begins_us, ends_us, ended_us, ended_by FROM maintenances"


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A silence or a window as it is remembered; its end is the one that came to be, by hand or by its time."""

    mute: T
    made_at: datetime  # aware, UTC
    wanted_until: datetime  # its end as it was made
    ended_at: datetime | None = None  # by hand, before its time; None = it was not
    ended_by: str = ""


def silence_values(silence: Silence) -> dict[str, Any]:
    """Return the columns of a silence's row. Raises: ValueError when a time is out of bounds."""
    return {
        **_common(silence),
        "made": microseconds(silence.made_at),
        "expires": microseconds(bounded(silence.expires_at)),
    }


def maintenance_values(window: Maintenance, now: datetime) -> dict[str, Any]:
    """Return the columns of a window's row, made now. Raises: ValueError when it has no end, a time out of bounds, or a calendar."""
    if window.calendar is not None:
        raise ValueError("a maintenance that comes again belongs into the configuration, under maintenance")
    if window.begins_at is None or window.ends_at is None:
        raise ValueError("a maintenance needs a time at which it begins and one at which it ends")
    if window.ends_at <= window.begins_at:
        raise ValueError("a maintenance ends after it begins")
    return {
        **_common(window),
        "made": microseconds(now),
        "begins": microseconds(bounded(window.begins_at)),
        "ends": microseconds(bounded(window.ends_at)),
    }


def _common(mute: Silence | Maintenance) -> dict[str, Any]:
    scene = {"domain": mute.scene.domain, "server": mute.scene.server, "site": mute.scene.site, "cause": mute.scene.cause}
    return {"id": mute.id, "scene": compact(scene), "author": whole(mute.author), "reason": whole(mute.reason)}


def silence_of(row: Sequence[Any]) -> Kept[Silence]:
    """Return the silence of one row of a query that begins with SILENCES."""
    known, scene, author, reason, made, _, wanted, ended, by = row
    silence = Silence(known, Scene(**json.loads(scene)), author, reason, time_of(made), time_of(wanted if ended is None else ended))
    return Kept(silence, time_of(made), time_of(wanted), None if ended is None else time_of(ended), by)


def maintenance_of(row: Sequence[Any]) -> Kept[Maintenance]:
    """Return the window of one row of a query that begins with MAINTENANCES. One that was called off before it began has no length."""
    known, scene, author, reason, made, begins, wanted, ended, by = row
    end = wanted if ended is None else max(begins, ended)
    window = Maintenance(known, Scene(**json.loads(scene)), reason, author, time_of(begins), time_of(end))
    return Kept(window, time_of(made), time_of(wanted), None if ended is None else time_of(ended), by)
