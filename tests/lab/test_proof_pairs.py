"""Pairs of faults on the real lab: both in force at once, Mailsonde says of each what it says of it alone, and OK when both are gone.

The pairs are a seeded sample of those that tests.lab.independence finds, no row twice, pairs of two trips' rows first: they are few.
"""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from lab import faults
from lab.faults_table import Fault
from tests.lab import independence
from tests.lab.independence import options, reach, spoken
from tests.lab.telling import differences, name_of, run, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Lab

    Pair = tuple[Fault, Fault]

pytestmark = [pytest.mark.proof, pytest.mark.lab]
SEED, PAIRS = 3, 40


def of_trips(pair: Pair) -> bool:
    return all(spoken([fault]) - independence.CHECKS for fault in pair)


def sample() -> list[Pair]:
    """Return PAIRS independent pairs in which no row comes twice."""
    dealt = independence.pairs()
    random.Random(SEED).shuffle(dealt)  # noqa: S311 - which pairs are tried is no secret
    taken: list[Pair] = []
    used: set[str] = set()
    for pair in sorted(dealt, key=of_trips, reverse=True):
        names = {fault.name for fault in pair}
        if not names & used and len(taken) < PAIRS:
            taken.append(pair)
            used |= names
    return taken


def forget_trips(lab: Lab) -> None:
    """Throw away the trips that earlier runs left under way."""
    for ledger in lab.dir.glob("*.trips"):
        shutil.rmtree(ledger)


@pytest.fixture
def mended(lab: Lab) -> Iterator[Lab]:
    """Yield the lab without trips that others left under way; mend it whatever happens."""
    forget_trips(lab)
    yield lab
    faults.clear(lab.ground)


def promised(report: dict[str, Any], pair: Pair) -> dict[str, Any]:
    """Return the report without what one of both reaches and neither speaks of: nothing is promised of that."""
    open_to_doubt = (reach(pair[0]) | reach(pair[1])) - spoken(pair)
    return report | {part: [one for one in report[part] if name_of(one) not in open_to_doubt] for part in ("checks", "trips")}


def wrong(report: dict[str, Any]) -> list[str]:
    """Return what is not OK, each with its reasons."""
    return [f"{name_of(one)}: {told(one)}: {one['reasons']}" for one in [*report["checks"], *report["trips"]] if one["level"] != "OK"]


@pytest.mark.parametrize("pair", sample(), ids=lambda pair: "+".join(fault.name for fault in pair))
def test_two_faults_are_told_as_each_alone_and_are_gone_when_cleared(mended: Lab, pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    faults.inject(mended.ground, [fault.name for fault in pair])
    together = Fault("together", "", lambda _: {}, pair[0].says + pair[1].says)
    found = differences(together, promised(run(mended.config, capsys, *options(pair)), pair))
    assert not found, "\n".join(found)
    faults.clear(mended.ground)
    forget_trips(mended)
    assert wrong(run(mended.config, capsys, *options(pair))) == []


def test_the_sample_is_whole() -> None:
    assert len(sample()) == PAIRS
    assert any(of_trips(pair) for pair in sample())
