"""A network of mail servers that hand messages to each other, in truth: each keeps its own clock and log. Seeded; no clock, no I/O."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.truth_values import Ending, Message, Receipt, Stay, Written

if TYPE_CHECKING:
    from random import Random

    from bench.truth_values import Copy, Envelope, World

START = datetime(2026, 11, 20, 6, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)  # forty minutes before Europe's clocks go back
BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Net:
    """All servers, what was sent, and how it ended."""

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random
        self.start = START if world.zone == "UTC" else AUTUMN
        self.nodes: dict[str, Node] = {}
        self.ends: list[Ending] = []
        self.stays: list[Stay] = []
        self.messages: list[Message] = []

    def happens(self, feature: str) -> bool:
        """Tell whether something of the world's happens now."""
        return self.random.random() < self.world.features.get(feature, 0.0)

    def within(self, least: float, most: float) -> float:
        """Return some seconds, more often few than many."""
        return least + (most - least) * self.random.random() ** 3

    def message(self, message_id: str | None = None, size_bytes: int | None = None) -> Message:
        """Return a new message; its Message-ID is made where none is given."""
        number = len(self.messages)
        mid = message_id or f"<{self.random.getrandbits(60):x}.{number}@sender{number % 37}.example>"
        size = size_bytes or int(700 + self.within(0, 90_000))
        network = str(UUID(int=self.random.getrandbits(128)))
        made = Message(number, None if self.happens("no message-id") else mid, f"Figures, week {number % 53}", size, network)
        self.messages.append(made)
        return made

    def stay(self, message: Message, server: str, name: str) -> Stay:
        """Return a new stay."""
        made = Stay(len(self.stays), message.number, server, name)
        self.stays.append(made)
        return made

    def end(self, copy: Copy, outcome: str) -> None:
        """Say how a copy ended; its trail ends where it did."""
        self.ends.append(Ending(copy.address, copy.trail, outcome))


class Node:
    """A mail server: its name, address, clock and log."""

    shown = ""  # the name under which others talk to it, where that is another one

    def __init__(self, net: Net, name: str, ip: str) -> None:
        self.net, self.name, self.ip = net, f"{name}.corp.example", ip
        self.shown = self.name
        self.log: list[Written] = []
        clocks = net.world.features.get("clock seconds", 0.0), net.world.features.get("clock ppm", 0.0)
        self.offset, self.drift = (net.random.uniform(-most, most) for most in clocks)
        net.nodes[name] = self

    @property
    def here(self) -> str:
        """The first label of the name."""
        return self.name.partition(".")[0]

    def clock(self, at: float) -> datetime:
        """Return what its own clock says."""
        return self.net.start + timedelta(seconds=at + self.offset + self.drift * at / 1e6)

    def write(self, at: float, text: str, stay: Stay | None = None, file: str = "mail.log") -> None:
        """Write a line; the world may bring lines of the same instant out of order."""
        late = self.net.random.uniform(0, 0.2) if self.net.happens("disorder") else 0.0
        self.log.append(Written(at + late, text, stay, file))

    def syslog(self, at: float, tag: str, text: str, stay: Stay | None = None) -> None:
        """Write a line of a syslog: with time zone where the name ends in an even digit, in the BSD form else."""
        stamp = self.clock(at)
        local = stamp.astimezone(ZoneInfo(self.net.world.zone))
        iso = self.name.partition(".")[0].endswith("2") and self.net.world.zone == "UTC"
        head = stamp.isoformat(timespec="microseconds") if iso else f"{local:%b} {local.day:2d} {local:%H:%M:%S}"
        self.write(at, f"{head} {self.here} {tag}: {text}", stay)

    def accept(self, envelope: Envelope, at: float, peer: Node) -> Receipt:
        """Take a message. Every server does it in its own way."""
        raise NotImplementedError


class Outside(Node):
    """All others: they take, put off and refuse, their logs are not ours, and some of them lie."""

    def accept(self, envelope: Envelope, at: float, peer: Node) -> Receipt:
        """Answer; what is taken is relayed, as far as anybody can know."""
        net, done = self.net, at + self.net.within(0.1, 3)
        if peer is not self and net.happens("refused"):
            return Receipt(done, 550, f"5.1.1 <{envelope.addresses[0]}>: Recipient address rejected: User unknown")
        if net.happens("put off"):
            return Receipt(done, 451, "4.7.1 Greylisted, try again later")
        for copy in envelope.copies:
            net.end(copy, "relayed")
        return Receipt(done, 250, self._words())

    def _words(self) -> str:
        """Return what foreign servers say, or what a liar does: an id of one of ours."""
        net = self.net
        if net.happens("lies") and net.stays:
            return f"2.0.0 Ok: queued as {net.random.choice(net.stays).id}"
        name = "".join(net.random.choices(BASE36[:16], k=10))
        return net.random.choice((f"2.0.0 Ok: queued as {name}", f"2.0.0 OK  1763625600 {name.lower()}.42 - gsmtp", "Message accepted."))


class Client(Node):
    """Whoever hands in: a stranger's server."""
