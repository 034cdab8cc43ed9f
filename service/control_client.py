"""Speaks to a running service for the commands: over the unix socket beside its store, or at --url with a token. Standard library alone.

Whatever goes wrong is one line that says who is wrong and what to do; what the service said of it comes whole.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from probe.values import Secret

ROOT = "/api/v1"
PATIENCE_SECONDS = 120.0  # a probe by hand waits for its server's budget, a backup for the disk
CONNECT_SECONDS = 10.0
MOST_BYTES = 64 * 1_048_576  # of one answer


class ControlError(Exception):
    """The service does not run, cannot be reached, or refuses; `str()` says it in one line (a refused configuration: in several)."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status  # of HTTP; 0 = nobody answered


class NotRunning(ControlError):  # noqa: N818 - a fact, on which a command may act: it then opens the store itself
    """No service runs here."""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=CONNECT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect, as unix(7) has it."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True, slots=True)
class Control:
    """A service to speak to. Make it with `at_socket` or `at_url`.

    Args:
        where: what the user would call it.
        connect: makes a connection that is not open yet.
        failed: turns what kept it from opening into words.
    """

    where: str
    connect: Callable[[], http.client.HTTPConnection]
    failed: Callable[[OSError], ControlError]
    token: Secret | None = None
    path: str = ""  # before ROOT: a proxy may have put the service below one
    patience_seconds: float = 0.0  # how long to wait for an answer; 0 = PATIENCE_SECONDS

    @property
    def _patience_seconds(self) -> float:
        return self.patience_seconds or PATIENCE_SECONDS

    def get(self, path: str, /, **query: object) -> Any:
        """Return what the service says; parameters that are None are left out. Raises: ControlError."""
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        return self._ask("GET", f"{path}?{asked}" if asked else path)

    def post(self, path: str, /, **body: object) -> Any:
        """Have something done; return what the service says of it. Raises: ControlError."""
        return self._ask("POST", path, json.dumps({name: value for name, value in body.items() if value is not None}))

    def items(self, path: str, /, **query: object) -> Iterator[Any]:
        """Yield the items of all pages. Raises: ControlError."""
        cursor = None
        while cursor != "":
            page = self.get(path, **query, cursor=cursor)
            yield from page["items"]
            cursor = page["cursor"]

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        status, data = self._exchange(method, f"{self.path}{ROOT}{path}", body)
        try:
            answer = json.loads(data)
        except ValueError:
            answer = None
        if status == 200 and answer is not None:
            return answer
        raise ControlError(self._refusal(status, answer), status)

    def _exchange(self, method: str, target: str, body: str | None) -> tuple[int, bytes]:
        connection = self.connect()
        headers = {"content-type": "application/json"} if body else {}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token.reveal()}"
        try:
            self._open(connection)
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return response.status, _whole(response)
        except TimeoutError:
            raise ControlError(f"{self.where} did not answer within {self._patience_seconds:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise ControlError(f"{self.where} broke the connection off ({type(error).__name__})") from None
        finally:
            connection.close()

    def _open(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except OSError as error:
            raise self.failed(error) from None
        connection.sock.settimeout(self._patience_seconds)

    def _refusal(self, status: int, answer: Any) -> str:
        detail = answer.get("detail") if isinstance(answer, dict) else None
        if status == 401:
            return f"{self.where} wants another token"
        if isinstance(detail, str):
            return detail
        return f"{self.where} is not a Mailsonde service (HTTP {status})"


def socket_of(store: Path) -> Path:
    """Return the unix socket through which the service of this store is steered: beside it."""
    return store.with_suffix(".sock")


def at_socket(path: Path) -> Control:
    """Return the service whose control socket this is."""

    def failed(error: OSError) -> ControlError:
        if isinstance(error, FileNotFoundError):
            return NotRunning(f"the service does not run (no socket at {path})")
        if isinstance(error, ConnectionRefusedError):
            return NotRunning(f"the service does not run (nobody listens on {path})")
        if isinstance(error, PermissionError):
            return ControlError(f"{path} is for root and the user of the service alone: run this as one of them")
        return ControlError(f"{path} cannot be opened: {_why(error)}")

    return Control(f"the service at {path}", lambda: _UnixConnection(path), failed)


def at_url(url: str, token: Secret | None = None) -> Control:
    """Return the service at a URL (http or https), with what it wants to be shown. Raises: ControlError for what is no such URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ControlError(f"--url {url!r}: {error}") from None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.username:
        raise ControlError(f"--url {url!r} is not of the form https://HOST:PORT")

    def connect() -> http.client.HTTPConnection:
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)

    return Control(url, connect, lambda error: ControlError(f"{url} cannot be reached: {_why(error)}"), token, parts.path.rstrip("/"))


def _whole(response: http.client.HTTPResponse) -> bytes:
    """Return a body, which must be as long as its head says and no longer than MOST_BYTES."""
    data = response.read(MOST_BYTES)
    if response.length:
        raise http.client.IncompleteRead(data, response.length)
    return data


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return error.strerror.lower() if error.strerror else str(error) or type(error).__name__
