"""A Postfix that writes its log: smtpd, cleanup, qmgr, smtp, local, lmtp and bounce, as versions 3.x do (FORMATS 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.truth_net import Client, Node
from bench.truth_values import Copy, Envelope, Receipt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.truth_net import Net
    from bench.truth_values import Stay

DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
TRIES = 3
RETRY = 300.0
SPLIT = 3  # recipients of one transaction, where the world splits


def base(number: int, radix: int, width: int = 0) -> str:
    """Return a number in Postfix's digits."""
    text = ""
    while number or len(text) < width:
        number, digit = divmod(number, radix)
        text = DIGITS[digit] + text
    return text


class Postfix(Node):
    """One instance.

    Args:
        net: all servers.
        name: its host's name.
        ip: its address.
        long: it has long queue ids.
    """

    def __init__(self, net: Net, name: str, ip: str, *, long: bool) -> None:
        super().__init__(net, name, ip)
        self.long = long
        self._free: dict[str, float] = {}
        self.filter: Filter | None = None

    def say(self, at: float, program: str, stay: Stay, text: str) -> None:
        """Write a line about a stay."""
        self.syslog(at, f"postfix/{program}[{self.net.random.randrange(300, 32000)}]", f"{stay.id}: {text}", stay)

    def queue_id(self, at: float) -> str:
        """Return an id that is free now; short ones come again where the world reuses them."""
        moment, random = self.clock(at), self.net.random
        if self.long:
            return f"{base(int(moment.timestamp()), 52, 6)}{base(moment.microsecond, 52, 4)}z{base(random.randrange(10**5, 10**7), 51)}"
        inode = random.randrange(0x40000, 0x7FFFFF)
        if self.net.happens("reuse"):
            known = [name for name, until in self._free.items() if until + 1 < at]
            if known:
                return random.choice(known)
        return f"{moment.microsecond:05X}{inode:X}"

    def begin(self, envelope: Envelope, at: float, client: str, program: str = "smtpd") -> Stay:
        """Write a stay's first lines."""
        message = envelope.message
        stay = self.net.stay(message, self.here, self.queue_id(at))
        self._free[stay.id] = float("inf")
        if program == "smtpd":
            self.say(at, "smtpd", stay, client)
        elif program == "pickup":
            self.say(at, "pickup", stay, f"uid=1000 from=<{envelope.sender}>")
        self.say(at + 0.01, "cleanup", stay, f"message-id={message.message_id or '<>'}")
        self.active(at + 0.03, stay, envelope)
        return stay

    def active(self, at: float, stay: Stay, envelope: Envelope) -> None:
        """Write that it is tried."""
        self.say(
            at, "qmgr", stay, f"from=<{envelope.sender}>, size={envelope.message.size_bytes}, nrcpt={len(envelope.copies)} (queue active)"
        )

    def accept(self, envelope: Envelope, at: float, peer: Node) -> Receipt:
        """Take a message by SMTP."""
        shown = f"{peer.name}[{peer.ip}]"
        if isinstance(peer, Client) and self.net.happens("nat"):
            shown = "unknown[10.9.9.9]"
        stay = self.begin(envelope, at, f"client={shown}")
        self.forward(stay, envelope, at + self.net.within(0.05, 0.6))
        return Receipt(at + 0.04, 250, f"2.0.0 Ok: queued as {stay.id}")

    def forward(self, stay: Stay, envelope: Envelope, at: float) -> None:
        """Send all copies on; `removed` when the last is gone."""
        if self.filter and not self.filter.passed(envelope, stay):
            done = self.filter.pass_on(stay, envelope, at)
        else:
            done = max([at, *(self._chunk(stay, chunk, at) for chunk in self._chunks(envelope))])
        self.ended(stay, done + 0.01)
        self._free[stay.id] = done + 0.01

    def ended(self, stay: Stay, at: float) -> None:
        """Write that all is done."""
        self.say(at, "qmgr", stay, "removed")

    def _chunks(self, envelope: Envelope) -> Iterable[Envelope]:
        """Group by next server, and by how many recipients one transaction may have."""
        groups: dict[str, list[Copy]] = {}
        for copy in envelope.copies:
            groups.setdefault(self.route(copy.address), []).append(copy)
        most = SPLIT if self.net.happens("split") else 50
        for copies in groups.values():
            for at in range(0, len(copies), most):
                yield Envelope(envelope.message, envelope.sender, tuple(copies[at : at + most]))

    def route(self, address: str) -> str:
        """Return the next node's name: `topology` says it for each server."""
        raise NotImplementedError

    def _chunk(self, stay: Stay, envelope: Envelope, at: float) -> float:
        """Hand one transaction over, with tries; return when that ended."""
        target = self.net.nodes[self.route(envelope.addresses[0])]
        onward = Envelope(envelope.message, envelope.sender, tuple(copy.through(stay) for copy in envelope.copies))
        began = at
        for _ in range(TRIES):
            receipt = target.accept(onward, at, self)
            self.delivered(stay, envelope, receipt, target, began)
            if receipt.code // 100 != 4:
                break
            at = receipt.at + RETRY
            self.active(at, stay, envelope)
        self._settle(stay, onward, receipt)
        return receipt.at

    def _settle(self, stay: Stay, onward: Envelope, receipt: Receipt) -> None:
        """Say how copies ended that nobody took."""
        if receipt.code // 100 == 2:
            return
        for copy in onward.copies:
            self.net.end(copy, "bounced" if receipt.code // 100 == 5 else "deferred")
        if receipt.code // 100 == 5 and onward.sender:
            self.notify(stay, onward, receipt.at + 0.02)

    def delivered(self, stay: Stay, envelope: Envelope, receipt: Receipt, target: Node, began: float) -> None:
        """Write the delivery lines of one transaction."""
        word = {2: "sent", 4: "deferred", 5: "bounced"}[receipt.code // 100]
        relay = f"{target.shown}[{target.ip}]:25"
        for place, address in enumerate(envelope.addresses):
            said = receipt.each[place] if receipt.each else receipt.said
            if word != "sent":
                said = f"host {target.shown}[{target.ip}] said: {said} (in reply to RCPT TO command)"
            where = f"{self.here}[private/dovecot-lmtp]" if receipt.each else relay
            self.line(stay, receipt.at, began, f"to=<{address}>, relay={where}", (word, said))

    def line(self, stay: Stay, at: float, began: float, whither: str, came: tuple[str, str]) -> None:
        """Write one delivery line; `came`: the status and the words."""
        word, said = came
        took = max(at - began, 0.01)
        shown = f"{took:.2g}" if took < 10 else f"{took:.0f}"
        status = {"sent": "2.0.0", "deferred": "4.7.1", "bounced": "5.1.1"}[word]
        program = "lmtp" if whither.endswith("lmtp]") else "smtp"
        delays = f"delay={shown}, delays=0.05/0.01/0.02/{shown}, dsn={status}"
        self.say(at, program, stay, f"{whither}, {delays}, status={word} ({said})")

    def notify(self, stay: Stay, failed: Envelope, at: float) -> None:
        """Write and send the report of a failure: a message of its own."""
        message = self.net.message(f"<20261120060000.{stay.id}{stay.number}@{self.name}>", 3200)
        report = Envelope(message, "", (Copy(failed.sender),))
        own = self.begin(report, at + 0.01, "", program="cleanup")
        self.say(at, "bounce", stay, f"sender non-delivery notification: {own.id}")
        self.forward(own, report, at + 0.1)

    def submit(self, envelope: Envelope, at: float, user: str) -> None:
        """Take a message from a user who signed in."""
        stay = self.begin(envelope, at, f"client=unknown[10.2.{len(user)}.7], sasl_method=PLAIN, sasl_username={user}")
        self.forward(stay, envelope, at + 0.1)


class Filter:
    """A content filter beside a Postfix: takes each message and hands it back, mostly telling so."""

    def __init__(self, host: Postfix) -> None:
        self.host = host
        host.filter = self

    def passed(self, envelope: Envelope, stay: Stay) -> bool:
        """Tell whether the message came from the filter."""
        return any(before.server == stay.server for copy in envelope.copies for before, _ in copy.trail[-1:])

    def pass_on(self, stay: Stay, envelope: Envelope, at: float) -> float:
        """Hand it to the filter, and back to the host under a new id; return when that was done."""
        host, net = self.host, self.host.net
        onward = Envelope(envelope.message, envelope.sender, tuple(copy.through(stay) for copy in envelope.copies))
        done = at + net.within(0.2, 5)
        again = host.begin(onward, done - 0.05, "client=localhost[127.0.0.1]")
        silent = net.happens("silent filter")
        said = "250 2.6.0 Message received" if silent else f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {again.id}"
        for address in envelope.addresses:
            host.line(stay, done, at, f"to=<{address}>, relay=127.0.0.1[127.0.0.1]:10024", ("sent", said))
        if not silent:
            self._tell(stay, again, envelope, done)
        host.forward(again, onward, done + 0.1)
        return done

    def _tell(self, stay: Stay, again: Stay, envelope: Envelope, at: float) -> None:
        """Write amavis's own line."""
        to = ",".join(f"<{address}>" for address in envelope.addresses)
        text = (
            f"(0{stay.number % 9999:04d}-01) Passed CLEAN {{RelayedInbound}}, [203.0.113.9]:4711 [203.0.113.9] "
            f"<{envelope.sender}> -> {to}, "
            f"Queue-ID: {stay.id}, Message-ID: {envelope.message.message_id or ''}, mail_id: m{stay.number:011d}, Hits: -, "
            f"size: {envelope.message.size_bytes}, queued_as: {again.id}, 412 ms"
        )
        self.host.syslog(at, "amavis[611]", text)
