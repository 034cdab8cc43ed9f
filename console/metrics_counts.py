"""The series of servers and trips. Pure: yields short texts and walks over copies, for what it shows may change between two of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from console.metrics_table import METRICS, STEPS
from console.metrics_text import escaped, head, histogram_lines, line
from probe.values import Outcome
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from console.board import Board
    from console.board_cells import Tally
    from console.board_trips import Journeying, Stages
    from console.histogram import Histogram
    from console.metrics_metric import Metric
SLICE = 100  # lines that are made at once


def family(name: str, samples: Iterable[tuple[str, float]], *, open_metrics: bool) -> Iterator[str]:
    """Yield a family whose samples are (labels, value), SLICE lines at a time; nothing where there is none."""
    metric, rest = METRICS[name], iter(samples)
    begun = False
    while lines := "".join([line(metric, labels, value) for labels, value in islice(rest, SLICE)]):
        yield lines if begun else head(metric, open_metrics=open_metrics) + lines
        begun = True


def histograms(metric: Metric, found: Iterable[tuple[str, Histogram]], *, open_metrics: bool) -> Iterator[str]:
    """Yield a family of histograms, each with its labels; nothing where there is none."""
    begun = False
    for labels, histogram in found:
        if not begun:
            begun = True
            yield head(metric, open_metrics=open_metrics)
        yield from histogram_lines(metric, labels, histogram)


# -- servers


def _levels(tally: Tally) -> Iterator[tuple[str, float]]:
    for level in Level:
        yield f'{tally.labels},level="{level.name}"', tally.levels[level]


def server_families(board: Board, *, open_metrics: bool) -> Iterator[str]:
    """Yield what was counted per server."""
    tallies = list(board.tallies.values())
    sizes = [(tally.labels, board.sizes[key]) for key, tally in board.tallies.items()]
    yield from family("mailsonde_checks", sizes, open_metrics=open_metrics)
    yield from histograms(METRICS["mailsonde_run_seconds"], ((tally.labels, tally.runs) for tally in tallies), open_metrics=open_metrics)
    yield from family("mailsonde_runs_total", (one for tally in tallies for one in _levels(tally)), open_metrics=open_metrics)
    faults = ((f'{tally.labels},fault="{kind}"', count) for tally in tallies for kind, count in list(tally.faults.items()))
    yield from family("mailsonde_faults_total", faults, open_metrics=open_metrics)
    suspects = ((tally.labels, tally.suspects) for tally in tallies)
    yield from family("mailsonde_suspect_results_total", suspects, open_metrics=open_metrics)
    if board.is_wide:
        steps = ((f'{tally.labels},phase="{escaped(step)}"', counts) for tally in tallies for step, counts in list(tally.steps.items()))
        yield from histograms(STEPS, steps, open_metrics=open_metrics)
    lateness = METRICS["mailsonde_schedule_lateness_seconds"]
    yield from histograms(lateness, [(f'site="{escaped(board.site)}"', board.lateness)], open_metrics=open_metrics)


# -- trips


def _stages(labels: str, stages: Stages) -> Iterator[tuple[str, Histogram]]:
    for stage, histogram in stages.by_stage.items():
        if sum(histogram.counts):
            yield f'{labels},stage="{stage}"', histogram


def _outcomes(journey: Journeying, *, each: bool) -> Iterator[tuple[str, float]]:
    for outcome in Outcome:
        if each or journey.outcomes[outcome]:
            yield f'{journey.labels},outcome="{outcome}"', journey.outcomes[outcome]


def _trip_histograms(board: Board) -> Iterator[tuple[str, Histogram]]:
    if board.has_many_trips:
        yield from _stages(site_of(board), board.all_stages)
        return
    for journey in list(board.journeys.values()):
        if journey.stages is not None:
            yield from _stages(journey.labels, journey.stages)


def site_of(board: Board) -> str:
    """Return the label that every series of ours has."""
    return f'site="{escaped(board.site)}"'


def trip_families(board: Board, *, open_metrics: bool) -> Iterator[str]:
    """Yield what is known of trips."""
    now, each = board.clock(), not board.has_many_trips
    journeys = list(board.journeys.values())
    yield from histograms(METRICS["mailsonde_trip_seconds"], _trip_histograms(board), open_metrics=open_metrics)
    outcomes = (one for journey in journeys for one in _outcomes(journey, each=each))
    yield from family("mailsonde_trip_outcomes_total", outcomes, open_metrics=open_metrics)
    fresh = [journey for journey in journeys if journey.is_fresh(now)]
    told = ((journey.labels, float(run.verdict.level)) for journey in fresh if (run := journey.telling) is not None)
    yield from family("mailsonde_trip_level", told, open_metrics=open_metrics)
    last = ((journey.labels, journey.last.trip.started_at.timestamp()) for journey in fresh if journey.last is not None)
    yield from family("mailsonde_trip_last_timestamp_seconds", last, open_metrics=open_metrics)
    under_way = ((journey.labels, float(len(journey.under_way))) for journey in journeys if journey.seen_at is not None)
    yield from family("mailsonde_trips_under_way", under_way, open_metrics=open_metrics)
    hops = ((f'{site_of(board)},hop="{escaped(hop)}"', histogram) for hop, histogram in list(board.hops.by_hop.items()))
    yield from histograms(METRICS["mailsonde_hop_seconds"], hops, open_metrics=open_metrics)
