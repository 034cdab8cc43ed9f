"""The series of the prober itself: schedule, health, store, configuration, process and build. Asks others for plain numbers."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from prometheus_client import ProcessCollector

from console.metrics_alarms import alarm_families
from console.metrics_counts import family, histograms, site_of
from console.metrics_table import BUILD, METRICS, PROBER, SICK_INFO, TRIP_NUMBERS
from console.metrics_text import escaped
from console.metrics_tracking import tracking_families
from probe.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from console.board import Board
    from console.metrics_metric import Metric
    from console.ports import Numbers, RoundsNumbers
    from console.ports_tracking import TrackingNumbers
    from store.store import StoreHealth

Samples = list[tuple[str, float]]
Families = dict[str, Samples]
PREFIX = "mailsonde_"


class Own:
    """Says how the prober itself is.

    Args:
        version: of this distribution.
        numbers: what others measure of themselves.
    """

    def __init__(self, board: Board, numbers: Numbers, version: str) -> None:
        self._board, self._numbers, self._version = board, numbers, version
        self._process = ProcessCollector(registry=None)

    def families(self, *, open_metrics: bool) -> Iterator[str]:
        """Yield all of it, a family at a time."""
        site, numbers = site_of(self._board), self._numbers
        found: Families = {}
        rounds, store = numbers.rounds(), numbers.store()
        if rounds is not None:
            found |= _rounds(site, rounds, sorted({server for server, _ in self._board.tallies}))
        prober = numbers.prober()
        if prober is not None:
            found |= _named(site, PROBER, prober)
            found[SICK_INFO.name] = [(f'{site},reason="{escaped(prober.sick_reason)}"', 1.0)] if prober.sick else []
        found |= _named(site, TRIP_NUMBERS, numbers.trips())
        if store is not None:
            found |= _store(site, store)
        alarms = numbers.alarms()
        if alarms is not None:
            found |= alarm_families(site, alarms, utc_now())
        tracking = numbers.tracking()
        if tracking is not None:
            found |= tracking_families(site, tracking)
        found |= self._config(site)
        found[BUILD.name] = [(f'{site},version="{escaped(self._version)}",python="{platform.python_version()}"', 1.0)]
        found |= {family.samples[0].name: [("", family.samples[0].value)] for family in self._process.collect() if family.samples}
        for name, samples in found.items():
            yield from family(name, samples, open_metrics=open_metrics)
        if tracking is not None:
            yield from tracking_histograms(site, tracking, open_metrics=open_metrics)

    def _config(self, site: str) -> Families:
        reloaded = self._numbers.reloaded()
        found: Families = {"mailsonde_config_last_reload_successful": [(site, float(not reloaded.problem))]}
        if reloaded.taken_at is not None:
            found["mailsonde_config_last_reload_success_timestamp_seconds"] = [(site, reloaded.taken_at.timestamp())]
        return found


def tracking_histograms(site: str, numbers: TrackingNumbers, *, open_metrics: bool) -> Iterator[str]:
    """Yield how long hops and links took by the servers' logs."""
    for name, label, known in (("hop", "server", numbers.hops), ("link", "link", numbers.links)):
        named = ((f'{site},{label}="{escaped(one)}"', histogram) for one, histogram in list(known.items()))
        yield from histograms(METRICS[f"mailsonde_tracking_{name}_seconds"], named, open_metrics=open_metrics)


def _rounds(site: str, rounds: RoundsNumbers, servers: Iterable[str]) -> Families:
    """Return the schedule's numbers; counts of every server that has a check, also those that are nothing."""
    missed, held = rounds.tally.missed, rounds.tally.held
    named = [(f'{site},server="{escaped(server)}"', server) for server in servers]
    return {
        "mailsonde_missed_runs_total": [(labels, float(missed.get(server, 0))) for labels, server in named],
        "mailsonde_held_back_runs_total": [(labels, float(held.get(server, 0))) for labels, server in named],
        "mailsonde_runs_under_way": [(site, float(rounds.running))],
        "mailsonde_runs_waiting": [(site, float(sum(rounds.waiting.values())))],
        "mailsonde_servers_backing_off": [(site, float(len(rounds.backing_off)))],
        "mailsonde_servers_banning": [(site, float(len(rounds.hints)))],
        "mailsonde_clock_steps_total": [(site, float(rounds.clock_steps))],
    }


def _named(site: str, metrics: Mapping[str, Metric], numbers: object | None) -> Families:
    """Return the metrics whose values stand in `numbers` under the names of the table; what is not known yet has none."""
    values = {metric.name: getattr(numbers, name, None) for name, metric in metrics.items()}
    return {name: [(site, float(value))] for name, value in values.items() if value is not None}


def _store(site: str, store: StoreHealth) -> Families:
    values = {
        "queued_results": store.queued,
        "committed_results_total": store.committed,
        "lost_results_total": store.lost,
        "broken": bool(store.broken),
        "file_bytes": store.file_bytes,
        "last_commit_seconds": store.last_commit_seconds,
    }
    return {f"{PREFIX}store_{name}": [(site, float(value))] for name, value in values.items()}
