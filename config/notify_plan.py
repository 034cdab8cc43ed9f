"""From settings to the plan of telling, as the notifier knows it. Pure: no channel is opened.

The console's wall is always there, as the channel `screen`; where nothing is said of routes, it is told of everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.coherence import WALL
from config.needs import graph, needs_of, reached
from config.notify_scalars import aware
from notifier.kinds import CHANNELS
from notifier.values import ChannelPlan, DrillPlan, Escalation, HeartbeatPlan, NotifyPlan, Rota, Route
from thresholds.incident_values import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from config.notify import DrillAt, Heartbeat, RotaPlan, RoutePlan
    from config.settings import Settings
    from probe.values import Journey

EVERYBODY = Route(((WALL,),), origin="no route is configured")


def notify_plan(settings: Settings, journeys: Iterable[Journey] = ()) -> NotifyPlan:
    """Return all that is said of telling. `journeys` are those of config.plan: their ways decide which channels can tell of them."""
    notify, zone = settings.notify, settings.timezone
    return NotifyPlan(
        channels=tuple(channels(settings)),
        routes=tuple(_route(settings, index, one) for index, one in enumerate(notify.routes)) or (EVERYBODY,),
        timezone=zone,
        rotas={name: _rota(settings, name, one) for name, one in notify.rotas.items()},
        quiet_until=aware(notify.quiet_until, zone) if notify.quiet_until is not None else None,
        heartbeat=_heartbeat(notify.heartbeat) if notify.heartbeat is not None else None,
        drill=_drill(settings, notify.drill) if notify.drill is not None else None,
        console_url=notify.console_url,
        runbooks=notify.runbooks,
        needs=needs_of(settings.servers),
        site=settings.site,
        hosts={name: server.host for name, server in settings.servers.items()},
        trips={cell.name: cell for cell in map(_trip, journeys)},
    )


def channels(settings: Settings) -> Iterator[ChannelPlan]:
    """Yield every channel, the console's wall first where the file does not name it."""
    named = settings.notify.channels
    direct = graph(settings.servers)
    if WALL not in named:
        yield ChannelPlan(WALL, WALL, CHANNELS[WALL].settings())
    for name, channel in named.items():
        yield channel.plan(name, tuple(reached(direct, channel.depends_on.servers)))


def _route(settings: Settings, index: int, plan: RoutePlan) -> Route:
    return Route(
        to=plan.to or (),
        scene=plan.match.scene(),
        levels=plan.match.level or frozenset(),
        calendar=settings.calendar(plan.calendar),
        rota=plan.rota or "",
        group_by=plan.group_by,
        wait_seconds=plan.gathers_seconds,
        repeat_seconds=plan.repeat_seconds,
        escalation=tuple(Escalation(step.after_seconds, step.to) for step in plan.escalate),
        go_on=plan.go_on,
        origin=f"notify.routes[{index}]",
    )


def _rota(settings: Settings, name: str, plan: RotaPlan) -> Rota:
    """Return a rota. Its first week begins on the wall clock of `timezone`, which decides when weeks change hands."""
    since = plan.since.replace(tzinfo=settings.timezone) if plan.since is not None else None
    calendars = ((settings.calendar(shift.calendar), shift.who) for shift in plan.shifts)
    shifts = tuple((calendar, who) for calendar, who in calendars if calendar is not None)
    return Rota(name, tuple((turn.who, turn.to) for turn in plan.turns), since, shifts)


def _heartbeat(plan: Heartbeat) -> HeartbeatPlan:
    return HeartbeatPlan(plan.every_seconds, plan.url or "", plan.channel or "", plan.topic or "")


def _drill(settings: Settings, drill: DrillAt) -> DrillPlan | None:
    calendar = settings.calendar(drill.calendar)
    named = drill.channels or tuple(one.name for one in channels(settings))
    return None if calendar is None else DrillPlan(calendar, named)


def _trip(journey: Journey) -> Cell:
    """Return which servers a journey's way leads over, by the name of its trips' cell."""
    fetch, submit = journey.fetch, journey.submit
    name = f"trip {journey.name}"
    return Cell(name, journey.domain, fetch.server, "trip", journey.every_seconds, submit.server, fetch.endpoint.host, origin=submit.domain)
