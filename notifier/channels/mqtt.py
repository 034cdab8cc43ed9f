"""The channel `mqtt`: incidents on a broker, MQTT 5 or 3.1.1. Proof is the broker's acknowledgement (PUBACK) of each message, QoS 1.

    TOPIC/events          each notice as JSON, once
    TOPIC/incidents/ID    the incident's latest notice, retained while it is open, cleared after its end
    TOPIC/status          retained: `online`, or `offline`, which the broker says for us when we are gone (last will)
    TOPIC/commands/acknowledge    heard, where `commands` allows it (see mqtt_commands)

The connection stays open, and is made again when it is lost. A notice's words are data: they reach no topic.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from notifier.channels.mqtt_commands import TOPIC, Command, command
from notifier.channels.payload import encoded, payload, safe
from notifier.channels.reasons import why
from notifier.values import NotDeliveredError, Notice
from notifier.words_clean import line
from probe.values import Secret
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifier.channels.mqtt_link import Broker, Link

log = logging.getLogger("mailsonde.notifier")

PORTS = {"none": 1883, "tls": 8883}
FAREWELL_SECONDS = 1.0  # that a broker has for our `offline`
AGAIN_SECONDS = 15.0  # after which a lost connection is made again
LONGEST_TOPIC = 1_000  # bytes; what we put behind it must fit in 65,535


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """A broker of MQTT."""

    host: str  # broker
    port: int | None = None  # its port; default: 1883, with tls 8883
    topic: str = "mailsonde"  # what all our topics begin with
    security: Literal["none", "tls"] = "none"  # none or tls
    user: str = ""  # who signs in; default: nobody
    password: Secret | None = None  # their password
    version: Literal["5", "3.1.1"] = "5"  # of the protocol; before 5 a broker cannot say that it refuses a notice
    client_id: str = ""  # how we name ourselves; default: a random name
    commands: bool = False  # whether TOPIC/commands/acknowledge is heard: who may publish there may acknowledge
    ca_file: Path | None = None  # PEM file of the authority to trust; default: the system's
    verify: bool = True  # whether its certificate must be good
    timeout_seconds: float = 10.0  # for connecting, and for each acknowledgement

    def __post_init__(self) -> None:
        check_topic(self.topic)
        if self.password is not None and not self.user:
            raise ValueError("has a `password` but no `user`")
        if self.version not in {"5", "3.1.1"} or self.security not in PORTS:
            raise ValueError("knows the versions 5 and 3.1.1, and the securities none and tls")


def check_topic(topic: str) -> None:
    """Raise ValueError for a topic that nothing can be published to (MQTT 5 section 4.7)."""
    if "+" in topic or "#" in topic:
        raise ValueError(f"has the topic `{topic}` with a wildcard; what is published goes to one exact topic")
    if "" in topic.split("/")[:-1]:
        raise ValueError(f"has the topic `{line(topic)}` with an empty level, between two `/` or before the first; leave that out")
    if not topic or topic.startswith("$") or topic.endswith("/") or not topic.isprintable() or len(topic.encode()) > LONGEST_TOPIC:
        raise ValueError("has a topic that cannot be: empty, longer than 1,000 bytes, with control characters, `$` first or `/` last")


class Mqtt:
    """A broker that is told. Made on a running loop, it connects at once; otherwise with the first notice."""

    def __init__(self, name: str, settings: MqttSettings) -> None:
        self.name, self._settings = name, settings
        self.acknowledge: Callable[[Command], Awaitable[object]] | None = None  # does it; raises LookupError, ValueError with a sentence
        self._link: Link | None = None
        self._lock = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        with suppress(RuntimeError):
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name=f"{name} stays connected")

    async def send(self, notice: Notice) -> str:
        """Publish a notice's event and state; return what acknowledged them. Raises: NotDeliveredError."""
        body, closed = encoded(payload(notice)), notice.kind is ChangeKind.CLOSED
        state = f"incidents/{safe(notice.incident)}"
        await self.publish("events", body)
        await self.publish(state, body, retain=not closed)
        if closed:
            await self.publish(state, b"", retain=True)
        return f"acknowledged by {self._place}"

    async def publish(self, topic: str, body: bytes, *, retain: bool = False) -> str:
        """Publish under our topic; one that begins with `/` is meant as it stands behind that. Raises: NotDeliveredError."""
        whole = topic[1:] if topic.startswith("/") else f"{self._settings.topic}/{topic}"
        try:
            link = await self._connected()
            await link.tell(whole, body, retain=retain)
        except Exception as error:  # noqa: BLE001 - the border: the library's own, the system's, TLS's
            if isinstance(error, TimeoutError) and self._link is not None:
                self._link.drop()  # a connection on which nothing is acknowledged is none
            raise self._failure(error) from None
        return f"acknowledged by {self._place}"

    async def close(self) -> None:
        """Say that we go, and go."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        async with self._lock:
            link, self._link = self._link, None
            if link is not None:
                with suppress(Exception):
                    async with asyncio.timeout(FAREWELL_SECONDS):
                        await link.leave()

    @property
    def _place(self) -> str:
        return f"{self._settings.host}:{self._settings.port or PORTS[self._settings.security]}"

    def _failure(self, error: BaseException) -> NotDeliveredError:
        refused = type(error).__name__ == "RefusedError"
        said = f"refused it: {error}" if refused else why(error, [self._settings.password])
        return NotDeliveredError(f"{self._place}{' ' if refused else ': '}{said}", again=not refused)

    async def _connected(self) -> "Link":
        """Return the connection, made anew where it is gone."""
        async with self._lock:
            if self._link is None or not self._link.alive:
                if self._link is not None:
                    self._link.drop()
                self._link = None
                self._link = await self._opened()
            return self._link

    async def _opened(self) -> "Link":
        """Return a new connection. One that comes after we stopped waiting is dropped."""
        from notifier.channels.mqtt_link import Link  # noqa: PLC0415 - 130 ms of start, only for those who have a broker

        link = Link(self._broker())
        entering = asyncio.create_task(link.enter())
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await asyncio.shield(entering)
        except BaseException:
            entering.add_done_callback(lambda task: _too_late(task, link))
            raise
        return link

    def _broker(self) -> "Broker":
        from notifier.channels.mqtt_link import Broker  # noqa: PLC0415 - as above

        wanted = self._settings
        return Broker(
            wanted.host,
            wanted.port or PORTS[wanted.security],
            wanted.version,
            f"{wanted.topic}/status",
            user=wanted.user,
            password=wanted.password,
            client_id=wanted.client_id,
            secure=wanted.security == "tls",
            ca_file=wanted.ca_file,
            verify=wanted.verify,
            timeout_seconds=wanted.timeout_seconds,
        )

    async def _listen(self, link: "Link") -> None:
        """Obey commands, if they are allowed, until the connection is lost."""
        if self._settings.commands:
            async for body in link.listen(f"{self._settings.topic}/{TOPIC}"):
                await self._obey(body)
        await asyncio.wait({link.lost})

    async def _obey(self, body: bytes) -> None:
        try:
            found = command(body)
            if self.acknowledge is not None:
                await self.acknowledge(found)
        except (ValueError, LookupError) as error:
            why = line(str(error.args[0] if error.args else error))  # a KeyError's str() stands in quotes
            log.warning("%s: what came to %s/%s was not obeyed: %s", self.name, self._settings.topic, TOPIC, why)

    async def _keep(self) -> None:
        """Stay connected, so that `status` says the truth; say in the log when that begins to fail."""
        well = True
        while True:
            try:
                link = await self._connected()
                well = True
                await self._listen(link)
            except Exception as error:  # noqa: BLE001 - as in publish
                if well:
                    log.warning("%s: %s", self.name, self._failure(error))
                well = False
            await asyncio.sleep(AGAIN_SECONDS)


def _too_late(entering: "asyncio.Task[None]", link: "Link") -> None:
    """Drop a connection that nobody waits for any more."""
    if not entering.cancelled() and entering.exception() is None:
        link.drop()
