"""Names to addresses through the system's resolver, which only blocks: each name in flight has one thread of its own. RFC 3493.

A pool would let a few names that hang starve all others, and a hanging thread would hold up our end; these are daemons and hold nobody.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import suppress


class Lookups:
    """The lookups of one event loop. Whoever asks for a name that is being looked up already waits for the same answer."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[str]] = {}

    async def address(self, host: str) -> str:
        """Return the first address of a name. Raises: OSError, UnicodeError (a name that cannot be one) as getaddrinfo does."""
        answer = self._under_way.get(host)
        if answer is None:
            answer = self._under_way[host] = self._begin(host)
        try:
            return await asyncio.shield(answer)  # who gives up must not take the answer from the others
        finally:
            del answer  # its error keeps this frame, which would keep it: a ring

    def _begin(self, host: str) -> asyncio.Future[str]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        answer.add_done_callback(lambda done: self._end(host, done))

        def look() -> None:
            found = _look_up(host)
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(_settle, answer, found)

        threading.Thread(target=look, name=f"lookup of {host[:50]}", daemon=True).start()
        return answer

    def _end(self, host: str, done: asyncio.Future[str]) -> None:
        del self._under_way[host]
        if not done.cancelled():
            done.exception()  # taken notice of, also where all who asked have gone


def _look_up(host: str) -> str | Exception:
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        own = _own_limit()
        return (own or error).with_traceback(None)  # its frames lead to the thread's, which holds the error: a ring


def _own_limit() -> OSError | None:
    """Return why we can open nothing at all: where descriptors have run out, the resolver says only that the name cannot be looked up."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error
    return None


def _settle(answer: asyncio.Future[str], found: str | Exception) -> None:
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
