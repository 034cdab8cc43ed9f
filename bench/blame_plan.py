"""What `make blame` breaks, and what may be named for it: expectations from the rows of FAULTS, singly and in pairs. Values, no I/O.

A fault that another one hides need not be named beside it: where no login works, nobody can tell that one password is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from random import Random

from lab.faults_rows import CERTIFIED, FAULTS
from lab.faults_table import FAMILIES, FRONTS
from lab.names import HOST_OF

TWELVE = (
    "imap-stopped",
    "submission-silent",
    "pop3-slow",
    "smtp-garbage",
    "lmtp-stopped",
    "directory-away",
    "dns-stopped",
    "hub-stopped",
    "submission-expired",
    "wrong-password",
    "rejected",
    "over-quota",
)
SEED, SAMPLE = 5, 30
WITHOUT_TROUBLE = frozenset({"clock-off"})  # nothing is wrong then, so nothing may be named: that is the healthy run's to prove

ON_THE_WAY = ("path:*", "hop:*")
NAMES = ("resolver:*", "prober:*", "server:dns")  # who cannot look up a name doubts himself first
OF_ALPHA, OF_BETA = (
    tuple(f"{kind}:{name}" for kind in ("account", "domain") for name in (domain,)) for domain in ("alpha.test", "beta.test")
)
ALONE: dict[str, tuple[str, ...]] = {
    "wrong-password": OF_ALPHA[:1],
    "account-locked": OF_BETA[:1],
    "over-quota": OF_BETA[:1],
    "directory-busy": ("server:directory",),
    "directory-away": ("server:directory",),
    "held": ON_THE_WAY,
    "deferred": ON_THE_WAY,
    "link-slow": ON_THE_WAY,
    "body-changed": ON_THE_WAY,
    "greylisted": ("host:mx.*",),
    "bounced": OF_ALPHA,
    "rejected": ("domain:alpha.test",),
    "junk": (*OF_ALPHA, "check:trip alpha.test"),
    "twice": (*OF_ALPHA, "check:trip alpha.test"),
}
# what cannot be seen while another fault is in force: hidden -> by what
HIDDEN: dict[str, frozenset[str]] = {
    "wrong-password": frozenset({"directory-away"}),
    "pop3-slow": frozenset({"directory-away"}),
    "rejected": frozenset({"directory-away", "submission-expired"}),
    "hub-stopped": frozenset({"directory-away", "submission-expired", "lmtp-stopped"}),
    "over-quota": frozenset({"directory-away", "submission-expired", "lmtp-stopped", "hub-stopped"}),
}
HIDES_ALL = "dns-stopped"  # nobody is reached whose name is not found
# what of a fault is left to be seen beside another, and may be named instead of, or beside, what is expected
TRIP_OF_BETA = ("check:trip beta.test", "domain:beta.test", *ON_THE_WAY)
INSTEAD: dict[frozenset[str], tuple[str, ...]] = {
    frozenset({"over-quota", "wrong-password"}): TRIP_OF_BETA,  # the message from alpha to beta, whose bounce says why, is not sent
    frozenset({"over-quota", "rejected"}): TRIP_OF_BETA,
    frozenset({"wrong-password", "rejected"}): ("domain:alpha.test",),  # all of alpha is refused, in two ways
}


@dataclass(frozen=True, slots=True)
class Case:
    """One or two faults, and the causes that may be named."""

    faults: tuple[str, ...]
    wanted: tuple[tuple[str, ...], ...]  # of each fault that is seen: one of these must be named
    allowed: tuple[str, ...]  # and nothing but these

    @property
    def name(self) -> str:
        """Return what it is called: `imap-stopped + hub-stopped`."""
        return " + ".join(self.faults)

    def missing(self, keys: set[str]) -> list[str]:
        """Return what ought to be named and is not."""
        return [" or ".join(globs) for globs in self.wanted if not any(fits(key, globs) for key in keys)]

    def strange(self, keys: set[str]) -> list[str]:
        """Return what is named and ought not to be."""
        return sorted(key for key in keys if not fits(key, self.allowed))


def fits(key: str, globs: tuple[str, ...]) -> bool:
    """Say whether a cause's key is among these."""
    return any(fnmatchcase(key, glob) for glob in globs)


def expected(fault: str) -> tuple[str, ...]:
    """Return the causes of which one must be named while this fault alone is in force."""
    if fault in ALONE:
        return ALONE[fault]
    server, _, how = fault.partition("-")
    if how in FAMILIES or how == "starttls-stripped":
        return _front(server)
    group = {"submission": "smtp"}.get(server, server)
    return (f"host:{HOST_OF[group]}.*",) if server in CERTIFIED and server in HOST_OF else (f"server:{server}",)


def _front(server: str) -> tuple[str, ...]:
    protocol = FRONTS[server].protocol
    return {"dns": NAMES, "hop": ON_THE_WAY}.get(protocol, (f"server:{server}",))


def case(*faults: str) -> Case:
    """Return what may be named while these faults are in force."""
    instead = INSTEAD.get(frozenset(faults), ())
    seen = [fault for fault in faults if not _hidden(fault, faults)]
    wanted = tuple((*expected(fault), *instead) for fault in seen)
    return Case(faults, wanted, tuple(dict.fromkeys(glob for fault in faults for glob in (*expected(fault), *instead))))


def _hidden(fault: str, faults: tuple[str, ...]) -> bool:
    others = set(faults) - {fault}
    return HIDES_ALL in others or not others.isdisjoint(HIDDEN.get(fault, ()))


def cases() -> list[Case]:
    """Return the twelve singly, a sample of others singly, and the pairs of the twelve."""
    others = sorted(set(FAULTS) - set(TWELVE) - WITHOUT_TROUBLE)
    sample = sorted(Random(SEED).sample(others, SAMPLE))  # noqa: S311 - which are tried is no secret
    return [*map(case, (*TWELVE, *sample)), *(case(*pair) for pair in combinations(TWELVE, 2))]
