"""Whether the settings fit one another: names that exist, roles that can be played, mailboxes where something signs in. Pure.

Each check yields (path, sentence). A part that is wrong in itself is None here (the lenient reading) and is passed over; names that are
written somewhere count as known, so that one slip is one error.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from config.errors import did_you_mean, listed
from config.roles import ROLES, Need, kinds_that
from config.scalars import duration_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from config.errors import Path
    from config.servers import Discovery, Domain, Loop, TripEnd, TripPlan
    from config.settings import Settings

WALL = "screen"  # name and kind of the channel that is always there: the console's wall
Found = tuple["Path", str]
_NO_LOGIN = "has neither `password` nor `token`, but {} cannot be checked without one"


class View(NamedTuple):
    """The settings, with the names that the file writes, sound or not. None = that section is no mapping or list: ask nothing of it."""

    settings: Settings
    servers: Sequence[str] | None
    calendars: Sequence[str] | None
    domains: Sequence[str] | None
    channels: Sequence[str] | None  # with the console's wall
    rotas: Sequence[str] | None


def unknown(name: str, known: Sequence[str] | None, what: str) -> str:
    """Return that there is no such thing, and what there is; "" = there is, or nobody knows."""
    if known is None or name in known:
        return ""
    allowed = f"the {what}s are {listed(sorted(known), 'and')}" if known else f"there is no {what} yet"
    return f"there is no {what} {name}; {allowed}{did_you_mean(name, known)}"


def _names(view: View, path: Path, names: Sequence[str]) -> Iterator[Found]:
    for index, name in enumerate(names):
        says = unknown(name, view.servers, "server")
        if says:
            yield ((*path, index), says)
        elif names.index(name) < index:
            yield ((*path, index), f"{name} stands in this list twice; once is one check")


def _role(view: View, path: Path, name: str, role: str) -> Iterator[Found]:
    """Check that a server exists and can play its part: `submit` or `fetch`."""
    says = unknown(name, view.servers, "server")
    server = view.settings.servers.get(name)
    fit = kinds_that(submit=role == "submit", fetch=role == "fetch")
    if not says and server is not None and server.kind not in fit:
        does = "take a test message in" if role == "submit" else "show a mailbox"
        says = f"{name} is of kind {server.kind}, which cannot {does}; kinds that can: {listed(fit)}"
    if says:
        yield (path, says)


def _servers(view: View) -> Iterator[Found]:
    checks = view.settings.checks
    for name, server in view.settings.servers.items():
        if server is None:
            continue
        for index, other in enumerate(server.depends_on):
            says = unknown(other, view.servers, "server") or ("a server does not depend on itself" if other == name else "")
            if says:
                yield (("servers", name, "depends_on", index), says)
        every, timeout = server.every_seconds or checks.every_seconds, server.timeout_seconds or checks.timeout_seconds
        if timeout >= every and (server.every_seconds or server.timeout_seconds):
            yield (("servers", name, "timeout" if server.timeout_seconds else "every"), _too_long(timeout, every))


def _checks(view: View) -> Iterator[Found]:
    checks = view.settings.checks
    if checks.timeout_seconds >= checks.every_seconds:
        yield (("checks", "timeout"), _too_long(checks.timeout_seconds, checks.every_seconds))
    trips = view.settings.roundtrip
    if trips.late_after_seconds >= trips.lost_after_seconds:
        yield (("roundtrip", "late_after"), _too_late(trips.late_after_seconds, trips.lost_after_seconds))


def _too_long(timeout: float, every: float) -> str:
    return f"timeout ({duration_text(timeout)}) is not shorter than every ({duration_text(every)}); a check must end before the next begins"


def _too_late(late: float, lost: float) -> str:
    return f"late_after ({duration_text(late)}) is not before lost_after ({duration_text(lost)}); a message is late before it is given up"


def _domains(view: View) -> Iterator[Found]:
    for index, domain in enumerate(view.settings.domains):
        if domain is None:
            continue
        yield from _names(view, ("domains", index, "servers"), domain.servers)
        yield from _mailbox(view, ("domains", index), domain)
        if domain.roundtrip is not None:
            yield from _loop(view, ("domains", index), domain, domain.roundtrip)


def _needing(view: View, names: Sequence[str], need: Need) -> list[str]:
    servers = {name: view.settings.servers.get(name) for name in names}
    return [name for name, server in servers.items() if server is not None and ROLES[server.kind].needs is need]


def _mailbox(view: View, path: Path, domain: Domain) -> Iterator[Found]:
    used = (*domain.servers, *((domain.roundtrip.submit, domain.roundtrip.fetch) if domain.roundtrip else ()))
    sign_in, address = _needing(view, used, Need.LOGIN), _needing(view, used, Need.ADDRESS)
    if domain.mailbox is None and (sign_in or address):
        example = f"mailbox: {{address: probe@{domain.name}, password: {{file: PATH}}}}"
        yield (path, f"{domain.name} has no mailbox, but {listed(sign_in + address, 'and')} cannot be checked without one; add {example}")
    elif domain.mailbox is not None and domain.mailbox.secret is None and sign_in:
        yield ((*path, "mailbox"), _NO_LOGIN.format(listed(sign_in, "and")))


def _loop(view: View, path: Path, domain: Domain | Discovery, loop: Loop) -> Iterator[Found]:
    permitted = tuple(domain.servers.values()) if isinstance(domain.servers, dict) else domain.servers
    for role, name in (("submit", loop.submit), ("fetch", loop.fetch)):
        found = list(_role(view, (*path, "roundtrip", role), name, role))
        yield from found
        if not found and name not in permitted:
            says = f"{name} is not among this domain's servers, which are {listed(permitted, 'and')}"
            yield ((*path, "roundtrip", role), says)


def _twice(view: View) -> Iterator[Found]:
    """Names that must be unique: domains (after IDNA and case), and all ways of test messages."""
    seen: Counter[str] = Counter()
    for index, domain in enumerate(view.settings.domains):
        if domain is not None:
            seen[domain.name] += 1
            if seen[domain.name] > 1:
                yield (("domains", index, "name"), f"the domain {domain.name} is given twice; put its servers into one entry")
    for index, trip in enumerate(view.settings.trips):
        if trip is not None:
            seen[trip.name] += 1
            if seen[trip.name] > 1:
                yield (("trips", index, "name"), f"the name {trip.name} is taken by another trip or by a domain; give it another")


def _trips(view: View) -> Iterator[Found]:
    for index, trip in enumerate(view.settings.trips):
        if trip is not None:
            path = ("trips", index)
            yield from _end(view, (*path, "from"), trip.start, "submit")
            yield from _end(view, (*path, "to"), trip.end, "fetch")
            yield from _rhythm(view, path, trip)
            if trip.start is not None and trip.start.bounces is not None:
                yield from _role(view, (*path, "from", "bounces"), trip.start.bounces, "fetch")


def _end(view: View, path: Path, end: TripEnd | None, role: str) -> Iterator[Found]:
    if end is None:
        return
    yield from _role(view, (*path, "server"), end.server, role)
    says = unknown(end.domain, view.domains, "domain") if end.domain else ""
    if says:
        yield ((*path, "domain"), says)
    domain = next((one for one in view.settings.domains if one is not None and one.name == end.domain), None)
    mailbox = domain.mailbox if domain is not None else end.mailbox
    if mailbox is None and domain is not None:
        yield ((*path, "domain"), f"{end.domain} has no mailbox, and a trip needs one at each end")
    elif mailbox is not None and mailbox.secret is None and _needing(view, [end.server], Need.LOGIN):
        yield (path, f"its mailbox {_NO_LOGIN.format(end.server)}")


def _rhythm(view: View, path: Path, trip: TripPlan) -> Iterator[Found]:
    common = view.settings.roundtrip
    late, lost = trip.late_after_seconds or common.late_after_seconds, trip.lost_after_seconds or common.lost_after_seconds
    if late >= lost and (trip.late_after_seconds or trip.lost_after_seconds):
        yield ((*path, "late_after" if trip.late_after_seconds else "lost_after"), _too_late(late, lost))


def _discovery(view: View) -> Iterator[Found]:
    discovery = view.settings.discovery
    if discovery is None:
        return
    yield from _directory(view, discovery.server)
    for service, name in discovery.servers.items():
        says = unknown(name, view.servers, "server")
        if says:
            yield (("discovery", "servers", service), says)
    yield from _account(view, discovery)
    if discovery.roundtrip is not None:
        yield from _loop(view, ("discovery",), discovery, discovery.roundtrip)


def _directory(view: View, name: str) -> Iterator[Found]:
    says, server = unknown(name, view.servers, "server"), view.settings.servers.get(name)
    if not says and server is not None and server.kind != "ldap":
        says = f"{name} is of kind {server.kind}, but domains are found in a directory; name a server of kind ldap"
    if says:
        yield (("discovery", "server"), says)


def _account(view: View, discovery: Discovery) -> Iterator[Found]:
    """Check that discovered domains have what their servers want of a mailbox."""
    servers = list(dict.fromkeys(discovery.servers.values()))
    sign_in, address = _needing(view, servers, Need.LOGIN), _needing(view, servers, Need.ADDRESS)
    if discovery.mailbox is None and (sign_in or address):
        example = "add mailbox: {address: probe@{domain}, password: {file: PATH}}"
        yield (("discovery",), f"has no mailbox, but {listed(sign_in + address, 'and')} cannot be checked without one; {example}")
    elif discovery.mailbox is not None and discovery.mailbox.secret is None and sign_in:
        yield (("discovery", "mailbox"), _NO_LOGIN.format(listed(sign_in, "and")))


def _thresholds(view: View) -> Iterator[Found]:
    for index, threshold in enumerate(view.settings.thresholds):
        if threshold is not None and threshold.calendar is not None:
            says = unknown(threshold.calendar, view.calendars, "calendar")
            if says:
                yield (("thresholds", index, "calendar"), says)


def oddities(settings: Settings) -> Iterator[Found]:
    """Yield what is no error, but hardly meant: a configuration by which nothing is checked."""
    if not settings.servers:
        yield (("servers",), "there is none, so nothing is checked; name at least one")
    elif not settings.domains and not settings.trips and settings.discovery is None:
        yield (("domains",), "there is none, so nothing is checked; name at least one, or find them with `discovery`")


CHECKS: tuple[Callable[[View], Iterator[Found]], ...] = (_servers, _checks, _domains, _twice, _trips, _discovery, _thresholds)
