"""What is odd about who is told: alerts that reach nobody, times without anybody, matches of nothing, ways over what is watched. Pure.

Each is a warning, for it may be meant: a small site tells nobody at night. Time is a parameter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from config.errors import listed
from config.notify_plan import notify_plan
from config.on_call import nobody, same_each_week
from config.plan import plan
from notifier.supposing import unreachable
from thresholds.limits import fits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from config.coherence import Found
    from config.errors import Path
    from config.incidents import ScenePlan
    from config.settings import Settings
    from notifier.values import ChannelPlan, NotifyPlan

ORIGIN = re.compile(r"notify\.routes(?:\[(\d+)\])?: (.*)", re.DOTALL)


def odd(settings: Settings, now: datetime) -> Iterator[Found]:
    """Yield (path, sentence) for each thing that is hardly meant."""
    for index, one in enumerate(settings.maintenance):
        yield from _matchless(settings, ("maintenance", index, "match"), one.match, "it mutes nothing")
    if not settings.notify.routes:
        if settings.notify.channels:
            yield ("notify", "channels"), "no route leads to them, so the console's wall alone is told; add `routes: [{to: [CHANNEL]}]`"
        return
    for index, route in enumerate(settings.notify.routes):
        yield from _matchless(settings, ("notify", "routes", index, "match"), route.match, "this route is never taken")
    made = notify_plan(settings, plan(settings)[1])
    yield from _times(settings, made, now)
    yield from _nobody_told(settings, made, now)
    yield from _untold(settings)
    for channel in made.channels:
        yield from _over_what_is_watched(settings, channel)
    for name, channel in settings.notify.channels.items():
        path = ("notify", "channels", name, "domains")
        strange = [glob for glob in channel.domains or () if _strange(settings, glob)]
        yield from ((path, f"`{glob}` matches no domain, so nothing is told of it") for glob in strange)


def _strange(settings: Settings, domain: str) -> bool:
    """Say whether a glob fits no domain of this configuration; where a directory names them, that is not known."""
    return settings.discovery is None and not any(fits(domain, name) for name in _domains(settings))


def _domains(settings: Settings) -> list[str]:
    """Return the domains that are written, those of trips included."""
    trips = [trip.end.mailbox.address.rpartition("@")[2] for trip in settings.trips if trip.end.mailbox is not None]
    return [*(domain.name for domain in settings.domains), *trips]


def _matchless(settings: Settings, path: Path, scene: ScenePlan, so: str) -> Iterator[Found]:
    """Yield that a match fits no server or no domain of this configuration."""
    domains = None if settings.discovery else _domains(settings)
    for what, glob, known in (("server", scene.server, list(settings.servers)), ("domain", scene.domain, domains)):
        names = known if known is not None else [glob]
        if names and not any(fits(glob, name) for name in names):
            yield (*path, what), f"matches no {what}, so {so}"


def _times(settings: Settings, made: NotifyPlan, now: datetime) -> Iterator[Found]:
    """Yield when no route holds, where each has a calendar; and when nobody of a rota is on call, where that hangs on single days."""
    calendars = [route.calendar for route in made.routes if route.calendar is not None]
    if len(calendars) == len(made.routes):
        when = nobody(calendars, settings.timezone, now)
        if when:
            yield ("notify", "routes"), f"nobody is told of anything {when}: each route has a calendar, and none of these holds then"
    for name, rota in made.rotas.items():
        shifts = [calendar for calendar, _ in rota.shifts]
        when = nobody(shifts, settings.timezone, now) if shifts and not same_each_week(shifts) else ""
        if when:
            yield ("notify", "rotas", name, "shifts"), f"nobody is on call {when}"


def _nobody_told(settings: Settings, made: NotifyPlan, now: datetime) -> Iterator[Found]:
    """Yield which alerts could reach nobody because of what their channels depend on."""
    for sentence in unreachable(made, settings.servers, now):
        found = ORIGIN.fullmatch(sentence)
        index, says = (found[1], found[2]) if found is not None else (None, sentence)
        yield (("notify", "routes", int(index)) if index else ("notify", "routes")), says


def _untold(settings: Settings) -> Iterator[Found]:
    """Yield which channels no route, escalation or rota names."""
    notify = settings.notify
    used = {
        name for route in notify.routes for to in (route.to or (), *(step.to for step in route.escalate)) for chain in to for name in chain
    }
    used |= {name for rota in notify.rotas.values() for turn in rota.turns for chain in turn.to for name in chain}
    used |= set(notify.drill.channels) if notify.drill is not None else set()
    used |= {notify.heartbeat.channel} if notify.heartbeat is not None and notify.heartbeat.channel else set()
    yield from (
        (("notify", "channels", name), "no route and no rota names it, so nothing is told over it")
        for name in notify.channels
        if name not in used
    )


def _over_what_is_watched(settings: Settings, channel: ChannelPlan) -> Iterator[Found]:
    """Yield which server or domain of ours a mail goes over, where its channel does not say that it depends on it."""
    if channel.kind != "mail":
        return
    path = ("notify", "channels", channel.name)
    there = [name for name, server in settings.servers.items() if server.host == channel.settings.host.lower()]
    if there and not set(there) & set(channel.servers):
        says = f"its smarthost is watched ({listed(there, 'and')}): alerts would travel over what they report"
        yield path, f"{says}; add depends_on: {{servers: [{', '.join(there)}]}}"
    goals = {address.rpartition("@")[2].lower() for address in channel.settings.to}
    ours = [domain.name for domain in settings.domains if domain.name in goals and domain.name not in channel.domains]
    if ours:
        says = f"it writes to {listed(ours, 'and')}, which is watched: alerts would travel to what they report"
        yield path, f"{says}; add depends_on: {{domains: [{', '.join(ours)}]}}"
