"""The deadline is the peer's: what the prober itself slept of it is not taken from the peer's time."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from probe.values import FaultKind
from tests.probe.fakes import HELLO, fault, serve, smtp, talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.wire import Wire
    from tests.probe.fakes import Handler

TIMEOUT_SECONDS = 0.6


def answers_at(seconds: float) -> Handler:
    """A server that greets so many seconds after it was called."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await talk(*HELLO)(reader, writer)

    return handler


async def block(at: float, seconds: float) -> None:
    await asyncio.sleep(at)
    time.sleep(seconds)  # noqa: ASYNC251 - the prober is held up


@contextmanager
def thread_that_answers_at(seconds: float) -> Iterator[int]:
    """Such a server in a thread of its own: it answers in time while our loop sleeps."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one() -> None:
        peer, _ = listener.accept()
        with peer:
            time.sleep(seconds)
            for number, reply in enumerate(HELLO):
                if number:
                    peer.recv(1_000)
                peer.sendall(reply)

    thread = threading.Thread(target=serve_one, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(1.0)  # where the conversation failed it ends later, with the loop
    listener.close()


async def test_an_answer_in_time_is_no_timeout_though_we_slept_over_the_deadline(wire: Wire) -> None:
    with thread_that_answers_at(0.5) as port:
        blocked = asyncio.create_task(block(0.45, 0.3))
        result = await wire.run(smtp(port, timeout_seconds=TIMEOUT_SECONDS))
        await blocked
    assert result.fault is None
    assert result.seconds > TIMEOUT_SECONDS
    assert result.seconds - result.uncertainty_seconds < TIMEOUT_SECONDS


@pytest.mark.parametrize("seconds", [0.2, 0.4])
async def test_who_says_nothing_has_had_the_whole_of_its_time(wire: Wire, seconds: float) -> None:
    async with serve(answers_at(30.0)) as port:
        blocked = asyncio.create_task(block(0.1, seconds))
        result = await wire.run(smtp(port, timeout_seconds=TIMEOUT_SECONDS))
        await blocked
    assert fault(result) == (FaultKind.TIMEOUT, "greeting")
    assert TIMEOUT_SECONDS + seconds - 0.01 < result.seconds <= TIMEOUT_SECONDS + result.uncertainty_seconds + 0.05


async def test_the_grace_is_no_longer_than_the_timeout(wire: Wire) -> None:
    async with serve(answers_at(30.0)) as port:
        blocked = asyncio.create_task(block(0.05, 0.5))
        result = await wire.run(smtp(port, timeout_seconds=0.2))
        await blocked
    assert fault(result) == (FaultKind.TIMEOUT, "greeting")
    assert result.seconds < 0.65


async def test_without_a_hold_the_deadline_is_the_deadline(wire: Wire) -> None:
    async with serve(answers_at(30.0)) as port:
        result = await wire.run(smtp(port, timeout_seconds=TIMEOUT_SECONDS))
    assert fault(result) == (FaultKind.TIMEOUT, "greeting")
    assert TIMEOUT_SECONDS - 0.01 < result.seconds < TIMEOUT_SECONDS + result.uncertainty_seconds + 0.05
