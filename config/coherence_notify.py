"""Whether what is said of telling fits together: channels, calendars, rotas and servers that exist, chains that lead on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.coherence import WALL, Found, View, unknown
from config.coherence_times import moment
from config.errors import listed
from config.on_call import A_MONDAY, nobody, same_each_week
from config.scalars import duration_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from config.errors import Path
    from config.notify import Escalate, RotaPlan, RoutePlan, Shift

Chains = tuple[tuple[str, ...], ...]


def channels(view: View) -> Iterator[Found]:
    """Yield what channels depend on that is not there."""
    for name, channel in view.settings.notify.channels.items():
        if channel is None:
            continue
        path = ("notify", "channels", name, "depends_on")
        for index, server in enumerate(channel.depends_on.servers):
            says = unknown(server, view.servers, "server")
            if says:
                yield ((*path, "servers", index), says)
        for index, domain in enumerate(channel.depends_on.domains):
            says = unknown(domain, view.domains, "domain") if view.settings.discovery is None else ""
            if says:
                yield ((*path, "domains", index), says)


def chains(view: View, path: Path, to: Chains | None) -> Iterator[Found]:
    """Yield what is wrong with a list of chains, at the channel."""
    for number, chain in enumerate(to or ()):
        for index, name in enumerate(chain):
            here = (*path, number, index) if len(chain) > 1 else (*path, number)
            says = unknown(name, view.channels, "channel")
            if says:
                yield (here, says)
            elif name in chain[:index]:
                yield (here, f"{name} stands in this chain twice; what has failed does not take over from itself")


def routes(view: View) -> Iterator[Found]:
    """Yield what is wrong with routes."""
    for number, route in enumerate(view.settings.notify.routes):
        if route is None:
            continue
        path = ("notify", "routes", number)
        for key, name, known, what in (
            ("calendar", route.calendar, view.calendars, "calendar"),
            ("rota", route.rota, view.rotas, "rota"),
        ):
            says = unknown(name, known, what) if name is not None else ""
            if says:
                yield ((*path, key), says)
        yield from chains(view, (*path, "to"), route.to)
        yield from _steps(view, path, route)


def _steps(view: View, path: Path, route: RoutePlan) -> Iterator[Found]:
    """Yield what is wrong with an escalation: steps out of order, and steps that come back to those who were told already."""
    told, before = _told(view, route), 0.0
    for index, step in enumerate(route.escalate):
        here = (*path, "escalate", index)
        yield from chains(view, (*here, "to"), step.to)
        if step.after_seconds <= before:
            yield ((*here, "after"), _order(step, before))
        if _names(step.to) <= told:
            says = f"goes round: {listed(sorted(_names(step.to)), 'and')} heard of it before; name somebody else, or leave this step out"
            yield ((*here, "to"), says)
        told, before = told | _names(step.to), step.after_seconds


def _order(step: Escalate, before: float) -> str:
    return f"after ({duration_text(step.after_seconds)}) is not later than the step before ({duration_text(before)}); steps stand in order"


def _names(to: Chains | None) -> set[str]:
    return {name for chain in to or () for name in chain}


def _told(view: View, route: RoutePlan) -> set[str]:
    """Return who is told by a route whoever is on call."""
    rota = view.settings.notify.rotas.get(route.rota or "")
    return set.intersection(*(_names(turn.to) for turn in rota.turns)) if rota is not None else _names(route.to)


def rotas(view: View) -> Iterator[Found]:
    """Yield what is wrong with rotas."""
    for name, rota in view.settings.notify.rotas.items():
        if rota is not None:
            yield from _rota(view, ("notify", "rotas", name), rota)


def _rota(view: View, path: Path, rota: RotaPlan) -> Iterator[Found]:
    names = [turn.who for turn in rota.turns]
    yield from moment(view, (*path, "since"), rota.since)
    for index, turn in enumerate(rota.turns):
        here = (*path, "turns", index)
        yield from chains(view, (*here, "to"), turn.to)
        if not turn.to:
            yield ((*here, "to"), f"{turn.who} cannot be reached; name a channel")
        if rota.shifts and names.index(turn.who) < index:
            yield ((*here, "who"), f"{turn.who} is given twice")
    wrong = [found for index, shift in enumerate(rota.shifts) for found in _shift(view, (*path, "shifts", index), shift, names)]
    yield from wrong or _unmanned(view, path, rota)


def _shift(view: View, path: Path, shift: Shift, names: Sequence[str]) -> Iterator[Found]:
    strange = "" if shift.who in names else f"{shift.who} takes no part in it; its turns are of {listed(dict.fromkeys(names), 'and')}"
    for key, says in (("calendar", unknown(shift.calendar, view.calendars, "calendar")), ("who", strange)):
        if says:
            yield ((*path, key), says)


def _unmanned(view: View, path: Path, rota: RotaPlan) -> Iterator[Found]:
    """Yield when nobody is on call, where that is so in each week; what hangs on single days is a warning elsewhere."""
    calendars = [view.settings.calendar(shift.calendar) for shift in rota.shifts if view.settings.calendars.get(shift.calendar) is not None]
    sound = [one for one in calendars if one is not None]
    if rota.shifts and len(sound) == len(rota.shifts) and same_each_week(sound):
        when = nobody(sound, view.settings.timezone, A_MONDAY)
        if when:
            yield ((*path, "shifts"), f"nobody is on call {when}; let the calendar of a shift hold then")


def templates(view: View) -> Iterator[Found]:
    """Yield what is wrong with templates, with its line within the template."""
    written = {name: channel.templates for name, channel in view.settings.notify.channels.items() if channel is not None}
    if any(written.values()):
        from notifier.templates import check  # noqa: PLC0415 - only those who write templates pay for jinja2

        for name, parts in written.items():
            for part, source in parts.items():
                path = ("notify", "channels", name, "templates", part)
                yield from ((path, says.removeprefix(f"{part}: ")) for says in check({part: source}))


def others(view: View) -> Iterator[Found]:
    """Yield what is wrong with the rest: the first quiet time, the drill, the heartbeat's channel."""
    notify = view.settings.notify
    yield from moment(view, ("notify", "quiet_until"), notify.quiet_until)
    yield from _drill(view)
    name = notify.heartbeat.channel if notify.heartbeat is not None else None
    if name is None:
        return
    says, channel = unknown(name, view.channels, "channel"), notify.channels.get(name)
    if not says and (channel is not None or name == WALL) and (channel is None or channel.kind != "mqtt"):
        says = f"{name} is of kind {channel.kind if channel is not None else WALL}; a heartbeat goes to a URL, or to a channel of kind mqtt"
    if says:
        yield (("notify", "heartbeat", "channel"), says)


def _drill(view: View) -> Iterator[Found]:
    """Yield what a drill names that is not there."""
    drill = view.settings.notify.drill
    if drill is None:
        return
    named = [("calendar", drill.calendar, view.calendars, "calendar")]
    named += [("channels", name, view.channels, "channel") for name in drill.channels]
    for key, name, known, what in named:
        says = unknown(name, known, what)
        if says:
            yield (("notify", "drill", key), says)


CHECKS: tuple[Callable[[View], Iterator[Found]], ...] = (channels, templates, routes, rotas, others)
