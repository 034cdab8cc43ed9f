"""The rules of the wire, each against a server that breaks it: deadlines, faults by name, steps that sum, TLS, farewells."""

from __future__ import annotations

import asyncio
import gc
import resource
import socket
import threading
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from probe.smtp import dialogue
from probe.values import Check, Endpoint, FaultKind, Question
from tests.probe.fakes import HELLO, fault, serve, smtp, talk

if TYPE_CHECKING:
    from probe.wire import Wire


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def test_the_steps_sum_to_the_total_and_are_named(wire: Wire) -> None:
    async with serve(talk(*HELLO)) as port:
        began = monotonic()
        result = await wire.run(smtp(port))
        took = monotonic() - began
    assert [step.name for step in result.steps] == ["resolve", "connect", "greeting", "hello", "mail", "rcpt", "quit"]
    assert result.fault is None
    assert result.transcript[-1].at_seconds == pytest.approx(result.seconds, abs=1e-6)  # the last word ends the last step
    assert result.seconds <= took
    assert all(step.seconds >= 0 for step in result.steps)
    assert 0 <= result.uncertainty_seconds < 1


async def test_a_slow_reply_shows_in_its_own_step(wire: Wire) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply, pause in zip(HELLO, (0, 0, 0.2, 0, 0), strict=True):
            if reply is not HELLO[0]:
                await reader.readline()
            await asyncio.sleep(pause)
            writer.write(reply)

    async with serve(slow) as port:
        result = await wire.run(smtp(port))
    spans = {step.name: step.seconds for step in result.steps}
    assert max(spans, key=lambda name: spans[name]) == "mail"
    assert spans["mail"] == pytest.approx(0.2, abs=0.05 + result.uncertainty_seconds)


async def test_who_does_not_listen_refuses(wire: Wire) -> None:
    port = free_port()
    result = await wire.run(smtp(port))
    assert fault(result) == (FaultKind.CONNECT, "connect")
    assert result.fault is not None
    assert result.fault.said == f"Connection refused (127.0.0.1 port {port})"


async def test_a_name_that_hangs_hinders_no_other_and_is_named(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    real, hung = socket.getaddrinfo, threading.Event()

    def look(host: str, *rest: object, **options: object) -> object:
        if host.endswith(".hangs.example"):
            hung.wait(10)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return real(host, *rest, **options)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(socket, "getaddrinfo", look)
    async with serve(talk(*HELLO)) as port:
        hanging = [smtp(25, endpoint=Endpoint(f"h{number}.hangs.example", 25), timeout_seconds=0.5) for number in range(40)]
        *lost, good = await asyncio.gather(*map(wire.run, hanging), wire.run(smtp(port, endpoint=Endpoint("localhost", port))))
    hung.set()
    assert good.fault is None
    assert {fault(result) for result in lost} == {(FaultKind.TIMEOUT, "resolve")}
    assert lost[0].fault is not None
    assert lost[0].fault.said == "looking up h0.hangs.example"


async def test_a_conversation_cancelled_while_it_connects_leaves_no_socket(wire: Wire) -> None:
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    check = Check("x/dns", "x", "dns", "dns", Endpoint(*silent.getsockname()), question=Question("abc.example"))
    gc.collect()  # what tests before this one have left goes now, not meanwhile
    before = open_files()
    for turns in range(6):
        task = asyncio.create_task(wire.run(check))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.05)
    assert open_files() == before
    silent.close()


async def test_a_peer_that_drips_does_not_hold_a_reader_for_ever(wire: Wire) -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(50):
            writer.write(b"220-still thinking\r\n")
            await asyncio.sleep(0.1)

    async with serve(drip) as port:
        began = monotonic()
        result = await wire.talk(smtp(port, timeout_seconds=0.5), dialogue(smtp(port)))
    assert result.fault is not None
    assert monotonic() - began < 2


