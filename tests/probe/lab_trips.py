"""Journeys through the lab, made by hand, and one call that makes them; for the tests of trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probe.ledger import Ledger
from probe.roundtrip import travel
from probe.values import Check, Endpoint, Journey, Mailbox, Secret, Security
from probe.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

    from probe.values import Trip
    from tests.conftest import Lab

KEY = b"a key of the tests, 32 bytes long"
HOSTS = {"submission": "mx", "smtps": "mx", "smtp": "mx", "imap": "imap", "imaps": "imap", "pop3": "pop", "pop3s": "pop"}
KINDS = {"smtps": "submission", "imaps": "imap", "pop3s": "pop3"}


@dataclass(frozen=True)
class Way:
    """Makes journeys through one lab, with a ledger of its own."""

    lab: Lab
    folder: Path

    def check(self, server: str, domain: str) -> Check:
        """Return the check of a domain's mailbox at one of the lab's servers."""
        security = Security.TLS if server.endswith("s") else Security.STARTTLS
        ca_file = str(self.lab.dir / "tls/ca.pem")
        endpoint = Endpoint(f"{HOSTS[server]}.lab.test", self.lab.ports[server], security, ca_file=ca_file, address="127.0.0.1")
        mailbox = Mailbox(f"probe@{domain}", Secret(self.lab.password(domain)))
        return Check(f"{domain}/{server}", domain, server, KINDS.get(server, server), endpoint, mailbox=mailbox)

    def journey(
        self, submit: str = "submission", fetch: str = "imap", ends: tuple[str, str] = ("alpha.test",) * 2, **limits: Any
    ) -> Journey:
        """Return a journey from the mailbox of the first domain to that of the second."""
        sender, recipient = ends
        bounces = self.check("imap", sender)
        given = {"late_after_seconds": 10.0, "lost_after_seconds": 30.0} | limits
        return Journey(f"{sender}-{recipient}", recipient, self.check(submit, sender), self.check(fetch, recipient), bounces, **given)

    async def make(self, *journeys: Journey, wait_seconds: float = 25.0) -> list[Trip]:
        """Make the journeys."""
        wire = Wire()
        try:
            with Ledger(self.folder) as ledger:
                return await travel(wire, journeys, KEY, ledger, wait_seconds)
        finally:
            await wire.close()
