"""What a conversation leaves behind: nothing that waits for Python's garbage collector, which may come hours later.

A TLS connection in a ring of garbage holds some 100 KiB. The garbage of a service that runs for months must be none, not little.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from config.load import load
from config.plan import plan
from lab import dovecot
from probe.holds import KEPT_HOLDS
from probe.line import LINGER_SECONDS
from probe.sentinel import PERIOD_SECONDS, Sentinel
from probe.values import Endpoint, FaultKind, Outcome, Secret, Security
from probe.wire import Wire
from tests.probe.fakes import fault, serve, smtp, talk
from tests.probe.lab_trips import Way

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from probe.values import Check
    from tests.conftest import Lab

OURS = {"probe", "ssl", "_ssl", "uvloop", "ldap3"}  # top packages whose objects must go by themselves; asyncio's own transports are rings


def gone(name: str) -> None:
    """Wait until the threads of this name have ended."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(5.0)


@contextmanager
def rings(found: list[str], packages: Collection[str] = OURS) -> Iterator[None]:
    """Fill `found` with the types of those objects of these packages that the block leaves to the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        yield
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        kinds = {type(one) for one in gc.garbage}
        found += sorted(kind.__qualname__ for kind in kinds if kind.__module__.partition(".")[0] in packages)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.lab
@pytest.mark.parametrize("fetch", ["imap", "imaps", "pop3", "pop3s"])
async def test_a_trip_leaves_no_garbage(lab: Lab, tmp_path: Path, fetch: str) -> None:
    dovecot.empty(lab.ground, "probe@alpha.test")
    way = Way(lab, tmp_path / "ledger")
    await way.make(way.journey(fetch=fetch))  # loads code and fills caches
    left: list[str] = []
    with rings(left):
        (trip,) = await way.make(way.journey(fetch=fetch))
        assert trip.outcome is Outcome.DELIVERED
        del trip
    assert left == []


def checks_of(lab: Lab, timeout_seconds: float) -> list[Check]:
    """Return all checks of the lab's first domain."""
    return [replace(check, timeout_seconds=timeout_seconds) for check in plan(load(str(lab.config)))[0] if check.domain == "alpha.test"]


async def _run_all(lab: Lab, checks: list[Check]) -> list[FaultKind]:
    """Run all these checks. Returns the kinds of the faults."""
    wire = Wire(Endpoint("127.0.0.1", lab.ports["dns"]))
    try:
        results = await asyncio.gather(*map(wire.run, checks))
    finally:
        await asyncio.sleep(LINGER_SECONDS + 0.1)  # farewells are over
        assert not wire._open
        await wire.close()
    return [result.fault.kind for result in results if result.fault is not None]


@pytest.mark.lab
@pytest.mark.parametrize(("timeout_seconds", "fails"), [(5.0, False), (0.015, True)])
async def test_a_check_leaves_no_garbage_whether_it_ends_well_or_not(lab: Lab, timeout_seconds: float, fails: bool) -> None:
    checks = checks_of(lab, timeout_seconds)
    await _run_all(lab, checks)
    left: list[str] = []
    with rings(left):
        assert bool(await _run_all(lab, checks)) is fails
    assert left == []


@pytest.mark.lab
@pytest.mark.parametrize("mechanism", [None, "PLAIN"])
async def test_a_login_that_is_refused_leaves_no_garbage(lab: Lab, mechanism: str | None) -> None:
    wrong = Secret("not the password")
    checks = [
        replace(check, mailbox=replace(check.mailbox, password=wrong, mechanism=mechanism))
        for check in checks_of(lab, 8.0)
        if check.mailbox is not None and check.kind in {"imap", "pop3", "submission"}
    ]
    await _run_all(lab, checks)
    left: list[str] = []
    with rings(left):
        assert await _run_all(lab, checks) == [FaultKind.AUTH] * len(checks)
    assert checks
    assert left == []


async def test_a_handshake_that_hangs_is_forgotten_at_the_deadline(wire: Wire) -> None:
    async with serve(talk(b"")) as port:
        result = await wire.run(smtp(port, endpoint=Endpoint("127.0.0.1", port, Security.TLS), timeout_seconds=0.2))
        assert fault(result) == (FaultKind.TIMEOUT, "tls")
        await asyncio.sleep(0.1)
        assert wire._open == set()


async def test_a_name_that_is_not_known_leaves_no_garbage(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look)
    left: list[str] = []
    with rings(left):
        result = await wire.run(smtp(25, endpoint=Endpoint("nowhere.example", 25)))
        assert fault(result) == (FaultKind.RESOLVE, "resolve")
        await asyncio.to_thread(gone, "lookup of nowhere.example")
        del result
    assert left == []


async def test_the_sentinel_remembers_a_bounded_past_in_a_fixed_room(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("probe.sentinel.monotonic", lambda: now)
    sentinel = Sentinel()
    sentinel.start()
    for _ in range(KEPT_HOLDS + 3):
        now += 1.0  # each beat comes late by a second less its period
        sentinel.stop()
        sentinel._due = now - (1.0 - PERIOD_SECONDS)
        sentinel._beat()
    sentinel.stop()
    assert sentinel.worst_since(now, 1) == pytest.approx(1.0)
    assert sentinel.worst_since(now - 2.0, 9) == pytest.approx(3.0)  # holds that ended then, one second later, and now
    assert sentinel.worst_since(0.0, 10 * KEPT_HOLDS) == pytest.approx(KEPT_HOLDS)
