"""Logs of many servers with known truth: flows are found as they were, in whatever pieces the logs come; and the score can be bad."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from bench.truth_score import Where, found, imported, score, written
from bench.truth_traffic import generated
from bench.truth_worlds import WORLDS
from tests.tracking.made import SMALL, contents, take
from tracking.importing_values import Options

if TYPE_CHECKING:
    from pathlib import Path

    from bench.truth_net import Net
    from tracking.importing_values import Report

MESSAGES = 50


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Net, Path, Where, Report]:
    """The most hostile world, imported."""
    folder = tmp_path_factory.mktemp("truth")
    net = generated(WORLDS["all"], 1, MESSAGES)
    where = written(net, folder / "logs")
    return net, folder, where, imported(net, folder / "logs", folder / "lake")


def test_flows_are_found_as_they_were(world: tuple[Net, Path, Where, Report]) -> None:
    net, folder, where, report = world
    result = score(net, folder / "lake", where, report)
    assert result.flows > 4 * MESSAGES
    assert (result.confident, result.unparsed) == (0, 0), result.examples
    assert result.right >= 0.99 * result.flows, result.examples


def test_a_flow_that_ended_otherwise_is_not_right(world: tuple[Net, Path, Where, Report]) -> None:
    net, folder, where, report = world
    ends = net.ends
    try:
        net.ends = [replace(end, outcome="discarded") if end.outcome == "delivered" else end for end in ends]
        assert score(net, folder / "lake", where, report).right < 0.7 * len(ends)
    finally:
        net.ends = ends


def test_lines_of_other_stays_are_confident_errors(world: tuple[Net, Path, Where, Report]) -> None:
    net, folder, where, report = world
    wrong = dict(zip(where, [*list(where.values())[7:], *list(where.values())[:7]], strict=True))
    result = score(net, folder / "lake", wrong, report)
    assert result.confident > 0
    assert result.merged > 0
    assert result.right < 0.5 * result.flows


def test_files_in_any_order_and_small_batches_make_the_same_flows(tmp_path: Path) -> None:
    net = generated(WORLDS["all"], 1, 12)
    where = written(net, tmp_path / "logs")
    files = sorted(path for path in (tmp_path / "logs").rglob("*") if path.is_file())
    take(tmp_path / "once", *files, options=Options())
    Random(1).shuffle(files)  # noqa: S311 a seeded order
    for path in files:
        take(tmp_path / "pieces", path, options=Options(sizes=SMALL))
    assert _flows(tmp_path / "pieces", where) == _flows(tmp_path / "once", where)
    assert _made(tmp_path / "pieces") == _made(tmp_path / "once")


def _flows(lake: Path, where: Where) -> list[str]:
    return sorted(str(flow) for flow in found(lake, where))


def _made(lake: Path) -> dict[str, object]:
    return {kind: rows for kind, rows in contents(lake).items() if kind in {"hops", "legs", "flows"}}
