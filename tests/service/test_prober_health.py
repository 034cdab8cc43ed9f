"""The prober knows when it is itself in doubt, tells why, and never because of one server."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from probe.clock import utc_now
from probe.values import Check, Endpoint, Fault, FaultKind, Result, Step
from probe.wire import Wire
from service.health.prober_health import ProberHealth, open_files
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

BAD = Verdict(Level.CRITICAL, ("cannot be reached",))
REFUSED = "Connection refused (192.0.2.1 port 25)"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made.close()


@pytest.fixture
def health(wire: Wire) -> ProberHealth:
    return ProberHealth(wire)


@asynccontextmanager
async def watched(health: ProberHealth) -> AsyncIterator[None]:
    task = asyncio.create_task(health.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open nothing more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free, _ = open_files()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def until(true: Callable[[], object], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is awaited is a reading, which rings no bell
            await asyncio.sleep(0.02)


def result(host: str, address: str | None = None, fault: Fault | None = None, seconds: float = 0.01) -> Result:
    """A result as the wire makes it: `address` is what the name gave."""
    check = Check(f"{host}/mx", host, "mx", "smtp", Endpoint(host, 25))
    readings = {"server_address": address} if address is not None else {}
    return Result(check, utc_now(), (Step("connect", seconds),), readings, fault)


def unknown(host: str, words: str = "Temporary failure in name resolution") -> Result:
    return result(host, fault=Fault(FaultKind.RESOLVE, "resolve", words))


def unreached(address: str, words: str = "Network is unreachable") -> Result:
    return result(address, address, Fault(FaultKind.CONNECT, "connect", f"{words} ({address} port 25)"))


async def test_a_well_prober_talks_to_itself_in_milliseconds_and_doubts_nothing(health: ProberHealth) -> None:
    async with watched(health):
        await until(lambda: health.numbers.control_probe_seconds)
        numbers = health.numbers
    assert numbers.control_probe_seconds is not None
    assert numbers.control_probe_seconds < 0.1
    assert (health.sick, numbers.sick, numbers.sick_reason, numbers.control_probe_failures_total) == ("", False, "", 0)
    assert health.doubt(result("a.example", "192.0.2.1"), BAD) is BAD
    assert 0 < numbers.open_files < numbers.open_files_limit


async def test_no_more_open_files_is_our_fault_and_our_sickness(wire: Wire, health: ProberHealth) -> None:
    literal = Check("x/mx", "x", "mx", "smtp", Endpoint("127.0.0.1", 9), timeout_seconds=2.0)
    named = replace(literal, endpoint=Endpoint("mail.invalid", 25))
    with no_more_files():
        found = [await wire.run(literal), await wire.run(named)]
        used, limit = open_files()
    assert used == limit
    faults = [one.fault for one in found if one.fault is not None]
    assert [(fault.kind, fault.step) for fault in faults] == [(FaultKind.OURS, "connect"), (FaultKind.OURS, "resolve")]
    assert all(fault.said.startswith("Too many open files") for fault in faults)
    health.saw(found[0])
    assert health.sick == "a limit of the prober's own host was hit (Too many open files (127.0.0.1 port 9))"
    doubted = health.doubt(found[0], BAD)
    assert doubted.suspect
    assert doubted.reasons == ("cannot be reached", f"the prober was in doubt: {health.sick}")
    assert (health.numbers.sick_reason, health.numbers.suspect_verdicts_total, health.numbers.doubted_verdicts_total) == ("files", 1, 1)


async def test_the_control_probe_finds_the_limit_by_itself(health: ProberHealth) -> None:
    with no_more_files():
        async with watched(health):
            await until(lambda: health.sick)
    assert health.numbers.sick_reason == "files"


async def test_one_name_that_cannot_be_looked_up_is_no_sickness(health: ProberHealth) -> None:
    for _ in range(20):
        health.saw(unknown("gone.example"))
    assert health.sick == ""


async def test_two_broken_names_are_no_sickness_while_a_third_works(health: ProberHealth) -> None:
    health.saw(result("good.example", "192.0.2.1"))
    for _ in range(5):
        health.saw(unknown("a.example"))
        health.saw(unknown("b.example"))
    assert health.sick == ""


async def test_names_that_do_not_exist_prove_that_the_resolver_answers(health: ProberHealth) -> None:
    for host in ("a.example", "b.example", "c.example"):
        health.saw(unknown(host, "Name or service not known"))
    assert health.sick == ""


async def test_a_resolver_that_fails_for_all_is_found_without_waiting_for_everybodys_turn(
    health: ProberHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    for number in range(6):
        health.saw(result(f"good{number}.example", f"192.0.2.{number}"))
    monkeypatch.setattr(socket, "getaddrinfo", look)
    async with watched(health):
        health.saw(unknown("good0.example"))
        health.saw(unknown("good1.example"))
        await until(lambda: health.sick, 2.0)
        since = f"{utc_now():%H:%M}"
        assert health.sick.startswith(f"no name can be looked up since {since}")
        assert "good0.example: Temporary failure in name resolution; " in health.sick
        assert health.sick.endswith("and 3 more): look at the prober's own resolver first")
        assert health.doubt(result("127.0.0.1", "127.0.0.1"), BAD).suspect
        health.saw(result("good3.example", "192.0.2.3"))
        assert health.sick == ""


async def test_a_lookup_that_works_after_all_ends_the_suspicion(health: ProberHealth, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look(host: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.9", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    health.saw(result("good.example", "192.0.2.1"))
    async with watched(health):
        health.saw(unknown("a.example"))
        health.saw(unknown("b.example"))
        await until(lambda: asked, 2.0)
        await asyncio.sleep(0.1)
    assert asked == ["good.example"]
    assert health.sick == ""


async def test_one_server_that_is_down_is_no_sickness_whatever_names_it_has(health: ProberHealth) -> None:
    for host in ("imap.example", "mx.example", "pop.example"):
        health.saw(result(host, "192.0.2.1", Fault(FaultKind.CONNECT, "connect", "No route to host (192.0.2.1 port 25)")))
    assert health.sick == ""


async def test_servers_that_refuse_prove_that_the_network_works(health: ProberHealth) -> None:
    for number in range(9):
        health.saw(unreached(f"192.0.2.{number}", "Connection refused"))
    assert health.sick == ""


async def test_a_network_that_reaches_nobody_is_ours(health: ProberHealth) -> None:
    health.saw(result("mx.example", "192.0.2.1"))
    health.saw(unreached("192.0.2.2"))
    health.saw(unreached("192.0.2.3"))
    assert health.sick == ""  # one has not been tried since it worked
    health.saw(unreached("192.0.2.1"))
    assert health.sick.startswith("nothing can be reached since ")
    assert "192.0.2.2: Network is unreachable (192.0.2.2 port 25); " in health.sick
    assert health.numbers.sick_reason == "network"
    health.saw(unreached("192.0.2.2", "Connection refused"))
    assert health.sick == ""


async def test_a_loop_that_is_held_up_all_the_time_is_a_sickness(health: ProberHealth) -> None:
    async with watched(health):
        await until(lambda: health.numbers.control_probe_seconds)
        ends = time.monotonic() + 14
        while not health.sick and time.monotonic() < ends:
            time.sleep(0.2)  # noqa: ASYNC251 - the injected block
            await asyncio.sleep(0.001)
    assert health.numbers.sick_reason in {"held", "slow"}
    assert health.numbers.loop_lag_seconds > 0.15


async def test_a_verdict_of_a_sick_time_stays_in_doubt_after_it(health: ProberHealth) -> None:
    health.saw(unknown("a.example"))
    health.saw(unknown("b.example"))
    during = health.sick
    health.saw(result("c.example", "192.0.2.1"))
    assert health.sick == ""
    assert health.doubt(result("d.example", seconds=5.0), BAD).reasons[1] == f"the prober was in doubt: {during}"
    await asyncio.sleep(0.05)
    assert health.doubt(result("d.example", seconds=0.01), BAD) is BAD


async def test_watching_costs_a_result_next_to_nothing(health: ProberHealth) -> None:
    one = result("good.example", "192.0.2.1")
    began = time.process_time()
    for _ in range(20_000):
        health.saw(one)
        health.doubt(health.bounded(one), BAD)
    assert (time.process_time() - began) / 20_000 < 50e-6


def test_descriptors_are_counted_by_the_lowest_that_is_free() -> None:
    used, limit = open_files()
    held = [os.dup(2) for _ in range(5)]
    lowest = next(number for number in count() if not Path(f"/proc/self/fd/{number}").exists())  # gaps below others are filled first
    assert open_files() == (lowest, limit)
    assert lowest >= used + 5
    for one in held:
        os.close(one)
