"""A Mosquitto of the tests' own on loopback, which they may stop, start, close to strangers and put behind TLS."""

from __future__ import annotations

import asyncio
import getpass
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING

import aiomqtt

if TYPE_CHECKING:
    from pathlib import Path

BROKER = "/usr/sbin/mosquitto"


@dataclass(slots=True)
class Mosquitto:
    """One broker: `port` in clear, whatever `lines` add to its configuration."""

    folder: Path
    port: int
    lines: tuple[str, ...] = ("allow_anonymous true",)
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it and wait until it listens."""
        rows = [f"listener {self.port} 127.0.0.1", "persistence false", f"user {getpass.getuser()}", *self.lines]
        (self.folder / "mosquitto.conf").write_text("\n".join(rows) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([BROKER, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log)
        until = monotonic() + 5
        while monotonic() < until:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            sleep(0.02)
        raise TimeoutError((self.folder / "mosquitto.log").read_text())

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


async def heard(client: aiomqtt.Client, count: int) -> list[tuple[str, bytes, bool]]:
    """Return topic, payload and whether it was retained, of the next messages."""
    got: list[tuple[str, bytes, bool]] = []
    async with asyncio.timeout(5):
        async for message in client.messages:
            body = message.payload
            got.append((str(message.topic), body if isinstance(body, bytes) else b"", message.retain))
            if len(got) == count:
                return got
    return got


async def retained(port: int) -> dict[str, bytes]:
    """Return what a newcomer hears at once."""
    got: dict[str, bytes] = {}
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("#", 1)
        await client.publish("end", b"-", 1)
        async for message in client.messages:
            if str(message.topic) == "end":
                return got
            got[str(message.topic)] = message.payload if isinstance(message.payload, bytes) else b""
    return got
