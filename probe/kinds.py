"""The one list of what can be probed. A new kind is one dialogue file, one line here, one test, one line in CHANGELOG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe import dns, imap, ldap, pop3, smtp

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.dialogue import Dialogue
    from probe.values import Check


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of server is spoken to."""

    dialogue: Callable[[Check, bytes], Dialogue]
    port: int  # of the plain or STARTTLS service (IANA)
    tls_port: int | None  # of the implicit-TLS service; None = there is none
    farewell: bytes  # said when we must leave early, so that nobody bans us for half a dialogue
    datagram: bool = False
    in_turn: bool = False  # each speaks only when it is his turn: a reply that came before its command is none


KINDS: dict[str, Kind] = {
    "smtp": Kind(smtp.dialogue, 25, 465, b"QUIT\r\n", in_turn=True),
    "submission": Kind(smtp.dialogue, 587, 465, b"QUIT\r\n", in_turn=True),
    "lmtp": Kind(smtp.dialogue, 24, None, b"QUIT\r\n", in_turn=True),
    "imap": Kind(imap.dialogue, 143, 993, b"bye LOGOUT\r\n"),
    "pop3": Kind(pop3.dialogue, 110, 995, b"QUIT\r\n", in_turn=True),
    "ldap": Kind(ldap.dialogue, 389, 636, ldap.UNBIND),
    "dns": Kind(dns.dialogue, 53, None, b"", datagram=True),
}
