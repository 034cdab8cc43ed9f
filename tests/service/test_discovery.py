"""Domains out of a directory: read from pages made here, refused in one line, and found in the lab's real slapd."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from config.load import load
from config.plan import Discovered
from config.servers import Discovery
from probe import ldap_messages
from probe.values import Endpoint
from probe.wire import Wire
from service.commands.gather import warn
from service.discovery import NotDiscovered, _read, discover

if TYPE_CHECKING:
    from pathlib import Path

    from service.discovery import Found
    from tests.conftest import Lab

CONFIG = """\
servers:
  imap: {{kind: imap, host: 127.0.0.1, port: 143, security: starttls}}
  directory: {{kind: ldap, host: {host}, port: {port}, security: {security}, {more}
    base: "{base}", bind_dn: "{dn}", password: {{file: {password}}}}}
discovery: {{server: directory, filter: "{filter}", services: mailService, administrator: manager, servers: {{imap: imap}},
  mailbox: {{address: "probe@{{domain}}", password: {{file: {password}}}}}}}
{resolver}
"""


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, 0x82]) + len(body).to_bytes(2) + body


def entry(dn: str, **attributes: list[str]) -> bytes:
    """Return one searchResEntry as a server sends it."""
    texts = {name: [tlv(4, value.encode()) for value in values] for name, values in attributes.items()}
    listed = [tlv(0x30, tlv(4, name.encode()), tlv(0x31, *values)) for name, values in texts.items()]
    return tlv(0x30, b"\2\1\3", tlv(0x64, tlv(4, dn.encode()), tlv(0x30, *listed)))


def found(*entries: bytes) -> Found:
    """Read these entries as one page."""
    discovery = Discovery.model_validate(
        {"server": "directory", "services": "mailService", "administrator": "manager", "servers": {"imap": "imap"}}
    )
    return _read([b"".join(entries)], discovery)


def test_an_entry_becomes_a_domain() -> None:
    one = entry("dc=abc", associatedDomain=["abc.example"], mailService=["imap", "smtp"], manager=["cn=a"])
    assert found(one) == ((Discovered("abc.example", ("imap", "smtp"), "cn=a"),), ())


def test_names_are_told_apart_without_case_and_attributes_too() -> None:
    one = entry("dc=abc", ASSOCIATEDDOMAIN=["ABC.Example."], mailService=["imap"])
    two = entry("dc=again", associatedDomain=["abc.example"], mailService=["smtp", "imap"], manager=["cn=b"])
    assert found(one, two) == ((Discovered("abc.example", ("imap", "smtp"), "cn=b"),), ())


def test_one_entry_may_name_several_domains() -> None:
    domains, warnings = found(entry("dc=abc", associatedDomain=["abc.example", "abd.example"], mailService=["imap"]))
    assert ([one.name for one in domains], warnings) == (["abc.example", "abd.example"], ())


def test_an_entry_without_a_name_is_named_and_skipped() -> None:
    domains, warnings = found(entry("dc=x,dc=isp", mailService=["imap"]), entry("dc=abc", associatedDomain=["abc.example"]))
    assert [one.name for one in domains] == ["abc.example"]
    assert warnings == ("discovery: dc=x,dc=isp has no associatedDomain that we may read; skipped",)


def test_a_value_that_is_no_domain_name_is_named_and_skipped() -> None:
    domains, warnings = found(entry("dc=abc", associatedDomain=["not a domain", "abc.example"]))
    assert [one.name for one in domains] == ["abc.example"]
    assert warnings == ("the directory names `not a domain`, which is no exact domain name, so it is not checked",)


def test_no_name_of_an_entry_commands_a_terminal() -> None:
    _, (warning,) = found(entry("dc=\x1b]0;x\x07,dc=isp", mailService=["imap"]))
    assert warning == r"discovery: dc=\x1b]0;x\x07,dc=isp has no associatedDomain that we may read; skipped"


def test_no_warning_commands_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    warn(["x\x1b[2J\ny"])
    assert capsys.readouterr().err == "probe: warning: x [2J y\n"


def configured(file: Path, changes: dict[str, str | int]) -> str:
    """Write the configuration of these values, with a password that is wrong unless one is given; return its path."""
    secret = file.parent / "secret"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    plain: dict[str, str | int] = {"host": "127.0.0.1", "security": "none", "more": "", "base": "dc=isp", "dn": "cn=probe", "resolver": ""}
    plain |= {"filter": "(objectClass=domainRelatedObject)", "password": str(secret)}
    file.write_text(CONFIG.format(**(plain | changes)))
    return str(file)


async def ask(file: Path, **changes: str | int) -> Found:
    """Discover with a configuration of the given values."""
    settings = load(configured(file, changes))
    wire = Wire(Endpoint(settings.resolver.host, settings.resolver.port) if settings.resolver else None)
    try:
        return await discover(settings, wire)
    finally:
        await wire.close()


async def refused(file: Path, **changes: str | int) -> str:
    with pytest.raises(NotDiscovered) as error:
        await ask(file, **changes)
    return str(error.value)


async def test_no_directory_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert await refused(tmp_path / "c.yml", port=port) == (
        f"no domains discovered: the directory directory (127.0.0.1 port {port}) failed at connect: "
        f"CONNECT: Connection refused (127.0.0.1 port {port})"
    )


# --- the lab's slapd


def at(lab: Lab, **changes: str | int) -> dict[str, str | int]:
    """Return what reaches the lab's directory."""
    where: dict[str, str | int] = {
        "host": "ldap.lab.test",
        "port": lab.ports["ldap"],
        "security": "starttls",
        "more": f"ca_file: {lab.dir}/tls/ca.pem,",
        "base": "ou=domains,dc=lab,dc=test",
        "dn": "cn=probe,dc=lab,dc=test",
        "password": str(lab.dir / "secrets" / "probe"),
        "resolver": f"resolver: {{host: 127.0.0.1, port: {lab.ports['dns']}}}",
    }
    return where | changes


