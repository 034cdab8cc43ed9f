"""The parts of a stay that a server measured itself, by name: Postfix's `delays=a/b/c/d`, Exchange's latency, Exim's QT and DT. Pure.

They also tell when a message left more exactly than the stamp of its line, where that one shows whole seconds alone.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

POSTFIX = ("before_queue", "queue", "connection", "transmission")  # postconf(5), delay_logging_resolution_limit
_LATENCY = re.compile(r"([\w().-]+)=(\d+(?:\.\d+)?)(?=[|;,:\s]|s\b|$)")
RESOLUTION_SECONDS = 0.01  # of a part of Postfix's delays
STAMP_SECONDS = 1.0  # resolution of a stamp without a fraction


def parts(text: str | None) -> dict[str, float]:
    """Return each part's seconds: `0.1/0/0.2/1.1` by Postfix's names, `NAME=seconds` by the names that are there."""
    if not text:
        return {}
    if "=" in text:
        return {name: float(seconds) for name, seconds in _LATENCY.findall(text)}
    try:
        return dict(zip(POSTFIX, map(float, text.split("/")), strict=True))
    except ValueError:
        return {}


def left_at(arrived: datetime | None, stamp: datetime | None, delays: dict[str, float]) -> datetime | None:
    """Return when a message left, by the server's own clock: arrival and delays, if they fit the stamp; else the stamp.

    Postfix's delays begin with MAIL, its long queue id tells of the first good RCPT: between them lies some of what is before the queue.
    """
    if arrived is None or stamp is None or stamp.microsecond:
        return stamp
    told = arrived + timedelta(seconds=sum(delays.values()))
    early = told - timedelta(seconds=delays.get(POSTFIX[0], 0.0) + 4 * RESOLUTION_SECONDS)
    if tuple(delays) == POSTFIX and stamp <= told and early < stamp + timedelta(seconds=STAMP_SECONDS):
        return max(arrived, min(told, stamp + timedelta(seconds=STAMP_SECONDS - RESOLUTION_SECONDS)))
    return max(stamp, arrived) if arrived - stamp < timedelta(seconds=STAMP_SECONDS) else stamp
