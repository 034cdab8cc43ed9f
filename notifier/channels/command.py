"""The channel `command`: a program of the user's, with the notice as JSON on its input. Proof is exit code 0. There is no shell.

It sees an environment of its own, since the service's may hold secrets, and has a time limit, after which it and its children are ended.
"""

import asyncio
import os
import re
import signal
from contextlib import suppress
from dataclasses import dataclass, field

from notifier.channels.payload import encoded, payload
from notifier.channels.reasons import hidden, why
from notifier.values import NotDeliveredError, Notice
from notifier.words_clean import line

PLACE = re.compile(r"\{(subject|short|incident|level|kind|cause)\}")
PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")  # of our own environment
LONGEST_ARGUMENT = 1_000  # characters that a placeholder becomes
LONGEST_COMPLAINT = 65_536  # bytes of standard error that are kept


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """A program that tells somebody."""

    command: tuple[str, ...]  # program and arguments; {subject}, {short}, {incident}, {level}, {kind} and {cause} are filled in
    environment: dict[str, str] = field(default_factory=dict)  # variables for it, besides PATH and the like
    timeout_seconds: float = 20.0  # after which it is ended

    def __post_init__(self) -> None:
        if not self.command or not self.command[0]:
            raise ValueError("has no `command`; it is a list: [/usr/local/bin/page, --text, '{short}']")
        if any("\x00" in one for one in (*self.command, *self.environment, *self.environment.values())):
            raise ValueError("holds a NUL character, which no program can be handed")
        if any(not name or "=" in name for name in self.environment):
            raise ValueError("has a name in `environment` that is empty or holds `=`")


def filled(argument: str, notice: Notice) -> str:
    """Return an argument with the notice's words in its places; none of them can pass for an option."""
    made = PLACE.sub(lambda found: line(str(getattr(notice, found[1])), LONGEST_ARGUMENT), argument.replace("{level}", notice.level.name))
    return f" {made}" if made.startswith("-") and not argument.startswith("-") else made


class Command:
    """A program that is started for each notice."""

    def __init__(self, name: str, settings: CommandSettings) -> None:
        self.name, self._settings = name, settings

    async def send(self, notice: Notice) -> str:
        """Run the program; return that it ended well. Raises: NotDeliveredError with the last line of its standard error."""
        process = await self._started(notice)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                said = await _served(process, encoded(payload(notice)) + b"\n")
        except TimeoutError:
            raise NotDeliveredError(f"{self._program} did not end within {self._settings.timeout_seconds:g} s") from None
        finally:
            await _ended(process)
        if process.returncode:
            raise NotDeliveredError(f"{self._program} {_how(process.returncode)}{': ' if said else ''}{said}")
        return f"{self._program} ended with exit code 0"

    async def close(self) -> None:
        """No program outlives its notice."""

    @property
    def _program(self) -> str:
        return line(self._settings.command[0])

    async def _started(self, notice: Notice) -> asyncio.subprocess.Process:
        program, *arguments = self._settings.command
        own = {name: os.environ[name] for name in PASSED if name in os.environ} | self._settings.environment
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        words = [filled(one, notice) for one in arguments]
        try:
            return await asyncio.create_subprocess_exec(
                program, *words, stdin=pipe, stdout=null, stderr=pipe, env=own, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise NotDeliveredError(f"{self._program} cannot be started: {why(error)}") from None


def _how(code: int) -> str:
    """Return how a program ended that did not end well."""
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


async def _served(process: asyncio.subprocess.Process, body: bytes) -> str:
    """Hand a program its input, wait for its end, and return the last line of its complaints."""
    complaints, _ = await asyncio.gather(_heard(process), _handed(process, body))
    await process.wait()
    rows = [row for row in complaints.decode("utf-8", "replace").splitlines() if row.strip()]
    return hidden(rows[-1]) if rows else ""


async def _handed(process: asyncio.subprocess.Process, body: bytes) -> None:
    """Write a program's input; one that does not read it, or has ended before it could, is free to: uvloop forbids to write then."""
    if process.stdin is None or process.stdin.is_closing():
        return
    with suppress(ConnectionError):
        process.stdin.write(body)
        await process.stdin.drain()
    process.stdin.close()


async def _heard(process: asyncio.subprocess.Process) -> bytes:
    """Return the end of what a program says on its standard error."""
    kept = b""
    while process.stderr is not None and (part := await process.stderr.read(LONGEST_COMPLAINT)):
        kept = (kept + part)[-LONGEST_COMPLAINT:]
    return kept


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a program that still runs, and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
