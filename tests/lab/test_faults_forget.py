"""Nothing of a cleared fault is met afterwards: what Postfix remembers of a sick directory, or serves by old settings, has gone."""

from __future__ import annotations

import signal
import smtplib
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, faults, postfix, processes, servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
HOST, ADDRESS = "127.0.0.1", "probe@alpha.test"
ESTABLISHED = "01"  # state of a TCP socket in /proc/net/tcp
AT_ONCE = 3  # conversations, each with a process of its own


@contextmanager
def conversations(lab: Lab, port: str) -> Iterator[list[smtplib.SMTP]]:
    with ExitStack() as stack:
        yield [stack.enter_context(smtplib.SMTP(HOST, lab.ports[port], timeout=10)) for _ in range(AT_ONCE)]


def asked(client: smtplib.SMTP) -> int:
    """Return the reply code of RCPT."""
    client.ehlo()
    client.mail("somebody@elsewhere.example")
    return client.rcpt(ADDRESS)[0]


@pytest.mark.parametrize("name", ["directory-away", "directory-cut", "directory-busy"])
@pytest.mark.parametrize("port", ["smtp", "hub", "edge"])
def test_an_address_that_could_not_be_looked_up_is_looked_up_again(lab: Lab, name: str, port: str) -> None:
    for instance in postfix.INSTANCES:
        servers.reload(lab.ground, instance)  # processes that know no address yet
    faults.inject(lab.ground, [name])
    try:
        with conversations(lab, port) as clients:
            codes = [asked(client) for client in clients]
    finally:
        faults.clear(lab.ground)
    assert codes == [451] * AT_ONCE
    with conversations(lab, port) as clients:
        assert [asked(client) for client in clients] == [250] * AT_ONCE


@pytest.mark.parametrize("server", [*postfix.INSTANCES, "dovecot"])
def test_a_reload_leaves_no_process_that_serves_by_the_old_settings(lab: Lab, server: str) -> None:
    port = {"mx": "smtp", "dovecot": "lmtp"}.get(server, server)
    with conversations(lab, port) as clients:
        assert {asked(client) for client in clients} == {250}
    master = servers.pid(lab.ground, server)
    assert master is not None
    old = {pid for pid in processes.session(master) if processes.name(pid) not in {"master", "dovecot", "anvil"}}
    assert old
    servers.reload(lab.ground, server)
    assert not old & set(processes.session(master))
    assert servers.pid(lab.ground, server) == master


def test_a_conversation_does_not_go_on_with_settings_that_are_no_more(lab: Lab) -> None:
    with smtplib.SMTP(HOST, lab.ports["hub"], timeout=10) as client:
        assert asked(client) == 250
        faults.inject(lab.ground, ["held"])
        try:
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.noop()
        finally:
            faults.clear(lab.ground)


def test_mail_that_a_fault_held_up_goes_on_at_once_though_its_delivery_fails_late(lab: Lab) -> None:
    """The process that delivers is made slow to see that its connection broke, as on a machine with much to do."""
    home = dovecot.home(lab.ground, ADDRESS) / "Maildir/new"
    dovecot.empty(lab.ground, ADDRESS)
    begin = lab.ground.log("mx").stat().st_size
    faults.inject(lab.ground, ["hub-silent"])
    try:
        with smtplib.SMTP(HOST, lab.ports["smtp"], timeout=10) as client:
            client.sendmail("somebody@elsewhere.example", [ADDRESS], "Subject: held up\r\n\r\nhello\r\n")
        assert processes.until(lambda: connected(lab.ports["hub"]), 5)
        slow = deliverers(lab)
        processes.send(slow, signal.SIGSTOP)
        again = threading.Timer(0.7, processes.send, (slow, signal.SIGCONT))
        again.start()
    finally:
        faults.clear(lab.ground)
    failed = b"while receiving the initial server greeting" in lab.ground.log("mx").read_bytes()[begin:]
    again.join()
    assert failed, "clear did not wait"
    assert processes.until(lambda: home.exists() and len(list(home.iterdir())) == 1, 1.5)
    dovecot.empty(lab.ground, ADDRESS)


def connected(port: int) -> bool:
    """Return whether somebody has a connection to this port of 127.0.0.1."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    return any(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == ESTABLISHED for line in lines)


def deliverers(lab: Lab) -> list[int]:
    """Return mx's delivering processes."""
    master = servers.pid(lab.ground, "mx")
    assert master is not None
    return [pid for pid in processes.session(master) if processes.name(pid) == "smtp"]
