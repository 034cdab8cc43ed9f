"""What faults do to the lab's servers through plain functions, and that each is undone."""

from __future__ import annotations

import smtplib
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import ldap3
import pytest
from cryptography import x509

from lab import certificates, directory, dovecot, postfix, processes, servers
from lab.ground import BASE, LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
HOST = "127.0.0.1"
ADDRESS = "probe@alpha.test"


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    return processes.until(condition, seconds)


def submit(lab: Lab, recipient: str = ADDRESS) -> None:
    with smtplib.SMTP(HOST, lab.ports["smtp"], timeout=10) as client:
        client.sendmail("somebody@elsewhere.example", [recipient], "Subject: control\r\n\r\nhello\r\n")


def holds(lab: Lab, folder: str = "new") -> int:
    """Count the messages of the mailbox, as they lie on the disk."""
    path = dovecot.home(lab.ground, ADDRESS) / "Maildir" / folder
    return len(list(path.iterdir())) if path.exists() else 0


@pytest.fixture(autouse=True)
def emptied(lab: Lab) -> Iterator[None]:
    dovecot.empty(lab.ground, ADDRESS)
    yield
    dovecot.empty(lab.ground, ADDRESS)


@pytest.mark.parametrize("server", list(servers.SERVERS))
def test_a_server_stops_with_all_its_children_and_starts_again(lab: Lab, server: str) -> None:
    before = servers.pid(lab.ground, server)
    assert before is not None
    ports = set(servers.ports_of(lab.ground, server).values())
    servers.stop(lab.ground, server)
    assert not ports & processes.listening()
    assert processes.session(before) == []
    servers.start(lab.ground, server)
    assert ports <= processes.listening()
    assert servers.pid(lab.ground, server) not in (None, before)


def shown(lab: Lab, port: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(ssl.get_server_certificate((HOST, lab.ports[port]), timeout=5).encode())


@pytest.mark.parametrize(("group", "port"), [("mx", "smtps"), ("imap", "imaps"), ("pop3", "pop3s"), ("ldap", "ldaps")])
def test_an_expired_certificate_is_shown_after_a_reload_and_the_good_one_again(lab: Lab, group: str, port: str) -> None:
    server = certificates.SERVER_OF[group]
    good = shown(lab, port)
    try:
        certificates.swap(lab.ground, group, "expired")
        servers.reload(lab.ground, server)
        assert eventually(lambda: shown(lab, port).not_valid_after_utc < datetime.now(UTC), 3)  # noqa: TID251 - the certificate is judged now
    finally:
        certificates.swap(lab.ground, group, "good")
        servers.reload(lab.ground, server)
    assert eventually(lambda: shown(lab, port) == good, 3)


def test_a_certificate_that_does_not_exist_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match="no certificate mx/blue: groups are mx, imap, pop3, lmtp, ldap, variants good, expired, wrong-name"):
        certificates.swap(lab.ground, "mx", "blue")


def test_a_parameter_of_postfix_is_set_and_given_back(lab: Lab) -> None:
    main = lab.dir / "hub/etc/main.cf"
    before = sorted(main.read_text("utf-8").splitlines())
    postfix.set_parameter(lab.ground, "hub", "message_size_limit", "2000")
    postfix.set_parameter(lab.ground, "hub", "queue_run_delay", "9s")
    assert {"message_size_limit = 2000", "queue_run_delay = 9s"} <= set(main.read_text("utf-8").splitlines())
    postfix.set_parameter(lab.ground, "hub", "message_size_limit", None)
    postfix.set_parameter(lab.ground, "hub", "queue_run_delay", None)
    assert sorted(main.read_text("utf-8").splitlines()) == before


def test_mail_is_held_in_a_queue_and_let_go(lab: Lab) -> None:
    postfix.set_parameter(lab.ground, "hub", "smtpd_recipient_restrictions", "static:HOLD")
    servers.reload(lab.ground, "hub")
    try:
        submit(lab)
        assert eventually(lambda: len(postfix.queued(lab.ground, "hub")) == 1)
        assert holds(lab) == 0
    finally:
        postfix.set_parameter(lab.ground, "hub", "smtpd_recipient_restrictions", None)
        servers.reload(lab.ground, "hub")
    postfix.release(lab.ground, "hub")
    assert eventually(lambda: holds(lab) == 1)
    assert postfix.queued(lab.ground, "hub") == []


def test_mail_to_a_full_mailbox_is_refused_by_dovecot(lab: Lab) -> None:
    directory.set_quota(lab.ground, ADDRESS, 1)
    try:
        submit(lab)
        log = lab.ground.log("edge")
        full = f"said: 552 5.2.2 <{ADDRESS}> Quota exceeded (mailbox for user is full)"
        assert eventually(lambda: full in log.read_text("utf-8"))
        assert holds(lab) == 0
    finally:
        directory.set_quota(lab.ground, ADDRESS, None)
    submit(lab)  # no trace of the small quota is left in the mailbox
    assert eventually(lambda: holds(lab) == 1)


def test_a_sieve_script_files_mail_into_junk(lab: Lab) -> None:
    dovecot.set_sieve(lab.ground, ADDRESS, 'require "fileinto"; fileinto "Junk";')
    try:
        submit(lab)
        assert eventually(lambda: holds(lab, ".Junk/new") == 1)
        assert holds(lab) == 0
    finally:
        dovecot.set_sieve(lab.ground, ADDRESS, None)
    submit(lab)
    assert eventually(lambda: holds(lab) == 1)


def binds(lab: Lab, password: str) -> bool:
    server = ldap3.Server(HOST, lab.ports["ldap"])
    connection = ldap3.Connection(server, f"mail={ADDRESS},dc=alpha.test,ou=domains,{BASE}", password)
    try:
        return bool(connection.bind())
    finally:
        connection.unbind()


def test_a_password_is_changed_and_given_back(lab: Lab) -> None:
    right = lab.password("alpha.test")
    assert binds(lab, right)
    directory.set_password(lab.ground, ADDRESS, "another")
    try:
        assert not binds(lab, right)
    finally:
        directory.set_password(lab.ground, ADDRESS, right)
    assert binds(lab, right)


def test_a_clock_that_is_wrong_shows_in_the_log_and_is_right_again(lab: Lab) -> None:
    environment = {"LD_PRELOAD": str(next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")))}
    servers.restart(lab.ground, "hub", environment | {"FAKETIME": "+3600", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    try:
        wrong = time.strftime("%b %e %H:", time.localtime(time.time() + 3600))
        submit(lab)
        assert eventually(lambda: holds(lab) == 1)
        assert wrong in lab.ground.log("hub").read_text("utf-8").splitlines()[-1]
    finally:
        servers.restart(lab.ground, "hub")
    assert lab.ground.log("hub").read_text("utf-8").splitlines()[-1].startswith(time.strftime("%b %e %H:"))
