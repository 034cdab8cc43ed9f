"""What keeps an incident from being told: silences, maintenance, a quiet first week. Pure; time is a parameter.

It refuses to mute what is only half covered: one failing cell that no mute speaks of, and the whole incident is told. Nothing here stops
a measurement, and nothing here keeps the end of what was told from being told.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from thresholds.incident_values import Mutes
from thresholds.limits import fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from thresholds.incident_values import Cause, Cell, Maintenance, Scene

    Holds = Callable[[Cell | None], bool]  # whether one mute speaks of a cell; None = of an incident that has none

NO_MUTES = Mutes()
MINUTE = timedelta(minutes=1)
MOST_REASONS = 3  # that one incident names; two silences that cover it together are rare enough


def stamp(at: datetime) -> str:
    """Return a moment in words, with its zone: `2026-11-20 08:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


# -- what a scene speaks of


def matches(scene: Scene, cell: Cell | None, cause: Cause | None) -> bool:
    """Say whether a scene means a cell under a cause.

    Args:
        scene: what was written.
        cell: None = nothing of theirs, as when the prober is sick: then no domain or server may be named, and the site is the cause's.
        cause: None = it is not known, as when availability is reckoned: then only a scene without one fits.
    """
    if not fits(scene.cause, cause.key if cause is not None else ""):
        return False
    if cell is None:
        return scene.domain == scene.server == "*" and fits(scene.site, cause.name if cause is not None else "")
    return fits(scene.domain, cell.domain) and fits(scene.server, cell.server) and fits(scene.site, cell.site)


def in_force(maintenance: Maintenance, at: datetime) -> bool:
    """Say whether a window holds at this moment (aware); its end is no more in it."""
    begun = maintenance.begins_at is None or maintenance.begins_at <= at
    over = maintenance.ends_at is not None and maintenance.ends_at <= at
    return begun and not over and (maintenance.calendar is None or maintenance.calendar.covers(at))


def maintained(cell: Cell, maintenances: Iterable[Maintenance], at: datetime) -> Maintenance | None:
    """Return the first window in which this cell is being worked on, None = there is none: what is measured counts."""
    return next((one for one in maintenances if matches(one.scene, cell, None) and in_force(one, at)), None)


# -- what is muted, and until when


def muting(cause: Cause, cells: Iterable[Cell], mutes: Mutes, now: datetime) -> str:
    """Return why nothing of an incident is told, in words; "" = it is told.

    Args:
        cause: of the incident.
        cells: that are failing; none = the incident is about us alone.
        mutes: all there are; those whose time has not come or is over say nothing.
        now: aware.
    """
    if mutes.quiet_until is not None and now < mutes.quiet_until:
        return f"quiet until {stamp(mutes.quiet_until)}"
    speaking = list(_speaking(cause, mutes, now))
    if not speaking:
        return ""
    found: dict[str, None] = {}
    for cell in tuple(cells) or (None,):
        why = next((words for holds, words in speaking if holds(cell)), "")
        if not why:
            return ""
        found[why] = None
    return "; ".join(list(found)[:MOST_REASONS])


def _speaking(cause: Cause, mutes: Mutes, now: datetime) -> Iterator[tuple[Holds, str]]:
    """Yield the mutes in force with their words."""
    for silence in mutes.silences:
        if silence.made_at <= now < silence.expires_at:
            yield _holds(silence.scene, cause), f"silenced by {silence.author} until {stamp(silence.expires_at)}: {silence.reason}"
    for window in mutes.maintenances:
        if in_force(window, now):
            until = f" until {stamp(window.ends_at)}" if window.ends_at is not None and window.calendar is None else ""
            yield _holds(window.scene, cause), f"maintenance{until}: {window.reason}"


def _holds(scene: Scene, cause: Cause) -> Holds:
    """Return what asks one scene of many cells of a cause: they share its server and site, and of these each is asked once."""
    if not fits(scene.cause, cause.key):
        return lambda _: False
    server, site = lru_cache(partial(fits, scene.server)), lru_cache(partial(fits, scene.site))

    def holds(cell: Cell | None) -> bool:
        if cell is None:
            return matches(scene, None, cause)
        return server(cell.server) and site(cell.site) and fits(scene.domain, cell.domain)

    return holds


def next_end(mutes: Mutes, now: datetime) -> datetime | None:
    """Return when something that mutes now may cease to, None = nothing does. Of a calendar the next minute: it is made of minutes."""
    ends = [silence.expires_at for silence in mutes.silences if silence.made_at <= now < silence.expires_at]
    if mutes.quiet_until is not None and now < mutes.quiet_until:
        ends.append(mutes.quiet_until)
    for window in mutes.maintenances:
        if in_force(window, now):
            ends += [window.ends_at] if window.ends_at is not None else []
            ends += [now.replace(second=0, microsecond=0) + MINUTE] if window.calendar is not None else []
    return min(ends, default=None)
