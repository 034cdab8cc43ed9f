"""One HTTP exchange (RFC 9110) that cannot be led astray: no redirects, nothing of the environment, 64 KiB of answer, one time limit.

Whoever refuses, hangs or sends without end is a NotDeliveredError with one line that shows no path, query, user or password.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notifier.channels.reasons import hidden, machine, why, without
from notifier.values import NotDeliveredError
from probe.trust import context_for
from probe.values import Endpoint, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES = 65_536  # of an answer that are read
AGAIN = frozenset({408, 425, 429})  # 4xx that pass (RFC 9110, 8470, 6585)
CHATTY = ("httpx2", "httpcore2")  # loggers that write whole addresses


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask of whom."""

    url: str | Secret  # nobody is shown its path, query, user and password, in whatever form they come back
    method: str = "POST"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret | None, ...] = ()  # that an answer may echo
    ca_file: Path | str | None = None  # PEM
    verify: bool = True
    timeout_seconds: float = 10.0  # for all of it
    path: str = ""  # what comes behind the URL, and is known to all

    @property
    def base(self) -> Secret:
        """Return the URL as it was given."""
        return self.url if isinstance(self.url, Secret) else Secret(self.url)

    @property
    def address(self) -> str:
        """Return the whole URL. It may be a secret."""
        return f"{self.base.reveal().rstrip('/')}{self.path}" if self.path else self.base.reveal()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes = b""  # its beginning, as it came
    location: str = ""  # whither it points


async def exchange(call: Call) -> Answer:
    """Return the answer to a call, whatever its status.

    Raises: NotDeliveredError when there is none.
    """
    try:
        async with asyncio.timeout(call.timeout_seconds):
            return await _asked(call)
    except TimeoutError:
        raise NotDeliveredError(f"{machine(call.address)}: no whole answer within {call.timeout_seconds:g} s") from None
    except Exception as error:  # noqa: BLE001 - the border: the library's own, the system's, TLS's
        raise NotDeliveredError(f"{machine(call.address)}: {why(error, _secrets(call))}") from None


async def ask(call: Call) -> str:
    """Make a call and return its proof in words.

    Raises: NotDeliveredError when the answer is no 2xx, or there is none.
    """
    answer = await exchange(call)
    place = machine(call.address)
    if 200 <= answer.status < 300:
        return f"{place} answered {answer.status}"
    if 300 <= answer.status < 400:
        target = f" to {without(machine(answer.location), _secrets(call))}" if "://" in answer.location else ""
        raise NotDeliveredError(
            f"{place} answered {answer.status} and redirects{target}: redirects are not followed, mend the URL", again=False
        )
    said = hidden(answer.body.decode("utf-8", "replace"), _secrets(call))
    reason = f"{place} answered {answer.status}{': ' if said else ''}{said}"
    raise NotDeliveredError(reason, again=answer.status >= 500 or answer.status in AGAIN)


def _secrets(call: Call) -> tuple[Secret | None, ...]:
    return (*call.secrets, call.base)


def _context(call: Call) -> Any:
    """Return what decides whom to trust."""
    return context_for(Endpoint("", 0, ca_file=str(call.ca_file) if call.ca_file else None, verify=call.verify))


async def _asked(call: Call) -> Answer:
    """Hold the exchange on a connection of its own."""
    import httpx2  # noqa: PLC0415 - 85 ms of start, only for those who send

    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    headers = {"User-Agent": "Mailsonde", "Accept-Encoding": "identity", **call.headers}
    async with (
        httpx2.AsyncClient(verify=_context(call), trust_env=False, follow_redirects=False, timeout=None) as client,
        client.stream(call.method, call.address, content=call.body, headers=headers) as response,
    ):
        return Answer(response.status_code, await _beginning(response), response.headers.get("Location", ""))


async def _beginning(response: Any) -> bytes:
    """Return the first bytes of an answer; the rest is not waited for."""
    got = b""
    async for part in response.aiter_raw(MOST_BYTES):
        got += part
        if len(got) >= MOST_BYTES:
            break
    return got[:MOST_BYTES]
