"""Whatever a run holds comes back from the file as it was, to the microsecond."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.values import Check, Endpoint, Fault, FaultKind, Result, Step
from store.inserter import Inserter
from store.migrations import upgrade
from store.rows import EPOCH, REMEMBERED, microseconds, remembered, run_row, time_of
from store.values import Run
from thresholds.values import Level, Verdict

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)  # every character but halves of one
READING = TEXT | st.booleans() | st.integers() | st.floats(allow_nan=False)
SECONDS = st.floats(0, 90_000)
STEPS = st.lists(st.builds(Step, TEXT, SECONDS), max_size=6).map(tuple)
FAULTS = st.none() | st.builds(Fault, st.sampled_from(FaultKind), TEXT, TEXT)
VERDICTS = st.builds(Verdict, st.sampled_from(Level), st.lists(TEXT, max_size=3).map(tuple), TEXT, st.booleans())
CHECKS = st.builds(Check, TEXT, TEXT, TEXT, TEXT, st.just(Endpoint("host", 1)))
RESULTS = st.builds(
    Result,
    CHECKS,
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds the zone
    STEPS,
    st.dictionaries(TEXT, READING, max_size=5),
    FAULTS,
    st.none() | TEXT,
    SECONDS,
)


@settings(max_examples=200, deadline=None)
@given(st.builds(Run, RESULTS, VERDICTS, SECONDS, st.none() | SECONDS, st.none() | SECONDS, st.booleans()))
def test_a_run_comes_back_as_it_was(run: Run) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        upgrade(connection, 0)
        assert Inserter().commit(connection, [run_row(run)], []) == ([], [])
        back = remembered(connection.execute(REMEMBERED).fetchone())
    result, check = run.result, run.result.check
    assert (back.check, back.domain, back.server, back.kind) == (check.name, check.domain, check.server, check.kind)
    assert (back.started_at, back.fault, back.message_id) == (result.started_at, result.fault, result.message_id)
    assert (back.level, back.reasons, back.limit, back.suspect) == (
        run.verdict.level,
        run.verdict.reasons,
        run.verdict.limit,
        run.verdict.suspect,
    )
    assert back.readings == result.readings
    assert {name: type(value) for name, value in back.readings.items()} == {name: type(value) for name, value in result.readings.items()}
    assert [step.name for step in back.steps] == [step.name for step in result.steps]
    assert [step.seconds for step in back.steps] == pytest.approx([step.seconds for step in result.steps], abs=1e-6)
    assert (back.seconds, back.uncertainty_seconds) == pytest.approx((result.seconds, result.uncertainty_seconds), abs=1e-6)


@given(st.integers(0, 10**16))
def test_times_are_exact_to_the_microsecond(us: int) -> None:
    assert time_of(us) == EPOCH + timedelta(microseconds=us)
    assert microseconds(time_of(us)) == us
