"""A Dovecot beside a Postfix: takes by LMTP, keeps, sends on by Sieve, refuses; its lines as 2.3 writes them (FORMATS 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.truth_net import Node
from bench.truth_values import Copy, Envelope, Receipt

if TYPE_CHECKING:
    from bench.truth_postfix import Postfix
    from bench.truth_values import Stay

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
STRANGER = "friend{}@elsewhere.example"


class Dovecot(Node):
    """The mailboxes of one host, in the log of its Postfix."""

    def __init__(self, host: Postfix, name: str) -> None:
        super().__init__(host.net, name, host.ip)
        self.host, self.name, self.shown, self.log = host, host.name, host.name, host.log
        self.offset, self.drift = host.offset, host.drift
        self._connection, self._deliveries = self._new(), 0

    def _new(self) -> str:
        return "".join(self.net.random.choices(LETTERS, k=22))

    def _session(self, transaction: int, place: int) -> str:
        """Return the session id of one recipient of one transaction."""
        return self._connection + (f":T{transaction}" if transaction > 1 else "") + (f":R{place + 1}" if place else "")

    def accept(self, envelope: Envelope, at: float, peer: Node) -> Receipt:  # noqa: ARG002 every server takes it so
        """Take a message by LMTP, each recipient for himself; Postfix keeps a connection for some messages."""
        self._deliveries += 1
        if not self.net.happens("same connection"):
            self._connection, self._deliveries = self._new(), 1
        if self.net.happens("refused"):
            return Receipt(at + 0.1, 550, f"5.1.1 <{envelope.addresses[0]}> User doesn't exist: {envelope.addresses[0]}")
        each = tuple(self._keep(copy, envelope, at, self._session(self._deliveries, place)) for place, copy in enumerate(envelope.copies))
        return Receipt(at + 0.15, 250, "2.0.0 Ok", each)

    def _keep(self, copy: Copy, envelope: Envelope, at: float, session: str) -> str:
        """Keep one copy; return the reply."""
        stay = self.net.stay(envelope.message, self.here, session)
        behind = copy.through(stay)
        if self.net.happens("sieve"):
            self._send_on(behind, stay, envelope, at)
        else:
            self._say(at + 0.1, copy.address, stay, envelope, "saved mail to INBOX")
            self.net.end(behind, "delivered")
        return f"250 2.0.0 <{copy.address}> {session} Saved"

    def _say(self, at: float, user: str, stay: Stay, envelope: Envelope, text: str) -> None:
        sieve = "sieve: " if text.startswith("forwarded") else ""
        mid = envelope.message.message_id or "unspecified"
        self.syslog(at, "dovecot", f"lmtp({user})<{9000 + stay.number % 900}><{stay.id}>: {sieve}msgid={mid}: {text}", stay)

    def _send_on(self, copy: Copy, stay: Stay, envelope: Envelope, at: float) -> None:
        """Send a copy to somebody else's, as a rule of its owner says."""
        friend = STRANGER.format(stay.number)
        self._say(at + 0.1, copy.address, stay, envelope, f"forwarded to <{friend}>")
        self.net.end(copy, "redirected")
        onward = Envelope(envelope.message, envelope.sender, (Copy(friend, (*copy.trail[:-1], (stay, friend))),))
        self.host.forward(self.host.begin(onward, at + 0.2, "client=localhost[127.0.0.1]"), onward, at + 0.4)
