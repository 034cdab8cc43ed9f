"""An exposition as Prometheus would read it, of a board on which everything has happened, with numbers of real parts."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families as parse_classic

from console.histogram import MAIL_SECONDS, Histogram
from console.ports import AlarmNumbers, ChannelNumbers, Numbers, Reloaded
from console.ports_tracking import TrackingNumbers
from probe.clock import utc_now
from probe.values import Outcome
from service.health.numbers import HealthNumbers
from service.rounds.stats import Stats, Tally
from service.rounds.trips import TripStats
from store.store import StoreHealth
from tests.console.made_board import AT, SERVERS, Made, a_check, a_journey, a_run, a_timeout, a_trip
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client.samples import Sample

SITE = {"site": "berlin"}
IMAP = SITE | {"domain": "abc.example", "server": "imap", "kind": "imap"}
HEALTH = HealthNumbers(
    loop_lag_seconds=0.0021,
    loop_holds_total=3,
    loop_held_seconds_total=0.5,
    processor_wait_seconds_total=0.25,
    gc_pauses_total=100,
    gc_full_pauses_total=2,
    gc_pause_seconds_total=0.3,
    gc_longest_pause_seconds=0.02,
    control_probe_seconds=0.0011,
    control_probe_failures_total=1,
    suspect_verdicts_total=5,
    doubted_verdicts_total=4,
    sick=True,
    sick_reason="slow",
    sick_seconds_total=12.5,
    open_files=30,
    open_files_limit=1024,
)
STATS = Stats(
    planned=2,
    running=3,
    waiting={"imap": 2, "imaps": 1},
    tally=Tally(missed=Counter(imap=4), held=Counter(imap=1)),
    backing_off={"mail.isp.example port 143": "it said: too many logins"},
    hints={},
    clock_steps=2,
    last_clock_step=None,
)
ALARMS = AlarmNumbers(
    open={Level.CRITICAL: 2},
    opened={"server": 5},
    outbox_depth=3,
    outbox_oldest_at=utc_now() - timedelta(minutes=2),
    channels=(ChannelNumbers("ops-mail", "mail", 7, 2, 1, 1, AT), ChannelNumbers("pager", "webhook")),
    heartbeat_sent=9,
    heartbeat_failed=1,
    heartbeat_at=AT,
)
FOLLOWED = {
    "name": "mx",
    "lines": 1_000,
    "unparsed": 3,
    "refusals": 1,
    "behind_bytes": 512,
    "lag_seconds": 1.25,
    "last_at": "2026-11-20T08:00:00+00:00",
}
FOLLOWING = {"waiting_events": 4, "lake_bytes": 8_192, "sources": [FOLLOWED], "clocks": [{"server": "hub1", "offset_seconds": -0.5}]}
STAYS = Histogram(MAIL_SECONDS)
STAYS.saw(0.3)
TRACKING = TrackingNumbers(
    well=True, starts=2, state=FOLLOWING, hops={"hub1": STAYS}, links={"mx1 -> hub1": STAYS}, outcomes={"delivered": 6}
)
NUMBERS = Numbers(
    tracking=lambda: TRACKING,
    store=lambda: StoreHealth(7, 1_000, 2, "", 4_096, 0.004),
    rounds=lambda: STATS,
    trips=lambda: TripStats(1, 10, 2, 3, 4, 5),
    prober=lambda: HEALTH,
    reloaded=lambda: Reloaded("line 3: unknown key", AT),
    alarms=lambda: ALARMS,
)


@dataclass(frozen=True)
class Shown:
    """An exposition, parsed."""

    samples: list[Sample]

    def value(self, name: str, **labels: str) -> float:
        """Return the value of the one series of this name that has these labels."""
        found = [one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items()]
        assert len(found) == 1, (name, labels, found)
        return found[0]

    def labels(self, name: str) -> list[dict[str, str]]:
        return [one.labels for one in self.samples if one.name == name]


def parsed(text: str, parse: Callable[[str], Any] = parse_classic) -> Shown:
    return Shown([sample for family in parse(text) for sample in family.samples])


def busy() -> Made:
    """A board on which everything that has a series has happened."""
    made = Made()
    checks = [a_check(domain, server) for domain in ("abc.example", "def.example") for server in (*SERVERS, "pop3s")]
    made.board.plan([*checks, a_check("new.example")], [a_journey()])
    for check in checks[:-1]:
        made.board.saw(a_run(check))
    made.board.saw(a_timeout(checks[-1]))
    made.board.saw(a_run(checks[0], Level.WARNING, suspect=True))
    made.board.saw_trip(a_trip(Outcome.DELIVERED, 0))
    made.board.saw_trip(a_trip(None, 5))
    return made


def promtool(text: str) -> tuple[int, str]:
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stdout + done.stderr
