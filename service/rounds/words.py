"""What the rounds say and write beside a result: pauses, steps of the clock, runs that were not made. No decision is taken here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from probe.values import Fault, FaultKind, Result
from service.logs import facts

if TYPE_CHECKING:
    import logging

    from probe.values import Check
    from service.rounds.backoff import Backoff
    from service.rounds.clock_steps import Look, Step
    from service.rounds.gate import Gate


def marked(result: Result, step: Step | None) -> Result:
    """Return a result with what happened to the clocks meanwhile as readings; a suspend makes it uncertain by its length."""
    if step is None:
        return result
    readings = {"clock_step_seconds": step.stepped_seconds, "suspended_seconds": step.suspended_seconds}
    seen = {name: seconds for name, seconds in readings.items() if seconds}
    uncertainty = result.uncertainty_seconds + step.suspended_seconds
    return replace(result, readings={**result.readings, **seen}, uncertainty_seconds=uncertainty)


def tell_clock(log: logging.Logger, step: Step) -> None:
    """Log what happened to the clocks."""
    if step.suspended_seconds:
        log.warning("this machine was suspended", extra=facts(seconds=round(step.suspended_seconds, 3)))
    if step.stepped_seconds:
        log.warning("the wall clock was stepped; intervals are not touched by it", extra=facts(seconds=round(step.stepped_seconds, 3)))


def tell_pause(log: logging.Logger, gate: Gate, pause: Backoff) -> None:
    """Log that a server asked to be left alone, or is probed again."""
    if pause.pause_seconds:
        told = facts(server=gate.where, said=pause.said, pause_seconds=pause.pause_seconds)
        log.warning("a server asks to be left alone; its checks are held back", extra=told)
    else:
        log.info("a server that asked to be left alone is probed as before", extra=facts(server=gate.where))


def until(pause: Backoff, now: Look) -> str:
    """Return until when a pause lasts, in words."""
    at = datetime.fromtimestamp(now.wall + max(0.0, pause.until - now.monotonic), UTC)
    return f"until {at:%Y-%m-%d %H:%M:%S} UTC" if pause.until > now.monotonic else "until one conversation has gone well"


def backing_off(gate: Gate, now: Look) -> str:
    """Return why and until when checks of a server are held back; "" = none are."""
    pauses = gate.pauses
    if not pauses:
        return ""
    who = "all its checks" if gate.backoff.pause_seconds else f"{len(pauses)} of its checks"
    return f"{who} held back {until(pauses[0], now)}, because it said: {pauses[0].said}"


def held_back(check: Check, pause: Backoff, now: Look) -> Result:
    """Return the result of a run that was asked for by hand and not made: it says nothing of the server."""
    said = f"not probed: held back {until(pause, now)}, because the server said: {pause.said}"
    return Result(check, datetime.fromtimestamp(now.wall, UTC), fault=Fault(FaultKind.OURS, "budget", said))
