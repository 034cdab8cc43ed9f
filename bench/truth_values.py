"""The nouns of generated truth: messages, the stays that they made, and how each recipient's copy ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of one message in one server, as it was in truth."""

    number: int
    message: int
    server: str
    id: str


@dataclass(frozen=True, slots=True)
class Message:
    """What travels."""

    number: int
    message_id: str | None
    subject: str
    size_bytes: int
    network_id: str


Trail = tuple[tuple[Stay, str], ...]  # each stay, and the address under which the copy left it


@dataclass(frozen=True, slots=True)
class Copy:
    """A message on its way to one address."""

    address: str
    trail: Trail = ()

    def through(self, stay: Stay) -> Copy:
        """Return it behind a stay."""
        return replace(self, trail=(*self.trail, (stay, self.address)))


@dataclass(frozen=True, slots=True)
class Envelope:
    """What one transaction hands over."""

    message: Message
    sender: str
    copies: tuple[Copy, ...]

    @property
    def addresses(self) -> list[str]:
        """The recipients."""
        return [copy.address for copy in self.copies]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the next server answered, and when; `each`: one answer for each recipient, as LMTP has it."""

    at: float
    code: int
    text: str
    each: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The whole reply."""
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Ending:
    """How one copy ended: a flow as it should be found."""

    recipient: str
    trail: Trail
    outcome: str


@dataclass(frozen=True, slots=True)
class World:
    """What goes on and how often: names of `FEATURES`, shares of 1."""

    name: str
    about: str
    features: Mapping[str, float] = field(default_factory=dict)
    dark: tuple[str, ...] = ()  # servers whose logs nobody has
    zone: str = "UTC"  # of stamps without one


@dataclass(slots=True)
class Written:
    """A line of a log, before it stands in a file."""

    at: float  # in truth, seconds since the start
    text: str
    stay: Stay | None
    file: str
