"""An Exchange server that writes its message tracking logs: 2010 with 26 columns, 2016 and later with 30 (FORMATS 1)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.truth_net import Node
from bench.truth_values import Copy, Envelope, Receipt
from tracking.formats.exchange_columns import FORMS

if TYPE_CHECKING:
    from bench.truth_net import Net
    from bench.truth_values import Stay

TRANSPORT, DELIVERY, SUBMISSION = "MSGTRK2026112006-1.LOG", "MSGTRKMD2026112006-1.LOG", "MSGTRKMS2026112006-1.LOG"
GROUP = "group"  # how the addresses of groups begin
ALIAS = "old."  # and those that stand for others


class Exchange(Node):
    """One server, hub and mailboxes.

    Args:
        net: all servers.
        name: its host's name.
        ip: its address.
        columns: of its version.
    """

    def __init__(self, net: Net, name: str, ip: str, columns: int) -> None:
        super().__init__(net, name, ip)
        self.columns = columns
        self._last = net.random.randrange(10**4, 10**5) if columns < 30 else net.random.randrange(10**12, 10**13)
        self._first = self._last
        if net.world.features.get("names by relay"):
            self.shown = "mail.corp.example"

    def header(self) -> str:
        """Return what stands above the rows."""
        version = "15.01.2507.035" if self.columns == 30 else "14.0.0.0"
        return (
            f"#Software: Microsoft Exchange Server\n#Version: {version}\n#Log-type: Message Tracking Log\n"
            f"#Date: {self.net.start:%Y-%m-%dT%H:%M:%S}.000Z\n#Fields: {','.join(FORMS[self.columns])}\n"
        )

    def row(self, at: float, stay: Stay | None, envelope: Envelope, **cells: str) -> None:
        """Write one row; `cells`: columns by their names, with `_` for `-`."""
        message, file = envelope.message, cells.pop("file", TRANSPORT)
        known = {
            "date-time": f"{self.clock(at):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "source": "SMTP",
            "internal-message-id": stay.id if stay else "",
            "message-id": message.message_id or "",
            "network-message-id": message.network_id,
            "recipient-address": ";".join(envelope.addresses),
            "total-bytes": str(message.size_bytes),
            "recipient-count": str(len(envelope.copies)),
            "message-subject": message.subject,
            "sender-address": envelope.sender or f"postmaster@{self.name}",
            "return-path": envelope.sender or "<>",
            "transport-traffic-type": "Email",
            "schema-version": "15.01.2507.035",
        } | {name.replace("_", "-"): value for name, value in cells.items()}
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow([known.get(name, "") for name in FORMS[self.columns]])
        self.write(at, text.getvalue(), stay, file)

    def stay(self, envelope: Envelope) -> Stay:
        """Return a new stay; internal ids begin anew with a new queue database."""
        self._last = self._first if self.net.happens("new database") else self._last + self.net.random.randrange(1, 9)
        return self.net.stay(envelope.message, self.here, str(self._last))

    def accept(self, envelope: Envelope, at: float, peer: Node) -> Receipt:
        """Take a message by SMTP; one without Message-ID gets one."""
        envelope = self._identified(envelope)
        stay, message = self.stay(envelope), envelope.message
        context = f"08DC{stay.number:012X};{self.clock(at):%Y-%m-%dT%H:%M:%S}.000Z;0"
        whence = {"client_ip": peer.ip, "client_hostname": peer.name, "server_ip": self.ip, "server_hostname": self.here}
        self.row(at, stay, envelope, event_id="RECEIVE", source_context=context, message_info="0cA: ", **whence)
        self._shadow(stay, envelope, at + 0.01)
        self.work(stay, envelope, at + self.net.within(0.1, 2))
        words = f"2.6.0 {message.message_id} [InternalId={stay.id}, Hostname={self.name}] {message.size_bytes} bytes in 0.102, "
        return Receipt(at + 0.02, 250, words + "18.772 KB/sec Queued mail for delivery")

    def _identified(self, envelope: Envelope) -> Envelope:
        message = envelope.message
        made = replace(message, message_id=message.message_id or f"<{message.network_id.replace('-', '')}@{self.name}>")
        return replace(envelope, message=made)

    def _shadow(self, stay: Stay, envelope: Envelope, at: float) -> None:
        """Let the neighbour keep a shadow copy, of which both logs tell."""
        others = [node for node in self.net.nodes.values() if isinstance(node, Exchange) and node is not self and node.columns == 30]
        if self.columns < 30 or not others or not self.net.happens("shadow"):
            return
        other = others[0]
        shadow = str(int(stay.id) + 5)
        peer = (
            f"{other.name}=250 2.6.0 {envelope.message.message_id} [InternalId={other.name}, Hostname={shadow}] Queued mail for redundancy"
        )
        self.row(at, None, envelope, event_id="HAREDIRECT", source_context=peer, server_hostname=self.here, internal_message_id=stay.id)
        other.row(at, None, envelope, event_id="HARECEIVE", server_hostname=other.here, internal_message_id=shadow)
        other.row(at + 30, None, envelope, event_id="HADISCARD", server_hostname=other.here, internal_message_id=shadow)

    def work(self, stay: Stay, envelope: Envelope, at: float) -> None:
        """Resolve, expand, fork, deliver and send on."""
        copies = [new for copy in envelope.copies for new in self._resolved(copy, stay, envelope, at)]
        here = [copy for copy in copies if self.net.nodes[self.route(copy.address)] is self]
        onward: dict[str, list[Copy]] = {}
        for copy in copies:
            if copy not in here:
                onward.setdefault(self.route(copy.address), []).append(copy)
        if len(here) > 1 and self.net.happens("fork"):
            self._fork(stay, replace(envelope, copies=(here.pop(),)), at + 0.05)
        for name, group in onward.items():
            self._send(stay, replace(envelope, copies=tuple(group)), self.net.nodes[name], at + 0.1)
        if here:
            self._deliver(stay, replace(envelope, copies=tuple(here)), at + 0.2)

    def route(self, address: str) -> str:
        """Return the next node's name: `topology` says it for each server."""
        raise NotImplementedError

    def _resolved(self, copy: Copy, stay: Stay, envelope: Envelope, at: float) -> list[Copy]:
        """Return whom a copy is for in the end."""
        if copy.address.startswith(GROUP):
            members = [replace(copy, address=f"m{n}.{copy.address.removeprefix(GROUP)}") for n in range(self.net.random.randrange(2, 5))]
            self._related("EXPAND", stay, replace(envelope, copies=tuple(members)), copy.address, at)
            self.net.end(copy.through(stay), "expanded")
            return members
        if copy.address.startswith(ALIAS):
            primary = replace(copy, address=copy.address.removeprefix(ALIAS))
            self._related("RESOLVE", stay, replace(envelope, copies=(primary,)), copy.address, at)
            return [primary]
        return [copy]

    def _related(self, event: str, stay: Stay, envelope: Envelope, old: str, at: float) -> None:
        self.row(at, stay, envelope, event_id=event, source="ROUTING", related_recipient_address=old, server_hostname=self.here)

    def _fork(self, stay: Stay, envelope: Envelope, at: float) -> None:
        """Go on under a new id for some recipients."""
        behind = replace(envelope, copies=tuple(copy.through(stay) for copy in envelope.copies))
        fork = self.stay(behind)
        self.row(at, fork, behind, event_id="TRANSFER", source="ROUTING", reference=stay.id, server_hostname=self.here)
        self._deliver(fork, behind, at + 0.1)

    def _send(self, stay: Stay, envelope: Envelope, target: Node, at: float) -> None:
        """Hand over to another server."""
        onward = replace(envelope, copies=tuple(copy.through(stay) for copy in envelope.copies))
        receipt = target.accept(onward, at, self)
        inside = isinstance(target, Exchange)
        event = "SEND" if inside or target.name.endswith("corp.example") else "SENDEXTERNAL"
        status = ";".join(["250 2.1.5 Recipient OK"] * len(envelope.copies))
        whither = {"client_ip": self.ip, "client_hostname": self.here, "server_ip": target.ip, "server_hostname": target.shown}
        context = f";{receipt.said};ClientSubmitTime:"
        self.row(receipt.at, stay, envelope, event_id=event, source_context=context, recipient_status=status, **whither)

    def _deliver(self, stay: Stay, envelope: Envelope, at: float) -> None:
        """Put copies into mailboxes, or fail."""
        if envelope.sender and self.net.happens("refused"):
            self._fail(stay, envelope, at)
            return
        names = {"client_hostname": self.name, "server_hostname": self.here}
        self.row(at, stay, envelope, event_id="DELIVER", source="STOREDRIVER", file=DELIVERY if self.columns == 30 else TRANSPORT, **names)
        for copy in envelope.copies:
            self.net.end(copy.through(stay), "delivered")

    def _fail(self, stay: Stay, envelope: Envelope, at: float) -> None:
        """Fail for good, and report it."""
        status = ";".join(["550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"] * len(envelope.copies))
        self.row(at, stay, envelope, event_id="FAIL", source="ROUTING", recipient_status=status, client_hostname=self.here)
        for copy in envelope.copies:
            self.net.end(copy.through(stay), "bounced")
        report = Envelope(self.net.message(f"<{stay.number:08x}-dsn@{self.name}>", 5400), "", (Copy(envelope.sender),))
        own = self.stay(report)
        names = {"server_hostname": self.here, "reference": envelope.message.message_id or ""}
        self.row(at + 0.1, own, report, event_id="DSN", source="DSN", **names)
        self.work(own, report, at + 0.3)

    def submit(self, envelope: Envelope, at: float, user: str) -> None:
        """Take a message from the outbox of one of its mailboxes."""
        envelope, net = self._identified(envelope), self.net
        box = f"{envelope.message.network_id[:8]}-1697-4758-a8bb-e8765d62ec90"
        known = f"MDB:f4adaa08-ff49-4bca-ba70-68e9b80597b0, Mailbox:{box}, Event:{len(net.stays)}"
        mapi = f"{known}, MessageClass:IPM.Note, CreationTime:, ClientType:{user}"
        store = net.stay(envelope.message, self.here, f"mapi:{box}:{len(net.stays)}")
        names = {"client_ip": self.ip, "client_hostname": self.here, "server_hostname": self.here, "source": "STOREDRIVER"}
        self.row(at, store, envelope, event_id="SUBMIT", source_context=mapi, file=SUBMISSION, internal_message_id="", **names)
        behind = replace(envelope, copies=tuple(copy.through(store) for copy in envelope.copies))
        stay = self.stay(behind)
        self.row(at + 0.05, stay, behind, event_id="RECEIVE", source_context=mapi, message_info="04I: ", **names)
        self.work(stay, behind, at + 0.3)
