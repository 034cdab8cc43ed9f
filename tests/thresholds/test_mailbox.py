"""Limits on the test mailbox: how many messages lie there, and how full it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from probe.values import Check, Endpoint, Result, Step
from thresholds.judge import judge_result
from thresholds.limits import Limits
from thresholds.mailbox import mailbox_samples
from thresholds.values import Aspect, Level, Limit, Match

if TYPE_CHECKING:
    from probe.values import Reading

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.abc.example", 993))
FULL = {"mailbox_messages": 1204, "quota_used_bytes": 930 * 1024, "quota_limit_bytes": 1000 * 1024}
LIMITS = Limits(
    (
        Limit(Match(Aspect.QUEUE, "mailbox"), 1000.0, 5000.0, origin="thresholds[0]"),
        Limit(Match(Aspect.RESOURCE, "quota"), 80.0, 90.0, origin="thresholds[1]"),
    )
)


def result(readings: dict[str, Reading]) -> Result:
    return Result(CHECK, NOW, (Step("login", 0.1),), readings)


def test_a_full_mailbox_breaks_its_limits() -> None:
    verdict = judge_result(result(dict(FULL)), LIMITS)
    assert verdict.level is Level.CRITICAL
    assert verdict.reasons == (
        "quota is at 93 %, limit 90 % (thresholds[1], resource quota)",
        "1204 messages in mailbox, limit 1000 (thresholds[0], queue mailbox)",
    )


def test_without_a_limit_it_is_a_reading() -> None:
    assert judge_result(result(dict(FULL)), Limits()).level is Level.OK


@pytest.mark.parametrize(
    ("readings", "values"),
    [
        ({}, []),
        ({"mailbox_messages": 0}, [0.0]),
        ({"mailbox_messages": 3, "mailbox_bytes": 99}, [3.0]),
        ({"quota_limit_bytes": 4096}, [0.0]),
        ({"quota_used_bytes": 2048, "quota_limit_bytes": 4096}, [50.0]),
        ({"quota_used_bytes": 2048, "quota_limit_bytes": 0}, []),
    ],
)
def test_only_what_was_read_is_judged(readings: dict[str, Reading], values: list[float]) -> None:
    assert [sample.value for sample in mailbox_samples(result(readings))] == values
