"""What a verdict names as broken, and when a good value is no recovery yet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from probe.values import Check, Endpoint, Fault, FaultKind, Result, Step
from thresholds.judge import is_near, judge_result, samples_of_result
from thresholds.limits import Limits
from thresholds.values import Aspect, Level, Limit, Match

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143))
LIMITS = Limits([Limit(Match(), 1.0, 2.0), Limit(Match(Aspect.STEP, "login"), 0.5), Limit(Match(Aspect.CERTIFICATE), 20.0, 10.0)])


def result(login: float, select: float, **readings: float) -> Result:
    return Result(CHECK, AT, (Step("login", login), Step("select", select)), readings)


def test_a_verdict_names_what_is_beyond_its_limit_the_worst_first() -> None:
    assert judge_result(result(0.4, 0.1), LIMITS).broke == ()
    assert judge_result(result(0.6, 0.1), LIMITS).broke == ("step login",)
    assert judge_result(result(1.6, 1.1, certificate_days=15), LIMITS).broke == ("total", "step login", "certificate")


def test_a_fault_has_broken_no_limit() -> None:
    failed = Result(CHECK, AT, fault=Fault(FaultKind.CONNECT, "connect", "Connection refused"))
    assert judge_result(failed, LIMITS).level is Level.CRITICAL
    assert judge_result(failed, LIMITS).broke == ()


@pytest.mark.parametrize(
    ("login", "select", "days", "near"),
    [
        (0.1, 0.1, 90, False),
        (0.1, 0.85, 90, True),  # the total lies between nine tenths of its limit and the limit
        (0.46, 0.1, 90, True),  # a step does
        (0.1, 0.1, 21, True),  # a certificate's limit is a floor
        (0.1, 0.1, 23, False),
    ],
)
def test_what_lies_between_a_share_of_its_limit_and_the_limit_is_near(login: float, select: float, days: float, *, near: bool) -> None:
    seen = result(login, select, certificate_days=days)
    assert judge_result(seen, LIMITS).level is Level.OK
    assert is_near(samples_of_result(seen), LIMITS, 0.9) is near
