"""What the fault proxy can do to one route, and the rubbish it says; values and tables, no I/O. Refuses behaviours it does not know.

A route stands between a front port, where clients connect, and a back port, where the real server listens.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

CHUNK_BYTES = 65_536  # the most that one direction of one connection holds
CUT_AFTER_BYTES = 4  # so much of a reply is let through before the connection is cut
GARBAGE = bytes(range(0x80, 0x100)) + b"\x00\x01\x02\xfe\xff\r\n"
# How the endless line begins: enough of the protocol that a client goes on reading.
FLOOD_HEADS = {"smtp": b"220-", "lmtp": b"220-", "imap": b"* OK ", "pop3": b"+OK ", "ldap": b"\x30\x84\x7f\xff\xff\xff\x02\x01\x01\x61"}
FLOOD_BODY = b"x" * CHUNK_BYTES
SPEAKS_FIRST = frozenset({"smtp", "lmtp", "imap", "pop3"})  # the server does; of others the client
PROTOCOLS = SPEAKS_FIRST | {"ldap", "dns", "tls", "tcp"}  # tls, tcp: passed without a look inside


@dataclass(frozen=True, slots=True)
class Route:
    """One front port and the back port behind it."""

    name: str
    protocol: str  # of PROTOCOLS
    front: tuple[str, int]  # IPv4 address and port
    back: tuple[str, int]
    datagram: bool = False  # also pass UDP, on the same port numbers

    def __post_init__(self) -> None:
        """Refuse a protocol that the proxy has no table for."""
        if self.protocol not in PROTOCOLS:
            raise ValueError(f"route {self.name}: no protocol {self.protocol!r}; known are {', '.join(sorted(PROTOCOLS))}")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What happens on a route now. All at rest: bytes pass both ways at once."""

    refuse: bool = False  # nobody listens
    silent: bool = False  # accept, say nothing, hold the connection
    garbage: bool = False  # bytes of no protocol instead of the greeting or the first reply
    flood: bool = False  # a line without end
    cut: int = 0  # close in the middle of the n-th reply
    strip: bool = False  # STARTTLS, STLS or StartTLS is not offered, and refused when asked for
    body: bool = False  # one letter of the body of each message becomes another
    busy: bool = False  # LDAP: resultCode 51 to every operation
    slow_seconds: float = 0.0  # each reply comes so late
    link_seconds: float = 0.0  # whatever passes, in either direction, comes so late

    @property
    def breaks(self) -> Behaviour:
        """Return the same without slowness: what running connections cannot change to."""
        return replace(self, slow_seconds=0.0, link_seconds=0.0)


REST = Behaviour()


def behaviour(wanted: dict[str, Any], route: str) -> Behaviour:
    """Return the behaviour that `wanted` names, e.g. {"cut": 2, "slow_seconds": 0.8}.

    Raises:
        ValueError: a name that is no behaviour, or a value of the wrong type.
    """
    known = {field.name: type(getattr(REST, field.name)) for field in fields(Behaviour)}
    for name, value in wanted.items():
        if name not in known:
            raise ValueError(f"route {route}: no behaviour {name!r}; known are {', '.join(known)}")
        if type(value) not in {known[name], int if known[name] is float else known[name]}:
            raise ValueError(f"route {route}: {name} wants {known[name].__name__}, not {value!r}")
    return Behaviour(**wanted)