@pytest.mark.lab
@pytest.mark.parametrize("entries", [1, 2, 500])
async def test_all_pages_are_read(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    monkeypatch.setattr(ldap_messages, "PAGE_ENTRIES", entries)
    domains, warnings = await ask(tmp_path / "c.yml", **at(lab))
    assert ([one.name for one in domains], warnings) == (["alpha.test", "beta.test", "gamma.test"], ())
    assert domains[0].administrator == "mail=admin@alpha.test,dc=alpha.test,ou=domains,dc=lab,dc=test"
    assert set(domains[0].services) == {"imap", "imaps", "pop3", "pop3s", "smtp"}


IS_IT_RIGHT = "is the base DN ou=nowhere,dc=lab,dc=test right, and may cn=probe,dc=lab,dc=test see it?"
REFUSALS = [
    ({"password": None}, "bind: AUTH: invalidCredentials (49)"),
    (
        {"base": "ou=nowhere,dc=lab,dc=test"},
        f"search: PERMANENT: noSuchObject (32); {IS_IT_RIGHT}",
    ),
    ({"filter": "(a=b"}, "search: OURS: the filter (a=b is not one (RFC 4515): invalid filter"),
    ({"more": ""}, "tls: TLS: "),
    ({"host": "nowhere.lab.test"}, "resolve: RESOLVE: NXDOMAIN for A of nowhere.lab.test: there is no such name"),
]


@pytest.mark.lab
@pytest.mark.parametrize(("changes", "words"), REFUSALS)
async def test_a_directory_that_refuses_says_so_in_one_line(lab: Lab, tmp_path: Path, changes: dict[str, str | None], words: str) -> None:
    given = {name: value if value is not None else str(tmp_path / "secret") for name, value in changes.items()}
    said = await refused(tmp_path / "c.yml", **at(lab, **given))
    host = given.get("host", "ldap.lab.test")
    assert said.startswith(f"no domains discovered: the directory directory ({host} port {lab.ports['ldap']}) failed at {words}")
    assert "\n" not in said
