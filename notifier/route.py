"""Who is told of a change, by what, and why: routes, rotas and what channels depend on. Pure; every answer comes with its reasons in words.

The first route that matches is taken, and those after it while it says `go_on`. A route's chains are lists of channels, each of which takes
over from the one before. A channel that depends on what is reported is left out of its chain (depends.py); a chain of which nothing is
left tells nobody, and the decision says so. One that depends on what another open incident reports (doubts.py) is asked last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from notifier.depends import named, places, refusal, reported
from notifier.rota import on_call
from notifier.sight import blind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from notifier.values import NotifyPlan, Route
    from thresholds.incident_values import Incident, Scene

Chain = tuple[str, ...]
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Telling:
    """One chain that is to be told."""

    chain: Chain  # as configured, but for those in doubt, which come last
    channels: Chain  # of these: that may be used, in order; () = none may
    origin: str  # of its route: "notify.routes[0]"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is told, and why."""

    tellings: tuple[Telling, ...] = ()
    routes: tuple[Route, ...] = ()  # that were taken
    refused: Mapping[str, str] = field(default_factory=dict)  # by channel: why it is not asked
    words: tuple[str, ...] = ()  # sentences, in the order in which it was decided
    late: tuple[str, ...] = ()  # of these: which channels are asked last, and why

    @property
    def chains(self) -> tuple[Chain, ...]:
        """Return the channels of each chain, refused ones left out; () = nobody is told."""
        return tuple(telling.channels for telling in self.tellings if telling.channels)

    @property
    def origin(self) -> str:
        """Return where the routes that were taken are written: `notify.routes[0], notify.routes[2]`."""
        return ", ".join(route.origin for route in self.routes)


def decide(incident: Incident, plan: NotifyPlan, now: datetime, doubted: Mapping[str, str] = NONE) -> Decision:
    """Return who is told of an incident, as it is, at a moment (aware, UTC). `doubted` says by channel why it is asked last."""
    refused = refusals(incident, plan) | blind(incident, plan)
    words: list[str] = []
    taken = tuple(_taken(incident, plan, now, words))
    tellings: list[Telling] = []
    late: list[str] = []
    for route in taken:
        for chain in chains_of(route, plan, now, words):
            tellings.append(tell(chain, route.origin, plan, refused, doubted))
            late += [said for said in _late(tellings[-1], doubted) if said not in late]
            words.extend(_told(tellings[-1], refused, doubted))
    if not any(telling.channels for telling in tellings):
        words.append("nobody is told")
    return Decision(tuple(tellings), taken, refused, tuple(words), tuple(late))


def refusals(incident: Incident, plan: NotifyPlan) -> dict[str, str]:
    """Return by channel why it may not carry alerts of this incident."""
    what = reported(incident, plan)
    said = {channel.name: refusal(channel, what, plan) for channel in plan.channels}
    return {name: why for name, why in said.items() if why}


def tell(chain: Chain, origin: str, plan: NotifyPlan, refused: Mapping[str, str], doubted: Mapping[str, str] = NONE) -> Telling:
    """Return a chain with those of its channels that are there and may be used, the doubted last."""
    known = {channel.name for channel in plan.channels}
    order = tuple(sorted(chain, key=lambda name: name in doubted and name not in refused))
    return Telling(order, tuple(name for name in order if name in known and name not in refused), origin)


def chains_of(route: Route, plan: NotifyPlan, now: datetime, words: list[str]) -> tuple[Chain, ...]:
    """Return the chains that a route tells at a moment; of a rota those of whoever is on call, which is added to the words."""
    if not route.rota:
        return route.to
    rota = plan.rotas.get(route.rota)
    if rota is None:
        words.append(f"{route.origin} names the rota {route.rota}, which is not there")
        return ()
    turn = on_call(rota, now)
    words.append(turn.why)
    return turn.chains


def _late(telling: Telling, doubted: Mapping[str, str]) -> Iterator[str]:
    """Yield which channels of a chain are asked last, or first although they are in doubt."""
    alone = all(name in doubted for name in telling.channels)
    how = "is asked all the same, for no other is left" if alone else "is asked last"
    yield from (f"{name} {how}: it {doubted[name]}" for name in telling.channels if name in doubted)


def _told(telling: Telling, refused: Mapping[str, str], doubted: Mapping[str, str]) -> Iterator[str]:
    """Yield what comes of one chain, in words."""
    yield from (f"{name} is not asked: it {refused[name]}" for name in telling.chain if name in refused)
    yield from _late(telling, doubted)
    if telling.channels:
        yield f"told over {', then '.join(telling.channels)} ({telling.origin})"
    else:
        yield f"of {', then '.join(telling.chain) or 'an empty chain'} no channel is left ({telling.origin})"


# -- which routes match


def _taken(incident: Incident, plan: NotifyPlan, now: datetime, words: list[str]) -> Iterator[Route]:
    """Yield the routes that are taken; why others are not is added to the words."""
    for route in plan.routes:
        why = mismatch(route, incident, plan) or _unseasonable(route, now)
        words.append(f"{route.origin} {f'does not match: {why}' if why else 'matches'}")
        if not why:
            yield route
            if not route.go_on:
                return


def mismatch(route: Route, incident: Incident, plan: NotifyPlan) -> str:
    """Return why a route is not for an incident, whatever the time; "" = it is."""
    if route.levels and incident.level not in route.levels:
        return f"the level is {incident.level.name}"
    if not fits(route.scene.cause, incident.cause.key):
        return f"the cause is {incident.cause.key}"
    if not fits(route.scene.site, plan.site):
        return f"the site is {plan.site or 'without a name'}"
    return "" if _on_scene(route.scene, incident, plan) else f"it is not about {_words(route.scene)}"


def _on_scene(scene: Scene, incident: Incident, plan: NotifyPlan) -> bool:
    """Say whether at least one failing cell is of the scene."""
    if scene.domain == "*" and scene.server == "*":
        return True
    itself = (("", server) for server in named(incident.cause, plan))
    for domain, server in dict.fromkeys((*itself, *places(incident.failing or incident.cells or incident.cause.cells, plan))):
        domains = (domain,) if domain else incident.domains
        if fits(scene.server, server) and (scene.domain == "*" or any(fits(scene.domain, one) for one in domains)):
            return True
    return False


def _unseasonable(route: Route, now: datetime) -> str:
    calendar = route.calendar
    return "" if calendar is None or calendar.covers(now) else f"the calendar {calendar.name} does not hold then"


def _words(scene: Scene) -> str:
    named = (("domain", scene.domain), ("server", scene.server))
    return ", ".join(f"{name} {glob}" for name, glob in named if glob != "*")


def fits(glob: str, text: str) -> bool:
    """Say whether a glob matches, without case."""
    return glob == "*" or fnmatchcase(text.lower(), glob.lower())
