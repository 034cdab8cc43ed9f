"""An Exim that writes its mainlog through syslog, as 4.97 and later do (FORMATS 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.truth_postfix import Postfix
from bench.truth_values import Copy, Envelope, Receipt
from tracking.formats.exim_ids import DIGITS

if TYPE_CHECKING:
    from bench.truth_net import Node
    from bench.truth_values import Stay


def base62(number: int, width: int) -> str:
    """Return a number in Exim's digits."""
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


class Exim(Postfix):
    """Takes, tries and reports as a Postfix does here, in its own words."""

    def queue_id(self, at: float) -> str:
        """Return a new id of 23 characters."""
        moment = self.clock(at)
        pid = self.net.random.randrange(10**3, 10**6)
        return f"{base62(int(moment.timestamp()), 6)}-{base62(pid, 11)}-{base62(moment.microsecond, 4)}"

    def say(self, at: float, program: str, stay: Stay, text: str) -> None:  # noqa: ARG002 one program does all
        """Write a line about a stay."""
        self.syslog(at, f"exim[{self.net.random.randrange(300, 32000)}]", f"{stay.id} {text}", stay)

    def accept(self, envelope: Envelope, at: float, peer: Node) -> Receipt:
        """Take a message by SMTP."""
        stay = self._new(envelope, at, f"H={peer.name} [{peer.ip}] P=esmtps")
        self.forward(stay, envelope, at + 0.1)
        return Receipt(at + 0.04, 250, f"OK id={stay.id}")

    def _new(self, envelope: Envelope, at: float, whence: str) -> Stay:
        message = envelope.message
        stay = self.net.stay(message, self.here, self.queue_id(at))
        mid = f" id={message.message_id.strip('<>')}" if message.message_id else ""
        text = f"{stay.id} <= {envelope.sender or '<>'} {whence} S={message.size_bytes}{mid}"
        whose = stay if envelope.sender else None  # a report's line tells of two stays
        self.syslog(at + 0.02, f"exim[{self.net.random.randrange(300, 32000)}]", text, whose)
        return stay

    def active(self, at: float, stay: Stay, envelope: Envelope) -> None:
        """Say nothing: each try tells of itself."""

    def ended(self, stay: Stay, at: float) -> None:
        """Write that all is done."""
        self.say(at, "", stay, "Completed")

    def delivered(self, stay: Stay, envelope: Envelope, receipt: Receipt, target: Node, began: float) -> None:  # noqa: ARG002 it tells no delay
        """Write the delivery lines of one transaction."""
        where = f"R=onward T=remote_smtp H={target.shown} [{target.ip}]"
        for place, address in enumerate(envelope.addresses):
            error = f"SMTP error from remote mail server after RCPT TO:<{address}>: {receipt.said}"
            text = {
                2: f'{"->" if place else "=>"} {address} {where} C="{receipt.said}"',
                4: f"== {address} {where} defer (-44): {error}",
                5: f"** {address} {where}: {error}",
            }[receipt.code // 100]
            self.say(receipt.at, "", stay, text)

    def notify(self, stay: Stay, failed: Envelope, at: float) -> None:
        """Write and send the report of a failure."""
        report = Envelope(self.net.message(f"<E{stay.id}@{self.name}>", 3200), "", (Copy(failed.sender),))
        own = self._new(report, at, f"R={stay.id} U=Debian-exim P=local")
        self.forward(own, report, at + 0.1)
