"""All checks of whether the settings fit one another, and all warnings of what is odd about them, in one list each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config import coherence, coherence_times, coherence_tracking
from config.idle import idle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from config.coherence import Found, View
    from config.settings import Settings

CHECKS: tuple[Callable[[View], Iterator[Found]], ...] = (
    *coherence.CHECKS,
    coherence_times.maintenance,
    coherence_times.ways_round,
    coherence_tracking.sources,
)


def problems(view: View) -> Iterator[Found]:
    """Yield all that does not fit, in no special order."""
    for check in CHECKS:
        yield from check(view)
    if view.settings.notify.model_fields_set:
        from config import coherence_notify  # noqa: PLC0415 - only those who are told pay for it: a start should be quick

        for check in coherence_notify.CHECKS:
            yield from check(view)


def oddities(settings: Settings, now: datetime) -> Iterator[Found]:
    """Yield what is no error, but hardly meant."""
    yield from idle(settings, now)
    yield from coherence.oddities(settings)
    if settings.maintenance or settings.notify.routes or settings.notify.channels:
        from config.idle_notify import odd  # noqa: PLC0415 - only those who are told pay for it

        yield from odd(settings, now)
