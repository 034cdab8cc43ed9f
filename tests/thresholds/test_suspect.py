"""A verdict is suspect when the prober's own uncertainty could make it another one, and only then. By hypothesis."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from probe.values import Check, Endpoint, Fault, FaultKind, Result, Step
from thresholds.judge import judge, judge_result, samples_of_result
from thresholds.limits import Limits
from thresholds.values import Aspect, Level, Limit, Match, Sample

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CHECK = Check(
    "abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143), timeout_seconds=60.0
)  # more than all steps together
EASY = settings(deadline=None, max_examples=300)
STEPS = ("connect", "login", "logout")

values = st.integers(0, 40).map(lambda number: number / 8)  # coarse and exact: a value that stands on its limit is what goes wrong
uncertainties = st.sampled_from([0.0, 0.0, 0.125, 0.25, 1.0, 8.0])
bounds = st.tuples(st.none() | values, st.none() | values)
limits = st.builds(
    lambda match, both: Limit(match, *(sorted(both) if None not in both else both)),
    st.builds(Match, st.sampled_from([Aspect.TOTAL, Aspect.STEP]), st.sampled_from(["*", *STEPS])),
    bounds,
)
few_limits = st.lists(limits, max_size=4).map(Limits)
samples = st.lists(
    st.builds(
        lambda aspect, name, value, off: Sample("abc.example", "imap", aspect, name, value, AT, uncertainty=off),
        st.sampled_from([Aspect.TOTAL, Aspect.STEP]),
        st.sampled_from(STEPS),
        values,
        uncertainties,
    ),
    min_size=1,
    max_size=4,
)
results = st.builds(
    lambda spans, off: Result(CHECK, AT, tuple(map(Step, STEPS, spans)), uncertainty_seconds=off),
    st.tuples(values, values, values),
    uncertainties,
)


def possible(seen: list[Sample], limits: Limits) -> set[Level]:
    """The levels that there are when each value may be less or more by its uncertainty, each for itself."""
    choices = [{sample.value - sample.uncertainty, sample.value, sample.value + sample.uncertainty} for sample in seen]
    return {
        judge([replace(sample, value=value, uncertainty=0.0) for sample, value in zip(seen, chosen, strict=True)], limits).level
        for chosen in product(*choices)
    }


@EASY
@given(samples, few_limits)
def test_suspect_is_what_could_be_another_level_and_nothing_else(seen: list[Sample], limits: Limits) -> None:
    assert judge(seen, limits).suspect == (len(possible(seen, limits)) > 1)


@EASY
@given(results, few_limits)
def test_a_results_total_and_each_of_its_steps_are_in_doubt_by_its_uncertainty(result: Result, limits: Limits) -> None:
    verdict = judge_result(result, limits)
    assert verdict.suspect == (len(possible(samples_of_result(result), limits)) > 1)


@EASY
@given(results, few_limits)
def test_a_prober_that_is_sure_suspects_nothing(result: Result, limits: Limits) -> None:
    assert not judge_result(replace(result, uncertainty_seconds=0.0), limits).suspect


@EASY
@given(results, few_limits, st.floats(0, 1))
def test_less_uncertainty_never_makes_it_suspect(result: Result, limits: Limits, share: float) -> None:
    surer = replace(result, uncertainty_seconds=share * result.uncertainty_seconds)
    assert judge_result(surer, limits).suspect <= judge_result(result, limits).suspect


@EASY
@given(st.sampled_from([kind for kind in FaultKind if kind is not FaultKind.TIMEOUT]), uncertainties, few_limits)
def test_what_a_server_said_is_not_in_doubt_however_late_we_read_it(kind: FaultKind, off: float, limits: Limits) -> None:
    result = Result(CHECK, AT, (Step("login", 1.0),), fault=Fault(kind, "login"), uncertainty_seconds=off)
    assert not judge_result(result, limits).suspect
