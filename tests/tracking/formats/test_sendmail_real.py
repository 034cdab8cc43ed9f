"""A real sendmail hands mail to the lab's chain of Postfix and Dovecot: its log is understood, its messages followed to the mailbox."""

from __future__ import annotations

import re
import subprocess
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from probe.clock import utc_now
from tests.tracking.correlate.worlds import made, way
from tests.tracking.formats import real_sendmail
from tests.tracking.formats.parsing import parse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Lab

MESSAGE = "From: a@sender.example\r\nTo: x\r\nSubject: {name}\r\nMessage-ID: <{name}@sender.example>\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def written(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what sendmail logged of a message by hand, to an alias, the lab and an unknown user, and of one by SMTP."""
    folder = tmp_path_factory.mktemp("sendmail")
    try:
        real_sendmail.unpack(folder)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"sendmail's packages cannot be had here: {getattr(error, 'stderr', '') or error}")
    real_sendmail.configure(folder, lab.ports["smtp"])
    with real_sendmail.sendmail(folder) as server:
        server.rebuild_aliases()
        server.submit("a@sender.example", ["probe@beta.test", "staff", "nosuchuser"], MESSAGE.format(name="byhand"))
        refused = server.receive("b@sender.example", ["probe@gamma.test", "nosuch@sender.example"], MESSAGE.format(name="bysmtp"))
    assert list(refused) == ["nosuch@sender.example"]
    return server.lines


def rows(text: str, number: int, **context: Any) -> list[dict[str, Any]]:
    """Parse a log of which no line may be left over."""
    form = "dovecot" if context.get("server") else "syslog"
    parsed = parse(form, text, until=utc_now(), **context)
    assert parsed.unparsed == []
    return [event | {"file_id": number, "line": event["n"]} for event in parsed.events]


def settled(log: Path, wanted: int) -> None:
    """Wait until Dovecot has stored this many of our messages."""
    end = time.monotonic() + 30
    while len(re.findall(r"msgid=<by(?:hand|smtp)@sender\.example>", log.read_text())) < wanted and time.monotonic() < end:
        time.sleep(0.1)


@pytest.mark.lab
def test_a_real_sendmails_log_is_understood(written: list[str]) -> None:
    """Every line is an event or noise, and the events are those that it was made to cause."""
    events = rows("\n".join(written), 1)
    told = {(event["event"], event.get("recipient")) for event in events}
    assert {("send", "probe@beta.test"), ("deliver", "mail"), ("deliver", "news"), ("fail", "nosuchuser"), ("expand", "mail")} <= told
    assert {("send", "probe@gamma.test"), ("reject", "nosuch@sender.example")} <= told
    assert [event["message_id"] for event in events if event.get("begins") and "message_id" in event] == [
        "<byhand@sender.example>",
        "<bysmtp@sender.example>",
    ]
    now = utc_now().replace(tzinfo=None)
    assert all(abs(now - event["arrived_at"]) < timedelta(minutes=5) for event in events if "arrived_at" in event)


@pytest.mark.lab
def test_its_messages_are_followed_into_the_mailbox(written: list[str], lab: Lab) -> None:
    """Through three Postfix and Dovecot, each by the id that the next one said."""
    settled(lab.dir / "log/dovecot.log", 2)
    events = rows("\n".join(written), 1)
    for number, name in enumerate(("mx", "hub", "edge"), 2):
        events += rows((lab.dir / f"log/{name}.log").read_text(), number)
    events += rows((lab.dir / "log/dovecot.log").read_text(), 5, server="dovecot.lab.test")
    found = [
        re.sub(r" [\w+/]{14,}(?::[TR]\d+)*", "", way(flow)) for flow in made(events)["flows"] if "sender.example" in flow["entry_server"]
    ]
    chain = "sender.example -queued-as-> mx -queued-as-> hub -queued-as-> edge -lmtp-session-> dovecot.lab.test"
    assert sorted(found)[:2] == [f"{chain}: delivered probe@beta.test", f"{chain}: delivered probe@gamma.test"]
    assert {"sender.example: delivered mail", "sender.example: delivered news", "sender.example: expanded staff"} <= set(found)
    assert {"sender.example: bounced nosuchuser", "sender.example: rejected nosuch@sender.example"} <= set(found)
