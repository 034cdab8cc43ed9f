"""Says when the prober itself is in doubt, so that no server is blamed for it: every verdict of that time is suspect, with the reason.

It looks at a control probe each second (rounds/control_probe.py), at the loop's lag (probe/sentinel.py), and at every result as a witness
of the resolver, the network and our own limits (health/witnesses.py). One server that is down, or all that answer but one, are never a
reason. It judges no server.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from probe.clock import utc_now
from probe.line import os_words
from probe.values import Result
from service.health.numbers import WELL, HealthNumbers, Reason
from service.health.pulse import Held, Pulse
from service.health.sickness import Sickness
from service.health.witnesses import UNREACHABLE, Witnesses
from service.logs import facts
from service.rounds.control_probe import ControlProbe

if TYPE_CHECKING:
    from probe.values import Endpoint, Trip
    from probe.wire import Wire
    from thresholds.values import Verdict

TURN_SECONDS = 1.0  # from one control probe to the next
LAG_SECONDS = 15.0  # how far back the worst lag in the numbers goes: a usual interval of scrapes
LOOKUP_SECONDS = 3.0  # how long a lookup may take that we make to find out whether any works
ASK_SECONDS = 1.0  # at least, from one such round to the next
DISCARD_PORT = 9  # RFC 863; nothing is sent to it

log = logging.getLogger("mailsonde.prober")


class ProberHealth:
    """Watches the prober while `run` runs. Make it on the loop of the wire.

    Args:
        wire: the wire of all probes, whose sentinel and way to the network are watched.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._control = ControlProbe(wire)
        self._pulse = Pulse()
        self._witnesses = Witnesses()
        self._sickness = Sickness()
        self._ask = asyncio.Event()
        self._suspects = self._doubted = 0

    @property
    def sick(self) -> str:
        """Return why the prober is in doubt, in one sentence; "" = it is well."""
        return self._sickness.reason.words

    def saw(self, result: Result) -> None:
        """Take a result as a witness; costs a few microseconds."""
        now = monotonic()
        self._witnesses.saw(result, now)
        if result.fault is None and not self._sickness.reason.code:
            return
        if self._witnesses.names.doubtful or self._witnesses.places.doubtful:
            self._ask.set()
        self._look(now)

    def bounded(self, result: Result) -> Result:
        """Return the result with at least the uncertainty that the control probes show; call it before judging."""
        excess = self._pulse.excess_seconds
        return replace(result, uncertainty_seconds=excess) if excess > result.uncertainty_seconds else result

    def doubt(self, measured: Result | Trip, verdict: Verdict) -> Verdict:
        """Return the verdict, suspect and with the reason where the prober was sick meanwhile; call it once for each, when it is judged."""
        words = self._touched(measured)
        if words:
            self._doubted += 1
            verdict = replace(verdict, suspect=True, reasons=(*verdict.reasons, f"the prober was in doubt: {words}"))
        self._suspects += verdict.suspect
        return verdict

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._turns())
                group.create_task(self._inquiries())
        finally:
            self._control.stop()

    @property
    def numbers(self) -> HealthNumbers:
        """Return the numbers of this moment; costs microseconds."""
        now, sentinel, waits = monotonic(), self._wire.sentinel, self._wire.sentinel.waits
        used, limit = open_files()
        return HealthNumbers(
            loop_lag_seconds=sentinel.worst_since(now - LAG_SECONDS),
            loop_holds_total=sentinel.holds,
            loop_held_seconds_total=sentinel.held_seconds,
            processor_wait_seconds_total=waits.queued_seconds(),
            gc_pauses_total=waits.collections,
            gc_full_pauses_total=waits.full_collections,
            gc_pause_seconds_total=waits.paused_seconds,
            gc_longest_pause_seconds=waits.longest_seconds,
            control_probe_seconds=self._pulse.last_seconds,
            control_probe_failures_total=self._pulse.failures,
            suspect_verdicts_total=self._suspects,
            doubted_verdicts_total=self._doubted,
            sick=bool(self._sickness.reason.code),
            sick_reason=self._sickness.reason.code,
            sick_seconds_total=self._sickness.seconds(now),
            open_files=used,
            open_files_limit=limit,
        )

    # -- inside

    def _touched(self, measured: Result | Trip) -> str:
        """Return why the prober was in doubt while this was measured; of a trip only the two conversations count, not the way between."""
        now = monotonic()
        if isinstance(measured, Result):
            return self._sickness.touched(now - measured.seconds, now)
        age = (utc_now() - measured.started_at).total_seconds()
        submitting = self._sickness.touched(now - age, now - age + (measured.submit_seconds or 0.0))
        return submitting or self._sickness.touched(now - (measured.retrieve_seconds or 0.0), now)

    async def _turns(self) -> None:
        """Hold a control probe each second."""
        while True:
            began = monotonic()
            control = await self._control.measure()
            sentinel = self._wire.sentinel
            self._pulse.took(control, Held(monotonic(), sentinel.held_seconds, sentinel.waits.queued_seconds()))
            self._witnesses.saw(control, monotonic())  # its own limits are ours too
            self._look(monotonic())
            await asyncio.sleep(max(0.0, began + TURN_SECONDS - monotonic()))

    def _look(self, now: float) -> None:
        if not self._sickness.turn(self._reason(now), now):
            return
        reason = self._sickness.reason
        if reason.code:
            log.warning("the prober itself is in doubt: %s", reason.words, extra=facts(reason=reason.code))
        else:
            log.info("the prober is well again", extra=facts(sick_seconds=round(self._sickness.last_seconds, 3)))

    def _reason(self, now: float) -> Reason:
        """Return the first reason to be in doubt: what is nearest to us goes before what it entails."""
        seen = self._witnesses
        if now < seen.own_limit_until:
            return Reason("files", f"a limit of the prober's own host was hit ({seen.own_limit})")
        pulse = self._pulse.reason()
        if pulse.code:
            return pulse
        if seen.network(now):
            return Reason("network", f"nothing can be reached {seen.places.told}: look at the prober's own network first")
        if seen.names.common(now):
            return Reason("resolver", f"no name can be looked up {seen.names.told}: look at the prober's own resolver first")
        return WELL

    async def _inquiries(self) -> None:
        """When several fail and none works, ask those that worked lately at once: no incident may open while we wait for their turn."""
        while True:
            await self._ask.wait()
            self._ask.clear()
            now, names, places = monotonic(), self._witnesses.names, self._witnesses.places
            for address, (until, _) in places.left(now).items() if places.doubtful else ():
                if words := no_route(address):
                    places.failed(address, words, utc_now(), until)
            if names.doubtful:
                await asyncio.gather(*(self._try_name(endpoint, until) for until, endpoint in names.left(now).values()))
            self._look(monotonic())
            await asyncio.sleep(ASK_SECONDS)

    async def _try_name(self, endpoint: Endpoint, until: float) -> None:
        error = ""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self._wire.resolve(endpoint)
        except (OSError, UnicodeError) as problem:  # TimeoutError is an OSError
            error = os_words(problem) if problem.args else "no answer"
        self._witnesses.tried_name(endpoint, error, utc_now(), until)


def no_route(address: str) -> str:
    """Return in what words our own kernel says that it has no route to an address, "" = it has one; no packet is sent."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.connect((address, DISCARD_PORT))
    except OSError as error:
        words = os_words(error)
        return words if words.startswith(UNREACHABLE) else ""
    return ""


def open_files() -> tuple[int, int]:
    """Return about how many descriptors are in use (the lowest that is free), and how many there may be."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError):
        free = os.dup(2)
        os.close(free)
        return free, limit
    return limit, limit
