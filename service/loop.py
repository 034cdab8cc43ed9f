"""The event loop of every command that probes: uvloop where it installs, asyncio's own otherwise. Ctrl-C cancels, it does not kill."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Answer = TypeVar("Answer")
DEBUG = "MAILSONDE_DEBUG"


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

    Raises: KeyboardInterrupt after Ctrl-C, once the coroutine's own `finally` blocks have closed its connections.
    """
    _quiet()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)
