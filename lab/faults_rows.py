"""The rows of FAULTS: the product of families and servers, then those that only one server can have. Values alone, no I/O.

Faults of a mailbox or a sender touch alpha.test or beta.test alone, so that a run shows the others well beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.faults_table import FAMILIES, FRONTS, Family, Fault, Front, Says, Wants

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHA, BETA = "probe@alpha.test", "probe@beta.test"
CHECK_LIMIT, TRIP_LIMIT = "limit 1 s", "limit 1.5 s"  # the warnings of the lab's mailsonde.yml
UNDER_WAY = "WARNING"  # a trip that has not ended when it is late


def _wants(front: Front, family: Family) -> Callable[[float], Wants]:
    """Return what a family wants of a server."""

    def wants(number: float) -> Wants:
        behaviour = family.behaviour(front, number)
        found: Wants = {("route", route, name): value for route in front.routes for name, value in behaviour.items()}
        return found | (dict.fromkeys(front.stops, True) if family.stops else {})

    return wants


def _says(front: Front, family: Family, *, slow: bool) -> Says:
    """Return what Mailsonde must say of the server's checks, or of the trips that pass it."""
    if slow and front.protocol == "hop":
        return Says(front.says_of, "WARNING", outcome="delivered", reason=TRIP_LIMIT)
    if slow:
        return Says(front.says_of if front.protocol != "dns" else "*/dns", "WARNING", reason=CHECK_LIMIT)
    if front.protocol == "hop":
        return Says(front.says_of, UNDER_WAY)
    step = family.steps[front.protocol] if not isinstance(family.steps, str) else family.steps
    return Says(front.says_of, kind=family.kind(front.protocol), step=step)


def _product() -> list[Fault]:
    """Return every family for every server."""
    rows = []
    for server, front in FRONTS.items():
        for name, family in FAMILIES.items():
            slow = name == "slow"
            says = [_says(front, family, slow=slow)]
            if server == "lmtp" and not slow:
                says.append(Says("*", UNDER_WAY))
            fault = Fault(f"{server}-{name}", f"{server} {family.does}", _wants(front, family), tuple(says))
            rows.append(fault if not slow else Fault(fault.name, fault.does, fault.wants, fault.says, "ms", front.usual_ms))
    return rows


# server -> (group of certificates, globs of the checks that see it)
CERTIFIED = {
    "submission": ("mx", ("*/submission", "*/smtps", "*/smtp")),
    "imap": ("imap", ("*/imap", "*/imaps")),
    "pop3": ("pop3", ("*/pop3", "*/pop3s")),
    "directory": ("ldap", ("*/directory",)),
}
CERTIFICATES = {
    "expired": ("has expired", "expired"),
    "wrong-name": ("is another host's", "match"),
    "unknown-ca": ("is of an unknown CA", "issuer"),
}
STRIPPED = {"smtp": "smtp", "submission": "submission", "imap": "imap", "pop3": "pop3", "directory": "ldap"}


def _certificate(server: str, variant: str) -> Fault:
    group, seen = CERTIFIED[server]
    does, reason = CERTIFICATES[variant]
    says = tuple(Says(of, kind="TLS", step="tls", reason=reason) for of in seen)
    return Fault(f"{server}-{variant}", f"{server}'s certificate {does}", lambda _: {("certificate", group): variant}, says)


def _stripped(server: str) -> Fault:
    route = STRIPPED[server]
    says = (Says(f"*/{server}", kind="TLS", step="starttls"),)
    does = f"somebody before {server} takes STARTTLS away"
    return Fault(f"{server}-starttls-stripped", does, lambda _: {("route", route, "strip"): True}, says)


def _tls() -> list[Fault]:
    """Return the rows about TLS."""
    return [_certificate(server, variant) for server in CERTIFIED for variant in CERTIFICATES] + [_stripped(server) for server in STRIPPED]


def _plain(name: str, does: str, wants: Wants, *says: Says) -> Fault:
    return Fault(name, does, lambda _: wants, says)


def _login(domain: str) -> tuple[Says, ...]:
    """Return what a refused login looks like in the servers that ask for one."""
    steps = {"imap": "login", "imaps": "login", "pop3": "login", "pop3s": "login", "submission": "auth", "smtps": "auth"}
    return tuple(Says(f"{domain}/{server}", kind="AUTH", step=step) for server, step in steps.items())


