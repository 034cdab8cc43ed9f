"""What happens before the clock runs: the key, each address behind a name, and what is loaded."""

from __future__ import annotations

import gc
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from probe import Check, Directory, Endpoint, Mailbox, Secret, Security
from service.addresses import spread
from service.identity import NoKey, signing_key
from service.rounds.crew import compose
from service.rounds.warm import needed, settle
from service.rounds.work import Work
from tests.service.made import a_check

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "probe.key"
    first = signing_key(file)
    assert len(first) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert signing_key(file) == first
    assert list(tmp_path.iterdir()) == [file]


def test_probers_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(signing_key(tmp_path / "probe.key"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(keys), len(set(keys))) == (8, 1)


def test_a_key_given_as_a_secret_is_itself() -> None:
    assert signing_key(Secret("k3y")) == b"k3y"


def test_a_key_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(NoKey) as caught:
        signing_key(tmp_path / "nix" / "probe.key")
    said = (
        f"identity.key: {tmp_path}/nix/probe.key cannot be made: no such file or directory; make the folder writable or name another file"
    )
    assert str(caught.value) == said


def test_an_empty_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "probe.key").touch(0o600)
    with pytest.raises(NoKey) as caught:
        signing_key(tmp_path / "probe.key")
    assert str(caught.value) == f"identity.key: the secret file {tmp_path}/probe.key gives an empty secret"


async def test_each_address_is_a_check_of_its_own() -> None:
    here = Check("abc.example/mx", "abc.example", "mx", "smtp", Endpoint("localhost", 25))
    one = Check("abc.example/one", "abc.example", "one", "smtp", Endpoint("localhost", 25))
    lost = Check("abc.example/lost", "abc.example", "lost", "smtp", Endpoint("nowhere.invalid", 25))
    checks = await spread([here, one, lost], {"mx", "lost"}, None)
    names = [check.name for check in checks]
    assert names[-2:] == ["abc.example/one", "abc.example/lost"]
    if len(names) > 3:  # this machine knows localhost by IPv4 and IPv6
        assert sorted(names[:-2]) == ["abc.example/mx@127.0.0.1", "abc.example/mx@::1"]
        assert {check.endpoint.address for check in checks[:-2]} == {"127.0.0.1", "::1"}


def test_only_what_the_work_needs_is_loaded() -> None:
    assert needed(Work((a_check(),))) == set()
    assert needed(Work((a_check(),), resolver=Endpoint("127.0.0.1", 53))) == {"probe.dns_messages"}
    directory = Check("a/l", "a", "l", "ldap", Endpoint("h", 389), directory=Directory("dc=a", "(cn=a)"))
    careless = Check("a/i", "a", "i", "imap", Endpoint("h", 993, Security.TLS, verify=False), mailbox=Mailbox("a@b", Secret("x")))
    assert needed(Work((directory, careless))) == {"probe.ldap_messages", "cryptography.x509", "scramp"}


def test_a_message_is_written_for_those_who_send_one() -> None:
    mailbox = Mailbox("probe@abc.example")
    endpoint = Endpoint("h", 25)
    assert compose(Check("a/m", "a", "m", "smtp", endpoint, mailbox=mailbox), b"key") == b""
    message = compose(Check("a/m", "a", "m", "smtp", endpoint, mailbox=mailbox, send="message"), b"key")
    assert b"\r\nTo: probe@abc.example\r\n" in message
    assert message != compose(Check("a/m", "a", "m", "smtp", endpoint, mailbox=mailbox, send="message"), b"key")


def test_who_runs_long_does_not_let_what_is_loaded_put_off_the_garbage_collector() -> None:
    class Ring:
        def __init__(self) -> None:
            self.itself = self

    loaded = [[number] for number in range(400_000)]  # as a large configuration does
    gc.collect()
    settle()
    try:
        before = gc.get_stats()[2]["collections"]
        for _ in range(100):
            rings = [Ring() for _ in range(2_000)]
            del rings
        assert gc.get_freeze_count() > len(loaded)
        assert gc.get_stats()[2]["collections"] > before
    finally:
        gc.unfreeze()
