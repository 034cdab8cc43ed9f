"""Every row of FAULTS on the real lab: broken, probed with `probe run --format json`, compared with what the row promises, mended.

Each run shows all checks of all domains: what a row does not speak of must be OK, but for the rows about servers that everybody asks.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, faults, postfix
from lab.faults_rows import FAULTS
from lab.ground import FIRST_DOMAINS
from tests.lab.telling import choice, differences, name_of, run, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.faults_table import Fault
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
TEN = 10


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(lab: Lab) -> Iterator[None]:
    """Throw away, at the end, what the faults held up in queues, mailboxes and the ledger: the tests after these await other mail."""
    yield
    for instance in ("mx", "hub", "edge"):
        postfix.purge(lab.ground, instance)
    for domain in FIRST_DOMAINS:
        dovecot.empty(lab.ground, f"probe@{domain}")
    forget_trips(lab)


def forget_trips(lab: Lab) -> None:
    """Take away the ledger of trips that did not end."""
    for ledger in lab.dir.glob("*.trips"):
        shutil.rmtree(ledger)


@pytest.fixture
def broken(lab: Lab, fault: Fault) -> Iterator[Fault]:
    """Yield the fault while it is in force in the lab, without the trips that other rows left under way; then mend it."""
    forget_trips(lab)
    faults.inject(lab.ground, [fault.name])
    yield fault
    faults.clear(lab.ground)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_mailsonde_says_what_the_row_promises(broken: Fault, lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(lab.config, capsys, *choice(broken))
    found = differences(broken, report)
    assert not found, "\n".join(found)


def test_all_is_ok_when_nothing_is_wrong_ten_times_in_a_row(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    forget_trips(lab)
    for _ in range(TEN):
        report = run(lab.config, capsys)
        assert [(name_of(one), told(one), one["reasons"]) for one in [*report["checks"], *report["trips"]] if one["level"] != "OK"] == []
        assert report["level"] == "OK"
        assert {one["outcome"] for one in report["trips"]} == {"delivered"}
