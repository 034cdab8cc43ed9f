"""Whether planned work fits the rest: calendars that exist, moments that come; and whether `depends_on` goes round. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.coherence import Found, View, unknown
from config.needs import circles, graph
from config.notify_scalars import leapt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from config.errors import Path


def maintenance(view: View) -> Iterator[Found]:
    """Yield what is wrong with the times of planned work."""
    for index, one in enumerate(view.settings.maintenance):
        if one is not None:
            path = ("maintenance", index)
            says = unknown(one.calendar, view.calendars, "calendar") if one.calendar is not None else ""
            if says:
                yield ((*path, "calendar"), says)
            yield from moment(view, (*path, "from"), one.begins)
            yield from moment(view, (*path, "until"), one.ends)


def moment(view: View, path: Path, local: datetime | None) -> Iterator[Found]:
    """Yield that a moment never comes on the wall clock of `timezone`, where that is so."""
    zone = view.settings.timezone
    if local is not None and leapt(local, zone):
        yield (path, f"{local:%Y-%m-%d %H:%M} never comes in {zone.key}, where the clocks leap over it; write the hour after")


def ways_round(view: View) -> Iterator[Found]:
    """Yield each circle of `depends_on`, at the server that the file names first."""
    for way in circles(graph(view.settings.servers)):
        path = ("servers", way[0], "depends_on", view.settings.servers[way[0]].depends_on.index(way[1]))
        yield (path, f"goes round: {' -> '.join(way)}; what depends on what has a first cause, so take one of these away")
