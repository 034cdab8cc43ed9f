"""Every row of FAULTS on the real lab: broken, probed with `probe run --format json`, compared with what the row promises, mended.

Each run shows all checks of all domains: what a row does not speak of must be OK, but for the rows about servers that everybody asks.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lab import faults
from lab.faults_rows import FAULTS
from tests.lab.telling import choice, differences, name_of, run, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.faults_table import Fault
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
TEN = 10
SHORTER = ("late_after: 5s", "late_after: 3500ms")  # than the lab's own, so that all rows take a few minutes


@pytest.fixture(scope="module")
def config(lab: Lab) -> Path:
    """Return the lab's configuration, a little less patient with trips."""
    text = lab.config.read_text("utf-8")
    assert SHORTER[0] in text
    changed = lab.dir / "impatient.yml"
    changed.write_text(text.replace(*SHORTER), "utf-8")
    return changed


@pytest.fixture
def broken(lab: Lab, fault: Fault) -> Iterator[Fault]:
    """Yield the fault while it is in force in the lab, without the trips that other rows left under way; then mend it."""
    for ledger in lab.dir.glob("*.trips"):
        shutil.rmtree(ledger)
    faults.inject(lab.ground, [fault.name])
    yield fault
    faults.clear(lab.ground)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_mailsonde_says_what_the_row_promises(broken: Fault, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(config, capsys, *choice(broken))
    found = differences(broken, report)
    assert not found, "\n".join(found)


def test_all_is_ok_when_nothing_is_wrong_ten_times_in_a_row(lab: Lab, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ledger in lab.dir.glob("*.trips"):
        shutil.rmtree(ledger)
    for _ in range(TEN):
        report = run(config, capsys)
        assert [(name_of(one), told(one), one["reasons"]) for one in [*report["checks"], *report["trips"]] if one["level"] != "OK"] == []
        assert report["level"] == "OK"
        assert {one["outcome"] for one in report["trips"]} == {"delivered"}
