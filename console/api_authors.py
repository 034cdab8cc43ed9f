"""Who asks: over the unix socket the user that the kernel names (SO_PEERCRED, unix(7)), over TCP whoever has the token."""

import asyncio
import pwd

from starlette.requests import Request

from probe.dialogue import printable

PATIENCE_SECONDS = 1.0  # users may live in a directory, which may be what is broken
BY_TOKEN = "token"  # noqa: S105 - what the author is called, not a secret


async def author_of(request: Request, speaks_for: str = "") -> str:
    """Return by whom a deed is done: `root`, or `alice (root)` where the caller speaks for somebody."""
    uid = getattr(request.state, "uid", None)
    name = BY_TOKEN if uid is None else await _user(uid)
    named = printable(speaks_for).strip()
    return f"{named} ({name})" if named and named != name else name


async def _user(uid: int) -> str:
    try:
        return await asyncio.wait_for(asyncio.to_thread(lambda: pwd.getpwuid(uid).pw_name), PATIENCE_SECONDS)
    except (KeyError, TimeoutError):
        return f"user {uid}"
