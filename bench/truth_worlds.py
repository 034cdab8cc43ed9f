"""The worlds that are generated: what goes wrong in each, and how often (shares of 1)."""

from __future__ import annotations

from bench.truth_values import World

ORDINARY = {
    "alias": 0.05,
    "group": 0.05,
    "shadow": 0.8,
    "fork": 0.2,
    "same connection": 0.3,
    "many domains": 0.15,
    "split": 0.1,
    "put off": 0.02,
    "refused": 0.01,
    "sieve": 0.02,
    "case": 0.1,
}
HOSTILE = {
    "clocks": {"clock seconds": 90.0, "clock ppm": 200.0},
    "reuse": {"reuse": 0.6, "new database": 0.0005},
    "filters": {"silent filter": 0.5, "split": 0.5},
    "resends": {"resend": 0.3, "stolen message-id": 0.05, "no message-id": 0.1},
    "failures": {"refused": 0.1, "put off": 0.2},
    "liars": {"lies": 0.8, "hostile address": 0.2, "nat": 0.5},
    "balancers": {"names by relay": 1.0, "reuse": 0.3},
    "disorder": {"disorder": 0.3},
}
_ABOUT = {
    "clocks": "each clock is off by up to 90 s and drifts by up to 200 ppm",
    "reuse": "short queue ids come again at once, internal ids begin anew",
    "filters": "half of the re-injections go unsaid",
    "resends": "Message-IDs used again (up to seven times within minutes), stolen, or absent",
    "failures": "a tenth is refused, a fifth put off",
    "liars": "foreign replies claim ids of ours, addresses and names deceive",
    "balancers": "servers are talked to under names that no log has, and ids come again",
    "disorder": "lines out of order",
}
_ALL = {feature: share for features in HOSTILE.values() for feature, share in features.items()} | {"reuse": 0.05}
WORLDS: dict[str, World] = {
    "ordinary": World("ordinary", "aliases, groups, forks, shadow copies, splits, Sieve, few failures", ORDINARY),
    **{name: World(name, _ABOUT[name], ORDINARY | features) for name, features in HOSTILE.items()},
    "lost": World("lost", "one of two hubs and one of two Exchange servers have no logs", ORDINARY, dark=("hub2", "ex2")),
    "autumn": World("autumn", "local stamps while the clocks go back", ORDINARY, zone="Europe/Berlin"),
    "all": World("all", "all of these at once", ORDINARY | _ALL, dark=("hub2",)),
}
