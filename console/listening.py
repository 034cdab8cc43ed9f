"""Opens the console's listeners, on TCP and on a unix socket, and closes them in time. What cannot be opened is said in one line."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

import uvicorn

from console.connections import HEAD_BYTES, Bounded, OwnUser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

BACKLOG = 128
CLOSE_SECONDS = 1.0  # for answers under way
LAST_SECONDS = 3  # for what does not even end when its client is gone
KEEP_ALIVE_SECONDS = 75  # longer than the usual minute between two scrapes
OWNER_ALONE = 0o600
TICK_SECONDS = 1.0


class NotListening(Exception):  # noqa: N818 - a fact in one sentence, as the screen shows it
    """An address that cannot be listened on; `str()` says in one line which and why."""


class _Server(uvicorn.Server):
    """A server in somebody else's loop and process: signals are not its business, and it wakes the loop once a second, not ten times."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Begin to close."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Keep the time that answers state, until the end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_SECONDS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Listener:
    """One open listener. Make it with `on_tcp` or `on_unix`."""

    def __init__(self, server: _Server, listening: socket.socket, path: Path | None = None) -> None:
        self._server = server
        self._socket = listening
        self._task = asyncio.get_running_loop().create_task(server.serve(sockets=[listening]))
        self._unix = (path, path.stat().st_ino) if path is not None else None  # the socket's file, and which file that is

    @classmethod
    async def on_tcp(cls, app: ASGIApp, place: tuple[str, int], name: str) -> Self:
        """Listen on (host, port); port 0 takes a free one. `name` is the setting that says so, for the error. Raises: NotListening."""
        listening = await _bound(place, name)
        return await cls(_server(app, Bounded), listening).started()

    @classmethod
    async def on_unix(cls, app: ASGIApp, path: Path) -> Self:
        """Listen on a unix socket that its owner alone can open, and take the place of one that nobody listens on. Raises: NotListening."""
        listener = cls(_server(app, OwnUser), _bound_unix(path), path)
        return await listener.started()

    @property
    def port(self) -> int:
        """Return the TCP port that it has."""
        return int(self._socket.getsockname()[1])

    @property
    def connections(self) -> list[Bounded]:
        """Return the connections that are open."""
        return [one for one in self._server.server_state.connections if isinstance(one, Bounded)]

    async def close(self) -> None:
        """Answer what was asked, for a second at the most, and close everything."""
        self._server.end()
        if self._unix is not None:
            _remove(*self._unix)
        limit = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._abort)
        try:
            await self._task
        finally:
            limit.cancel()
            self._abort()
            self._socket.close()

    def _abort(self) -> None:
        for connection in self.connections:
            connection.transport.abort()

    async def started(self) -> Self:
        """Return when it listens. Raises: what keeps it from that."""
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.001)
        return self


def _server(app: ASGIApp, protocol: type[Bounded]) -> _Server:
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # what strangers do wrong is not our error
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    return _Server(config)


# -- TCP

_WORDS = {
    errno.EADDRINUSE: "another program listens there; stop it, or choose another port",
    errno.EACCES: "this user may not use that port; choose one above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


async def _bound(place: tuple[str, int], name: str) -> socket.socket:
    host, port = place
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise NotListening(f"{name}: cannot listen on {told(place)}: {host} is not known ({error.strerror})") from None
    except OSError as error:
        words = _WORDS.get(error.errno or 0, (error.strerror or "unknown reason").lower())
        raise NotListening(f"{name}: cannot listen on {told(place)}: {words}") from None


def told(place: tuple[str, int]) -> str:
    """Return `127.0.0.1:9825` or `[::1]:9825`."""
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# -- unix socket


def _bound_unix(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        _clear(path)
        os.fchmod(listening.fileno(), OWNER_ALONE)  # it is born closed to others (Linux): a chmod afterwards would come too late
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except (OSError, NotListening) as error:
        listening.close()
        if isinstance(error, NotListening):
            raise
        raise NotListening(f"cannot listen on the control socket {path}: {_why(error)}") from None
    return listening


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another service took it at the same moment"
    if "too long" in str(error):
        return "its path is longer than a unix socket allows (107 bytes); choose a shorter store.path"
    return (error.strerror or "unknown reason").lower()


def _clear(path: Path) -> None:
    """Take away the socket of a service that is gone. Raises: NotListening for one that answers, and for what is no socket."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise NotListening(f"cannot listen on the control socket {path}: there is a file of this name that is no socket")
    if _answers(path):
        raise NotListening(
            f"cannot listen on the control socket {path}: another service listens there; stop it, or choose another store.path"
        )
    path.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
        visitor.settimeout(1.0)
        try:
            visitor.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # busy, or not ours to open: somebody is there
        return True


def _remove(path: Path, inode: int) -> None:
    """Take our socket away, and nobody else's that took its place."""
    with suppress(OSError):
        if path.lstat().st_ino == inode:
            path.unlink()