ACCOUNTS = [
    _plain("wrong-password", f"{ALPHA} has another password than Mailsonde knows", {("password", ALPHA): "another"}, *_login("alpha.test")),
    _plain("account-locked", f"{BETA} is locked", {("status", BETA): "locked"}, *_login("beta.test")),
    _plain(
        "over-quota",
        f"{BETA} holds no more mail",
        {("quota", BETA): 1},
        Says("alpha-to-beta", outcome="bounced", reason="Quota exceeded"),
        Says("beta.test", UNDER_WAY),
    ),
]
DIRECTORY = [
    Fault(
        "directory-busy",
        "the directory answers busy (51) to everything, also to Postfix and Dovecot",
        lambda _: {("route", "ldap", "busy"): True},
        (Says("*/directory", "WARNING", "TEMPORARY", "starttls", reason="busy"), Says("*/smtp", "WARNING", "TEMPORARY", "rcpt")),
    ),
    Fault(
        "directory-away",
        "the directory is gone for those who ask it: Postfix, Dovecot and Mailsonde",
        lambda _: {("stopped", "slapd"): True, ("route", "ldap", "refuse"): True, ("route", "ldaps", "refuse"): True},
        (
            Says("*/directory", kind="CONNECT", step="connect"),
            Says("*/smtp", "WARNING", "TEMPORARY", "rcpt"),
            Says("*/imap", "WARNING", "TEMPORARY", "login"),
            Says("*/pop3", "WARNING", "TEMPORARY", "login"),
        ),
    ),
]
SENDER = "smtpd_sender_restrictions"
MAIL = [
    _plain(
        "held",
        "hub holds what comes",
        {("parameter", "hub", "smtpd_client_restrictions"): "check_client_access static:HOLD"},
        Says("*", UNDER_WAY),
    ),
    _plain(
        "deferred",
        "hub asks mx to come back later with each message",
        {("parameter", "hub", "relay_transport"): "retry:4.3.2 the way on is closed"},
        Says("*", UNDER_WAY),
    ),
    Fault(
        "greylisted",
        "mx asks everybody new to come back in {n} s",
        lambda seconds: {("greylist", "mx"): seconds},
        (
            Says("*/s*", "WARNING", "TEMPORARY", "rcpt", reason="451 4.7.1"),  # smtp, submission, smtps
            Says("*", UNDER_WAY),
        ),
        "s",
        60,
    ),
    _plain(
        "bounced",
        "edge takes alpha.test's mail and sends it back",
        {("parameter", "edge", SENDER): "check_sender_access inline:{ {alpha.test = FILTER error:5.7.1 nobody here wants this} }"},
        Says("alpha*", outcome="bounced", reason="nobody here wants this"),
    ),
    _plain(
        "rejected",
        "mx refuses what alpha.test sends",
        {("parameter", "mx", SENDER): "check_sender_access inline:{ {alpha.test = 550 5.7.1 alpha.test may not send} }"},
        Says("alpha.test/s*", kind="PERMANENT", step="rcpt", reason="may not send"),  # smtp, submission, smtps
        Says("alpha*", outcome="rejected", reason="may not send"),
    ),
    _plain(
        "junk",
        f"a sieve script files {ALPHA}'s mail into Junk",
        {("sieve", ALPHA): 'require ["fileinto"];\nfileinto "Junk";\n'},
        Says("alpha.test", "WARNING", outcome="misplaced", reason="Junk"),
    ),
    _plain(
        "twice",
        f"edge delivers {ALPHA}'s mail twice",
        {("parameter", "edge", "virtual_alias_maps"): f"inline:{{ {{{ALPHA} = {ALPHA}, probe+twice@alpha.test}} }}"},
        Says("alpha.test", "WARNING", outcome="duplicate"),
    ),
    _plain(
        "body-changed",
        "a letter of each message changes between hub and edge",
        {("route", "edge", "body"): True},
        Says("*", "WARNING", outcome="modified"),
    ),
    Fault(
        "clock-off",
        "hub's clock is {n} s ahead",
        lambda seconds: {("clock", "hub"): seconds},
        (Says("*", "OK", outcome="delivered"),),
        "s",
        90,
    ),
    Fault(
        "link-slow",
        "whatever passes between mx and hub comes {n} ms late, either way",
        lambda ms: {("route", "hub", "link_seconds"): ms / 1000},
        (Says("*", "WARNING", outcome="delivered", reason=TRIP_LIMIT),),
        "ms",
        200,
    ),
]

FAULTS: dict[str, Fault] = {fault.name: fault for fault in [*_product(), *_tls(), *ACCOUNTS, *DIRECTORY, *MAIL]}
