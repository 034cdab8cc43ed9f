"""Round trips through the real lab: a mailbox to itself, between mailboxes of different servers, over IMAP and POP3."""

from __future__ import annotations

import asyncio
import re
import smtplib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, processes
from probe.values import Outcome
from tests.probe.lab_trips import Way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
MAILBOXES = ("probe@alpha.test", "probe@beta.test")


@pytest.fixture
def way(lab: Lab, tmp_path: Path) -> Iterator[Way]:
    for address in MAILBOXES:
        dovecot.empty(lab.ground, address)
    yield Way(lab, tmp_path / "ledger")
    for address in MAILBOXES:
        dovecot.empty(lab.ground, address)


def lying(lab: Lab, address: str) -> int:
    """Count the messages of a mailbox and its folders, as they lie on the disk."""
    home = dovecot.home(lab.ground, address) / "Maildir"
    return sum(path.is_file() for part in ("new", "cur") for path in home.glob(f"**/{part}/*"))


@pytest.mark.parametrize("fetch", ["imap", "imaps", "pop3", "pop3s"])
async def test_a_mailbox_to_itself(way: Way, fetch: str) -> None:
    (trip,) = await way.make(way.journey(fetch=fetch))
    assert (trip.outcome, trip.folder, trip.waiting_for, trip.said) == (Outcome.DELIVERED, "INBOX", "", "")
    assert trip.readings == {"copies": 1}
    assert trip.total_seconds is not None
    assert 0 < trip.total_seconds < 10
    assert trip.uncertainty_seconds < 2
    assert [relay.by for relay in trip.relays][:3] == ["mx.lab.test", "hub.lab.test", "edge.lab.test"]
    assert all(relay.seconds is None or relay.seconds >= 0 for relay in trip.relays)
    assert lying(way.lab, "probe@alpha.test") == 0
    assert list(way.folder.iterdir()) == []
    deleted = re.compile(r" pop3\(.* del=1/" if fetch.startswith("pop3") else r" imap\(.* deleted=1 expunged=1 ")
    assert await asyncio.to_thread(processes.until, lambda: bool(deleted.search(way.lab.ground.log("dovecot").read_text())), 5.0)


async def test_between_mailboxes_of_different_servers(way: Way) -> None:
    there = way.journey("smtps", "pop3s", ("alpha.test", "beta.test"))
    back = way.journey("submission", "imaps", ("beta.test", "alpha.test"))
    trips = await way.make(there, back)
    assert [(trip.name, trip.outcome) for trip in trips] == [(there.name, Outcome.DELIVERED), (back.name, Outcome.DELIVERED)]


async def test_many_trips_share_one_reader(way: Way) -> None:
    journeys = [replace(way.journey(), name=f"trip-{number}") for number in range(12)]
    trips = await way.make(*journeys)
    assert [trip.outcome for trip in trips] == [Outcome.DELIVERED] * 12
    assert len({trip.message_id for trip in trips}) == 12


async def test_other_peoples_mail_is_not_touched(way: Way) -> None:
    with smtplib.SMTP("127.0.0.1", way.lab.ports["smtp"], timeout=10) as client:
        for subject in ("one", "Mailsonde test message 00112233"):
            client.sendmail(
                "a@elsewhere.example", ["probe@alpha.test"], f"Subject: {subject}\r\nX-Mailsonde: v=1;s=forged\r\n\r\nhello\r\n"
            )
    assert await asyncio.to_thread(processes.until, lambda: lying(way.lab, "probe@alpha.test") == 2, 10.0)
    for fetch in ("imap", "pop3"):
        (trip,) = await way.make(way.journey(fetch=fetch))
        assert trip.outcome is Outcome.DELIVERED
    assert lying(way.lab, "probe@alpha.test") == 2
    kept = dovecot.home(way.lab.ground, "probe@alpha.test") / "Maildir"
    assert not any("S" in path.name.rpartition(":2,")[2] or "T" in path.name.rpartition(":2,")[2] for path in kept.glob("cur/*"))
