"""What a look into a mailbox tells beside its times: how many messages lie there, and how much of its quota they take. Pure.

Limits speak of them as `queue: mailbox` (a count) and `resource: quota` (percent); without a limit they are readings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.values import Aspect, Sample

if TYPE_CHECKING:
    from probe.values import Result

MAILBOX, QUOTA = "mailbox", "quota"  # names within Aspect.QUEUE and Aspect.RESOURCE


def mailbox_samples(result: Result, site: str = "") -> list[Sample]:
    """Return the samples of a mailbox that was looked into; none of any other conversation."""
    check, readings = result.check, result.readings
    messages, limit = readings.get("mailbox_messages"), readings.get("quota_limit_bytes")
    found = []
    if messages is not None:
        found.append(Sample(check.domain, check.server, Aspect.QUEUE, MAILBOX, float(messages), result.started_at, site))
    if limit:  # a server without a quota states none
        percent = 100.0 * float(readings.get("quota_used_bytes", 0)) / float(limit)
        found.append(Sample(check.domain, check.server, Aspect.RESOURCE, QUOTA, percent, result.started_at, site))
    return found
