"""One connection to an MQTT broker (MQTT 5 or 3.1.1), on aiomqtt. It is imported when the first one is needed.

It mends habits of the library: a PUBACK that refuses counts as refusal, what waits for one wakes when the connection is lost, and a
connection that was never accepted is dropped.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiomqtt
from paho.mqtt.client import MQTT_ERR_SUCCESS, error_string
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from probe.values import Secret

VERSIONS = {"5": aiomqtt.ProtocolVersion.V5, "3.1.1": aiomqtt.ProtocolVersion.V311}
AT_LEAST_ONCE = 1  # QoS: the broker acknowledges
ONLINE, OFFLINE = b"online", b"offline"
KEEPALIVE_SECONDS = 20
MOST_WAITING = 100  # commands; more are thrown away


class LostError(Exception):
    """The connection went before the acknowledgement came."""


class RefusedError(Exception):
    """The broker acknowledged that it does not take this (MQTT 5 section 3.4.2.1)."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is and who we are there."""

    host: str
    port: int
    version: str  # key of VERSIONS
    status: str  # topic of our state, which the broker sets to offline when we are gone
    user: str = ""
    password: Secret | None = None
    client_id: str = ""
    secure: bool = False  # TLS from the first byte
    ca_file: Path | str | None = None  # PEM
    verify: bool = True
    timeout_seconds: float = 10.0


class _Socket(ssl.SSLSocket):
    """A socket that is closed when its handshake fails: paho forgets it then."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def _context(broker: Broker) -> ssl.SSLContext:
    """Return what decides whom to trust. Raises: OSError when the ca_file cannot be read or is no PEM."""
    context = ssl.create_default_context(cafile=str(broker.ca_file) if broker.ca_file else None)
    context.sslsocket_class = _Socket
    if not broker.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Link(aiomqtt.Client):
    """One connection, used once. `enter` opens it, `leave` ends it."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(
            broker.host,
            broker.port,
            username=broker.user or None,
            password=broker.password.reveal() if broker.password else None,
            identifier=broker.client_id or None,
            protocol=VERSIONS[broker.version],
            will=aiomqtt.Will(broker.status, OFFLINE, AT_LEAST_ONCE, retain=True),
            timeout=broker.timeout_seconds,
            keepalive=KEEPALIVE_SECONDS,
            max_queued_incoming_messages=MOST_WAITING,
            clean_session=None if broker.version == "5" else True,
        )
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._broker = broker

    @property
    def alive(self) -> bool:
        """Tell whether the connection stands, as far as we know."""
        return self._connected.done() and not self._disconnected.done()

    @property
    def lost(self) -> asyncio.Future[None]:
        """Return what is done when the connection is gone."""
        return self._disconnected

    async def enter(self) -> None:
        """Connect and say that we are there. Raises: whatever came between; nothing is left open then."""
        try:
            await self.__aenter__()
            await self.tell(self._broker.status, ONLINE, retain=True)
        except BaseException:
            self.drop()
            raise

    async def leave(self) -> None:
        """Say that we go, and go."""
        try:
            if self.alive:
                await self.tell(self._broker.status, OFFLINE, retain=True)
                await self.__aexit__(None, None, None)
        finally:
            self.drop()

    async def listen(self, topic: str) -> AsyncIterator[bytes]:
        """Yield what is published there from now on, until the connection is lost. What was retained is of yesterday."""
        await self.subscribe(topic, AT_LEAST_ONCE)
        with suppress(aiomqtt.MqttError):
            async for message in self.messages:
                if not message.retain and isinstance(message.payload, bytes):
                    yield message.payload

    def drop(self) -> None:
        """Let go of the socket, whatever state it is in."""
        self._client._sock_close()  # noqa: SLF001 - paho has no public way to drop a connection that nobody accepted
        if self._disconnected.done():
            self._disconnected.exception()  # it was heard of: nobody needs to be warned
        else:
            self._disconnected.set_result(None)
        if self._misc_task is not None:
            self._misc_task.cancel()

    async def tell(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish once and wait for the acknowledgement.

        Raises: LostError, RefusedError, TimeoutError; ValueError for what no broker would take.
        """
        info = self._client.publish(topic, payload, AT_LEAST_ONCE, retain, self._kind(payload))
        if info.rc != MQTT_ERR_SUCCESS:
            raise LostError(error_string(info.rc).lower().rstrip("."))
        answer = self._answers[info.mid] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait({answer, self._disconnected}, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._answers[info.mid]
        if not answer.done():
            raise LostError("lost the connection before it acknowledged") if self._disconnected.done() else TimeoutError
        if answer.result().is_failure:
            raise RefusedError(str(answer.result()))

    def _client_connect(self) -> None:
        """Connect, in a thread of the loop's; the authorities are read there, since that takes its time."""
        if self._broker.secure:
            self._client.tls_set_context(_context(self._broker))
        super()._client_connect()

    def _kind(self, payload: bytes) -> Properties | None:
        """Return what MQTT 5 says of a payload: that it is JSON."""
        if self._broker.version != "5" or not payload.startswith(b"{"):
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho leaves it without types
        properties.ContentType = "application/json"
        return properties

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:  # noqa: ARG002 - paho's own signature
        answer = self._answers.get(mid)
        if answer is not None and not answer.done():
            answer.set_result(reason_code)