async def test_a_name_that_does_not_exist(wire: Wire) -> None:
    result = await wire.run(smtp(25, endpoint=Endpoint("no-such-host.invalid", 25)))
    assert fault(result) == (FaultKind.RESOLVE, "resolve")
    result = await wire.run(smtp(25, endpoint=Endpoint("x" * 70 + ".example", 25)))
    assert fault(result) == (FaultKind.RESOLVE, "resolve")


@pytest.mark.parametrize(("turns", "step"), [(0, "greeting"), (1, "hello"), (3, "rcpt")])
async def test_silence_is_a_timeout_at_the_step_under_way_and_we_still_say_quit(wire: Wire, turns: int, step: str) -> None:
    heard: list[bytes] = []
    async with serve(talk(*HELLO[:turns] or (b"",), heard=heard)) as port:
        result = await wire.run(smtp(port, timeout_seconds=0.2))
        await wire.close()
    assert fault(result) == (FaultKind.TIMEOUT, step)
    assert result.fault is not None
    assert result.fault.said == ""
    assert result.seconds == pytest.approx(0.2, abs=0.1)
    assert heard[-1] == b"QUIT\r\n"


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"220 mx.exa", "closed the connection, in the middle of a reply: 220 mx.exa"),
        (b"", "closed the connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "speaks SSH, not SMTP"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP, not SMTP"),
        (b"\x00\xff\x80\r\n", "not a reply of SMTP: \\x00\\xff\\x80"),
    ],
)
async def test_who_breaks_the_protocol(wire: Wire, greeting: bytes, said: str) -> None:
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)

    async with serve(cut) as port:
        result = await wire.run(smtp(port))
    assert fault(result) == (FaultKind.PROTOCOL, "greeting")
    assert result.fault is not None
    assert result.fault.said == said


async def test_a_gigabyte_of_answer_is_cut_at_the_limit(wire: Wire) -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(16_384):
            writer.write(b"220-" + b"x" * 65_532)
            await writer.drain()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with serve(flood) as port:
        result = await wire.run(smtp(port))
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert fault(result) == (FaultKind.PROTOCOL, "greeting")
    assert result.fault is not None
    assert result.fault.said.startswith("a reply longer than 1048576 bytes: 220-xxx")
    assert grown_kib < 32_768


async def test_a_peer_that_hangs_up_at_quit_has_served_us(wire: Wire) -> None:
    async def brusque(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in HELLO[:-1]:
            writer.write(reply)
            await reader.readline()

    async with serve(brusque) as port:
        result = await wire.run(smtp(port))
    assert result.fault is None
    assert result.steps[-1].name == "quit"


async def test_a_cancelled_probe_says_quit(wire: Wire) -> None:
    heard: list[bytes] = []
    async with serve(talk(*HELLO[:1], heard=heard)) as port:
        task = asyncio.create_task(wire.run(smtp(port)))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await wire.close()
    assert heard == [b"EHLO localhost.localdomain\r\n", b"QUIT\r\n"]


async def test_no_secret_in_transcript_or_fault(wire: Wire) -> None:
    async with serve(talk(b"220 hi\r\n", b"554 topsecret is not welcome\r\n")) as port:
        result = await wire.run(smtp(port))
    assert result.fault is not None
    assert result.fault.said == "554 *** is not welcome"
    assert "topsecret" not in repr(result)
    assert [(line.ours, line.text) for line in result.transcript][:2] == [(False, "220 hi"), (True, "EHLO localhost.localdomain")]


async def test_a_held_loop_shows_as_uncertainty(wire: Wire) -> None:
    async def quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in HELLO:
            writer.write(reply)
            await reader.readline()

    async with serve(quick) as port:
        task = asyncio.create_task(wire.run(smtp(port)))
        await asyncio.sleep(0)
        end = monotonic() + 0.2
        while monotonic() < end:  # what a prober must never do
            pass
        result = await task
    assert result.uncertainty_seconds == pytest.approx(0.2, abs=0.08)
    assert result.seconds <= result.uncertainty_seconds + 0.05
