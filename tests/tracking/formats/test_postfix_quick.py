"""The quick way means what the rules mean; what a real lab wrote is understood whole."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats import postfix

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "Nov 20 08:00:01 mx1 postfix/"
FIELDS = "delay=3.6, delays=0.2/0.02/0.04/3.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 153053D)"
ORDINARY = [
    "smtpd[1]: 4jW76S0sf8zRhS4: client=unknown[192.0.2.1]",
    "smtpd[1]: 4jW76S0sf8zRhS4: client=h.example[2001:db8::1]",
    "smtpd[1]: disconnect from h.example[192.0.2.1] ehlo=1 quit=1 commands=2",
    "smtpd[1]: disconnect from h.example[192.0.2.1]",
    "cleanup[1]: 0892C41E8CD: message-id=<>",
    "cleanup[1]: 0892C41E8CD: message-id=<a b@c> (comment)",
    "qmgr[1]: 0892C41E8CD: from=<>, size=1, nrcpt=2 (queue active)",
    "qmgr[1]: 0892C41E8CD: removed",
    f"smtp[1]: 0892C41E8CD: to=<a@b.example>, orig_to=<c>, relay=mx.example[192.0.2.1]:25, conn_use=3, {FIELDS}",
    f"lmtp[1]: 4jW76S0sf8zRhS4: to=<a@b.example>, relay=mx.example[private/lmtp], {FIELDS}",
    "local[1]: 0892C41E8CD: to=<a@b>, relay=local, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)",
    "smtp[1]: 0892C41E8CD: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (bounce failed)",
]


def test_the_quick_way_means_what_the_rules_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(HEAD + line for line in ORDINARY)
    quick = parse("syslog", text)
    monkeypatch.setattr(postfix, "QUICK", ())
    assert parse("syslog", text) == quick
    assert len(quick.events) == len(ORDINARY)


@pytest.mark.lab
@pytest.mark.parametrize("server", ["mx", "hub", "edge"])
def test_what_the_labs_servers_wrote_is_understood_whole(lab_logs: Path, server: str) -> None:
    done = parse("syslog", (lab_logs / f"{server}.log").read_text())
    assert done.unparsed == []
    assert {"receive", "send", "disconnect"} <= {event["event"] for event in done.events}


@pytest.fixture(scope="session")
def lab_logs(request: pytest.FixtureRequest) -> Path:
    """The logs of a lab through which its own trips went."""
    lab = request.getfixturevalue("lab")
    command = [sys.executable, "-m", "service.cli", "run", "--config", str(lab.config), "--wait", "20s"]
    subprocess.run(command, check=False, capture_output=True, timeout=120)
    folder: Path = lab.config.parent / "log"
    return folder
