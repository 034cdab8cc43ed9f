"""Notices by example: one of each kind, for docs/notices.md, and for trying templates before they are needed. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from notifier.values import Links, Stored
from notifier.words_matter import DRILL, TEST, Matter
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.incidents_book import WELL
from thresholds.values import Level

if TYPE_CHECKING:
    from typing import Any

BEGAN = datetime(2026, 11, 21, 2, 12, 5, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
LINKS = Links(
    console="https://mailsonde.isp.example/incidents/i1a2b3c4d",
    runbook="https://wiki.isp.example/mail/imap",
    acknowledge="https://mailsonde.isp.example/ack/aTFhMmIzYzRkLjEuMTc5Njc4OTUyNS5wYWdlcg.kqV0cNw5t1uQ3yY0Xk2b7A",
)
DOMAINS = tuple(
    f"{name}.example" for name in ("abc", "bakery", "cargo", "delta", "echo", "fjord", "garden", "harbour", "isle", "jade", "kiln", "lumen")
)
CELLS = tuple(f"{domain}/imap" for domain in DOMAINS)


def _at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


IMAP = Incident(
    id="i1a2b3c4d",
    cause=Cause(
        CauseKind.SERVER,
        "imap",
        CELLS,
        ("12 of 12 domains on imap, 0 of 12 on pop3s", "the directory, which imap needs, is slow too: 4.1 s"),
        confidence=0.8,
        doubt="the directory may be what slows it",
    ),
    level=Level.CRITICAL,
    began_at=BEGAN,
    opened_at=_at(0.2),
    domains=DOMAINS,
    cells=CELLS,
    failing=CELLS,
    reasons=(
        "abc.example/imap: no answer in login within 10 s",
        "bakery.example/imap: no answer in login within 10 s",
        "cargo.example/imap: took 8.4 s, limit 2 s (thresholds[0], imap*)",
    ),
    limit="warning 500 ms, critical 2 s (thresholds[0], imap*)",
)
LATE = Incident(
    id="i5e6f7a8b",
    cause=Cause(CauseKind.PATH, "submission -> imap", ("trip abc.example",), ("submission and imap answer all 12 domains",)),
    level=Level.WARNING,
    began_at=_at(1),
    opened_at=_at(1.2),
    domains=("abc.example",),
    cells=("trip abc.example",),
    failing=("trip abc.example",),
    reasons=("trip abc.example: the test message is under way for 3 min, waiting for arrival; late after 2 min",),
)
ACK = Acknowledgement("anna", _at(4), "restarting the directory", _at(64))


def _of(kind: ChangeKind, minutes: float, said: str = "", **changed: Any) -> Stored:
    number = list(ChangeKind).index(kind) + 1
    return Stored(number, Change(replace(IMAP, changes=number, **changed), kind, _at(minutes), number, said=said))


SLOW: dict[str, Any] = {"level": Level.WARNING, "reasons": ("abc.example/imap: took 1.2 s, limit 500 ms (thresholds[0], imap*)",)}
SAMPLES: dict[str, Matter] = {
    "opened": Matter(_of(ChangeKind.OPENED, 0.2), "pager", ZONE, "berlin", LINKS),
    "opened, and merely slow": Matter(_of(ChangeKind.OPENED, 0.2, **SLOW), "pager", ZONE, "berlin", LINKS),
    "worsened": Matter(_of(ChangeKind.WORSENED, 2, "from WARNING to CRITICAL"), "pager", ZONE, "berlin", LINKS),
    "reminded": Matter(_of(ChangeKind.REMINDED, 240, flapping=True), "pager", ZONE, "berlin", LINKS),
    "acknowledged": Matter(_of(ChangeKind.ACKNOWLEDGED, 4, acknowledged=ACK), "pager", ZONE, "berlin", LINKS),
    "closed": Matter(
        _of(ChangeKind.CLOSED, 28, failing=(), closed_at=_at(28), ended=WELL, acknowledged=ACK), "pager", ZONE, "berlin", LINKS
    ),
    "several in one": Matter(
        _of(ChangeKind.OPENED, 2), "pager", ZONE, "berlin", LINKS, more=(Stored(9, Change(LATE, ChangeKind.OPENED, _at(1.2), 1)),)
    ),
    "a drill": Matter(_of(ChangeKind.OPENED, 0.2), "pager", ZONE, "berlin", LINKS, DRILL),
    "a test": Matter(_of(ChangeKind.OPENED, 0.2), "pager", ZONE, "berlin", LINKS, TEST),
}
