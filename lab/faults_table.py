"""FAULTS: what can be broken in a lab, what breaks with it, and what Mailsonde must say of it. Values and tables, no I/O.

A fault is a handful of settings that differ from the lab's own (`Wants`); nothing remembers how to undo it, because whoever puts it in
force compares what is wanted now with what was wanted before (lab.faults). So faults combine freely, but for two that want different
values of the same setting. Most rows are the product of a family (stopped, silent, ...) and a server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# (area, what), e.g. ("route", "imap", "cut") -> 2, ("parameter", "mx", "smtpd_sender_restrictions") -> "..."; see lab.faults_apply.AREAS
Key = tuple[str, ...]
Wants = dict[Key, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Says:
    """What `probe run --format json` must say of each check or trip that `of` matches, while this fault alone is in force."""

    of: str  # glob: "*/imap" is of checks (domain/server), "alpha*" without a slash of trips
    level: str = "CRITICAL"  # DESIGN section 3
    kind: str = ""  # of a check's fault (probe.values.FaultKind); "" = no fault
    step: str = ""  # the step under way
    outcome: str = ""  # of a trip (probe.values.Outcome); "" = still under way when the run ends
    reason: str = ""  # stands in one of the reasons


@dataclass(frozen=True, slots=True)
class Fault:
    """One row."""

    name: str
    does: str  # in words; {n} stands for the number
    wants: Callable[[float], Wants]  # the number, or `usual` -> settings
    says: tuple[Says, ...]
    unit: str = ""  # of the number; "" = it takes none
    usual: float = 0  # the number when none is given


@dataclass(frozen=True, slots=True)
class Front:
    """A server as its clients see it."""

    routes: tuple[str, ...]  # keys of lab.json's ports
    protocol: str  # as the probe meets it first: smtp, lmtp, imap, pop3, ldap, tls, dns, or "hop" where only trips come by
    says_of: str  # glob of its checks or trips
    stops: tuple[Key, ...]  # what stopping the real server is
    usual_ms: int = 150  # slowness that passes the lab's warning and stays under its critical


FRONTS = {
    "smtp": Front(("smtp",), "smtp", "*/smtp", (("listener", "mx", "smtp"),)),
    "submission": Front(("submission",), "smtp", "*/submission", (("listener", "mx", "submission"),)),
    "smtps": Front(("smtps",), "tls", "*/smtps", (("listener", "mx", "smtps"),)),
    "imap": Front(("imap",), "imap", "*/imap", (("listener", "dovecot", "imap"),)),
    "imaps": Front(("imaps",), "tls", "*/imaps", (("listener", "dovecot", "imaps"),)),
    "pop3": Front(("pop3",), "pop3", "*/pop3", (("listener", "dovecot", "pop3"),)),
    "pop3s": Front(("pop3s",), "tls", "*/pop3s", (("listener", "dovecot", "pop3s"),)),
    "lmtp": Front(("lmtp",), "lmtp", "*/lmtp", (("listener", "dovecot", "lmtp"),), 250),
    "directory": Front(("ldap", "ldaps"), "ldap", "*/directory", (("stopped", "slapd"),), 250),
    "dns": Front(("dns",), "dns", "*/*", (("stopped", "nsd"),), 600),
    "hub": Front(("hub",), "hop", "*", (("stopped", "hub"),), 600),
    "edge": Front(("edge",), "hop", "*", (("stopped", "edge"),), 600),
}

FIRST_STEP = {
    "smtp": "greeting",
    "lmtp": "greeting",
    "imap": "greeting",
    "pop3": "greeting",
    "tls": "tls",
    "ldap": "starttls",
    "dns": "resolve",
}
SECOND_STEP = FIRST_STEP | {"smtp": "hello", "lmtp": "hello", "imap": "starttls", "pop3": "capa"}  # IMAP greets with its capabilities
BROKEN = {"tls": "TLS", "dns": "RESOLVE"}  # what rubbish is called there; elsewhere PROTOCOL


@dataclass(frozen=True, slots=True)
class Family:
    """One way in which any server can fail."""

    does: str
    behaviour: Callable[[Front, float], Mapping[str, float | bool]]  # of the proxy, on each of the server's routes
    kind: Callable[[str], str]  # protocol -> fault kind; "" = none
    steps: Mapping[str, str] | str = ""  # protocol -> step under way
    stops: bool = False  # the real server stops too


def _absent(protocol: str) -> str:
    return "RESOLVE" if protocol == "dns" else "CONNECT"


def _rubbish(protocol: str) -> str:
    return BROKEN.get(protocol, "PROTOCOL")


ABSENT_STEP = dict.fromkeys(FIRST_STEP, "connect") | {"dns": "resolve"}
FAMILIES = {
    "stopped": Family("is stopped", lambda _, __: {"refuse": True}, _absent, ABSENT_STEP, stops=True),
    "refusing": Family("refuses connections", lambda _, __: {"refuse": True}, _absent, ABSENT_STEP),
    "silent": Family("accepts and says nothing", lambda _, __: {"silent": True}, lambda _: "TIMEOUT", FIRST_STEP),
    "slow": Family("answers {n} ms late, each time", lambda _, ms: {"slow_seconds": ms / 1000}, lambda _: ""),
    "cut": Family("hangs up in the middle of a reply", lambda front, _: {"cut": cut_reply(front.protocol)}, _rubbish, SECOND_STEP),
    "flood": Family("sends a line without end", lambda _, __: {"flood": True}, _rubbish, FIRST_STEP),
    "garbage": Family("sends rubbish", lambda _, __: {"garbage": True}, _rubbish, FIRST_STEP),
}


def cut_reply(protocol: str) -> int:
    """Return which reply is cut: the first where the client speaks first, else the one after the greeting."""
    return 1 if protocol in {"ldap", "tls", "dns"} else 2
