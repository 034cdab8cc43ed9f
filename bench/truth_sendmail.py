"""A sendmail that writes its log: one line of arrival, one for each try of some recipients, its reports (FORMATS 6)."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from bench.truth_postfix import Postfix
from bench.truth_values import Copy, Envelope, Receipt

if TYPE_CHECKING:
    from bench.truth_net import Node
    from bench.truth_values import Stay

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"


class Sendmail(Postfix):
    """Takes, tries and reports as a Postfix does here, in its own words."""

    def queue_id(self, at: float) -> str:
        """Return a new id: the time in UTC, a sequence, a process."""
        now, random = self.clock(at).astimezone(UTC), self.net.random
        parts = (now.year - 1900, now.month - 1, now.day, now.hour, now.minute, now.second, random.randrange(60), random.randrange(60))
        return "".join(DIGITS[part % 60] for part in parts) + f"{random.randrange(10**6):06d}"

    def say(self, at: float, program: str, stay: Stay, text: str) -> None:  # noqa: ARG002 one program does all
        """Write a line about a stay."""
        self.syslog(at, f"sm-mta[{int(stay.id[-6:])}]", f"{stay.id}: {text}", stay)

    def accept(self, envelope: Envelope, at: float, peer: Node) -> Receipt:
        """Take a message by SMTP."""
        message = envelope.message
        stay = self.net.stay(message, self.here, self.queue_id(at))
        mid = f" msgid={message.message_id}," if message.message_id else ""
        about = f"size={message.size_bytes}, class=0, nrcpts={len(envelope.copies)},{mid} proto=ESMTP, daemon=MTA"
        self.say(at + 0.02, "", stay, f"from=<{envelope.sender}>, {about}, relay={peer.name} [{peer.ip}]")
        self.forward(stay, envelope, at + 0.1)
        return Receipt(at + 0.04, 250, f"2.0.0 {stay.id} Message accepted for delivery")

    def active(self, at: float, stay: Stay, envelope: Envelope) -> None:
        """Say nothing: each try tells of itself."""

    def ended(self, stay: Stay, at: float) -> None:
        """Say nothing: the last delivery is the end."""

    def delivered(self, stay: Stay, envelope: Envelope, receipt: Receipt, target: Node, began: float) -> None:
        """Write one line for all recipients of a transaction."""
        words = receipt.text.partition(" ")[2] if receipt.text[1:2] == "." else receipt.text  # it repeats neither code
        stat, dsn = {
            2: (f"Sent ({words})", "2.0.0"),
            4: (f"Deferred: {receipt.said}", "4.7.1"),
            5: ("User unknown", "5.1.1"),
        }[receipt.code // 100]
        to = ",".join(f"<{address}>" for address in envelope.addresses)
        took = f"00:{int(receipt.at - began) // 60:02d}:{int(receipt.at - began) % 60:02d}"
        relay = f"mailer=esmtp, pri=120592, relay={target.shown}. [{target.ip}]"
        self.say(receipt.at, "", stay, f"to={to}, delay={took}, xdelay={took}, {relay}, dsn={dsn}, stat={stat}")

    def notify(self, stay: Stay, failed: Envelope, at: float) -> None:
        """Write and send the report of a failure: it has no line of arrival."""
        report = Envelope(self.net.message(f"<S{stay.id}@{self.name}>", 3200), "", (Copy(failed.sender),))
        own = self.net.stay(report.message, self.here, self.queue_id(at))
        self.syslog(at, f"sm-mta[{int(stay.id[-6:])}]", f"{stay.id}: {own.id}: DSN: User unknown")  # it tells of two stays
        self.forward(own, report, at + 0.1)
