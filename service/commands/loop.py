"""The event loop of every command that probes: uvloop where it installs, asyncio's own otherwise. Ctrl-C cancels, it does not kill."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Answer = TypeVar("Answer")
DEBUG = "MAILSONDE_DEBUG"
TERMINATED = 143  # 128 + SIGTERM


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - it exists on some platforms alone
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _quiet() -> None:
    """Keep what asyncio and our own log would print off the screen, unless somebody wants it."""
    if os.environ.get(DEBUG):
        logging.basicConfig(level=logging.DEBUG)
    else:
        logging.getLogger().addHandler(logging.NullHandler())


def run_loop(main: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine to its end and return what it gives.

    Raises: KeyboardInterrupt after Ctrl-C and SystemExit after SIGTERM (a supervisor's, or a monitoring system's that waited too long),
    once the coroutine's own `finally` blocks have closed its connections.
    """
    _quiet()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(_obey(main))
        except asyncio.CancelledError:
            raise SystemExit(TERMINATED) from None


async def _obey(main: Coroutine[Any, Any, Answer]) -> Answer:
    """Let SIGTERM cancel, as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError):  # where there are no such signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await main
