"""The janitor on the real lab: our own old messages go from every folder, over IMAP and POP3; the young ones and everybody's stay."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lab import dovecot
from probe.clock import utc_now
from probe.message import Letter, build
from probe.wire import Wire
from service.rounds.janitor import Janitor, Rota
from tests.probe.lab_trips import KEY, Way
from tests.probe.postman import HOST, deliver, somebodys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA = "probe@alpha.test"
AT_ONCE = Rota(first_seconds=0.0, between_seconds=0.01)


@pytest.fixture
def way(lab: Lab, tmp_path: Path) -> Iterator[Way]:
    dovecot.empty(lab.ground, ALPHA)
    yield Way(lab, tmp_path)
    dovecot.empty(lab.ground, ALPHA)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made.close()


def ours(token: str, days: int, key: bytes = KEY) -> bytes:
    return build(Letter(ALPHA, ALPHA, token * 16, utc_now() - timedelta(days=days)), key).raw


def client(lab: Lab) -> imaplib.IMAP4_SSL:
    trust = ssl.create_default_context(cafile=str(lab.dir / "tls/ca.pem"))
    imap = imaplib.IMAP4_SSL(HOST, lab.ports["imaps"], ssl_context=trust, timeout=10)
    imap.login(ALPHA, lab.password("alpha.test"))
    return imap


def fill(lab: Lab, folder: str, *raws: bytes) -> None:
    """Put messages into a folder as another client would, dated long ago."""
    imap = client(lab)
    imap.create(folder)
    for raw in raws:
        imap.append(folder, "", '"01-Nov-2026 08:00:00 +0000"', raw)
    imap.logout()


def flag(lab: Lab) -> None:
    """Flag everything in the INBOX as deleted, and leave it so."""
    imap = client(lab)
    imap.select("INBOX")
    imap.store("1:*", "+FLAGS", "\\Deleted")
    imap.shutdown()


def lying(lab: Lab) -> list[str]:
    """Return the first letters of the tokens, or subjects, of all messages in all folders."""
    home = dovecot.home(lab.ground, ALPHA) / "Maildir"
    texts = [path.read_text() for part in ("new", "cur") for path in home.glob(f"**/{part}/*") if path.is_file()]
    subjects = [next(line for line in text.splitlines() if line.startswith("Subject:")) for text in texts]
    return sorted(subject.removeprefix("Subject: ").removeprefix("Mailsonde test message ")[:1] for subject in subjects)


async def tidied(janitor: Janitor, visits: int = 1) -> None:
    """Let the janitor make so many visits."""
    running = asyncio.create_task(janitor.run())
    async with asyncio.timeout(15.0):
        while janitor.stats.swept + janitor.stats.failed < visits:  # noqa: ASYNC110 - the janitor tells nobody
            await asyncio.sleep(0.02)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_every_folder_is_tidied_of_what_is_ours_and_old(way: Way, wire: Wire) -> None:
    deliver(way.lab, ALPHA, somebodys("lunch?"), ours("b", 6))
    for folder in ("INBOX", "Junk", "Archive"):
        fill(way.lab, folder, ours("a", 9), ours("c", 9, b"another key"), somebodys("x"))
    janitor = Janitor(wire, KEY, AT_ONCE)
    janitor.plan([], [way.check("pop3s", "alpha.test"), way.check("imaps", "alpha.test")])
    await tidied(janitor)
    assert (janitor.stats.swept, janitor.stats.failed, janitor.stats.removed) == (1, 0, 3)
    assert lying(way.lab) == ["b", "c", "c", "c", "l", "x", "x", "x"]


async def test_what_a_kill_left_flagged_goes_and_others_flags_are_left(way: Way, wire: Wire) -> None:
    fill(way.lab, "INBOX", ours("a", 9), somebodys("x"))
    flag(way.lab)
    janitor = Janitor(wire, KEY, AT_ONCE)
    janitor.plan([way.journey()])
    await tidied(janitor)
    assert lying(way.lab) == ["x"]


async def test_pop3_is_tidied_too(way: Way, wire: Wire) -> None:
    fill(way.lab, "INBOX", ours("a", 9), ours("b", 6), somebodys("x"))
    janitor = Janitor(wire, KEY, AT_ONCE)
    janitor.plan([], [way.check("pop3s", "alpha.test")])
    await tidied(janitor)
    assert (janitor.stats.removed, lying(way.lab)) == (1, ["b", "x"])


async def test_a_patient_journey_keeps_its_messages_longer(way: Way, wire: Wire) -> None:
    fill(way.lab, "INBOX", ours("a", 9))
    janitor = Janitor(wire, KEY, AT_ONCE)
    janitor.plan([way.journey(lost_after_seconds=10 * 86_400.0)])
    await tidied(janitor)
    assert lying(way.lab) == ["a"]


async def test_a_mailbox_that_refuses_is_counted_and_comes_again_tomorrow(way: Way, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mailsonde.janitor")
    check = way.check("imaps", "alpha.test")
    janitor = Janitor(wire, KEY, AT_ONCE)
    janitor.plan([], [replace(check, endpoint=replace(check.endpoint, port=9))])
    await tidied(janitor)
    assert (janitor.stats.swept, janitor.stats.failed) == (0, 1)
    assert "a test mailbox was not tidied" in caplog.text


async def test_a_mailbox_is_not_visited_at_once(way: Way, wire: Wire) -> None:
    janitor = Janitor(wire, KEY)
    janitor.plan([way.journey()])
    running = asyncio.create_task(janitor.run())
    await asyncio.sleep(0.1)
    assert janitor.stats.swept + janitor.stats.failed == 0
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
