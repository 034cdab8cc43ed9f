"""Notices for the tests of channels, clean ones and hostile ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from notifier.values import Links, Notice
from thresholds.incident_values import ChangeKind
from thresholds.values import Level

BEGAN = datetime(2026, 11, 21, 2, 12, 5, tzinfo=UTC)
AT = datetime(2026, 11, 21, 2, 12, 15, tzinfo=UTC)
OPENED = Notice(
    key="i0badcafe-1-ops",
    kind=ChangeKind.OPENED,
    incident="i0badcafe",
    number=1,
    level=Level.CRITICAL,
    cause="server:imap",
    began_at=BEGAN,
    at=AT,
    subject="CRITICAL: imap does not answer for 3 of 3 domains",
    text="CRITICAL: imap does not answer for 3 of 3 domains since 02:12:05 UTC\n\nEvidence: 3 of 3 domains on imap, 0 of 3 on pop3: sûr.\n",
    html="<!doctype html><html><body><p>imap does not answer, sûre.</p></body></html>",
    short="CRITICAL imap 3/3 domains",
    facts={"site": "berlin", "domains": ["alpha.test", "beta.test"]},
    links=Links("https://mailsonde.example/i0badcafe", "https://wiki.example/imap", "https://mailsonde.example/ack/token"),
    first_key="i0badcafe-1-ops",
)
CLOSED = replace(
    OPENED,
    key="i0badcafe-2-ops",
    kind=ChangeKind.CLOSED,
    number=2,
    at=datetime(2026, 11, 21, 2, 20, tzinfo=UTC),
    subject="CLOSED: imap answers",
)
EVIL = "x\r\nBcc: evil@evil.example\r\n\r\n<script>alert(1)</script>\x00\x1b[2J\u202eevil\ud800 #/+"


def hostile() -> Notice:
    """Return a notice whose words a server of the enemy's wrote, all of them, and plenty."""
    many = EVIL * 20_000  # more than a megabyte
    facts: dict[str, Any] = {"site": EVIL, "said": many}
    return replace(OPENED, key=f"k{EVIL}", incident=f"i{EVIL}", cause=f"account:{EVIL}", subject=many, text=many, short=many, facts=facts)
