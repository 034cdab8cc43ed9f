"""Gives tests a wire, and runs those of the wire on both event loops; all others run on Python's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import uvloop

from probe.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

BOTH_LOOPS = {"test_wire.py", "test_wire_tls.py", "test_release.py"}


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:  # noqa: ARG001 - the hook's signature
    """Return the loops that a test runs on."""
    plain = {"asyncio": asyncio.new_event_loop}
    return {**plain, "uvloop": uvloop.new_event_loop} if item.path.name in BOTH_LOOPS else plain


@pytest.fixture(name="wire")
async def _wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.close()
