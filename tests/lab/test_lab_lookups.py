"""What the lab's directory and name server answer, and to whom."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import dns.message
import dns.query
import ldap3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab.ground import BASE

if TYPE_CHECKING:
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
HOST = "127.0.0.1"
PROBE = f"cn=probe,{BASE}"


def bind(lab: Lab) -> ldap3.Connection:
    server = ldap3.Server(HOST, lab.ports["ldap"], connect_timeout=5)
    return ldap3.Connection(server, PROBE, lab.password("probe"), receive_timeout=5)


@pytest.mark.parametrize(("port", "form"), [("ldap", ["-ZZ"]), ("ldaps", [])])
def test_it_speaks_both_forms_of_tls_with_a_certificate_of_the_labs_ca(lab: Lab, port: str, form: list[str]) -> None:
    line = ["ldapsearch", "-x", "-LLL", *form, "-H", f"{port}://{HOST}:{lab.ports[port]}", "-D", PROBE, "-w", lab.password("probe")]
    line += ["-b", f"ou=domains,{BASE}", "(associatedDomain=alpha.test)", "manager"]
    for authority, code in (("ca.pem", 0), ("ldap/unknown-ca.pem", 1)):
        environment = {"LDAPTLS_CACERT": str(lab.dir / "tls" / authority), "PATH": "/usr/bin"}
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
        assert min(done.returncode, 1) == code, done.stderr
        assert ("manager: mail=admin@alpha.test" in done.stdout) == (code == 0)


def test_the_probe_reads_what_discovery_needs(lab: Lab) -> None:
    with bind(lab) as connection:
        connection.search(
            f"ou=domains,{BASE}", "(objectClass=domainRelatedObject)", attributes=["associatedDomain", "mailService", "manager"]
        )
        found = {str(entry.associatedDomain): set(entry.mailService.values) for entry in connection.entries}
        managers = [str(entry.manager) for entry in connection.entries]
    everything = {"imap", "imaps", "pop3", "pop3s", "smtp"}
    assert found == {"alpha.test": everything, "beta.test": everything, "gamma.test": {"imap", "imaps", "smtp"}}
    assert managers[0] == f"mail=admin@alpha.test,dc=alpha.test,ou=domains,{BASE}"


def test_the_probe_sees_no_password_and_changes_nothing(lab: Lab) -> None:
    with bind(lab) as connection:
        connection.search(f"ou=domains,{BASE}", "(mail=probe@alpha.test)", attributes=["*", "+"])
        names = {name.lower() for name in connection.entries[0].entry_attributes}
        assert "mail" in names
        assert not names & {"userpassword", "mailquota", "mailstatus"}
        change = {"mail": [(ldap3.MODIFY_REPLACE, ["x@alpha.test"])]}
        assert not connection.modify(connection.entries[0].entry_dn, change)  # type: ignore[no-untyped-call]  # ldap3 has no types here
        assert connection.result["description"] == "insufficientAccessRights"


def test_who_does_not_sign_in_sees_no_domain(lab: Lab) -> None:
    line = ["ldapsearch", "-x", "-LLL", "-H", f"ldap://{HOST}:{lab.ports['ldap']}", "-b", f"ou=domains,{BASE}", "(objectClass=*)"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (32, "")  # noSuchObject: it does not even say that there is something to hide


def ask(lab: Lab, name: str, kind: str, *, tcp: bool = False) -> list[str]:
    question = dns.message.make_query(name, kind)
    talk = dns.query.tcp if tcp else dns.query.udp
    answer = talk(question, HOST, port=lab.ports["dns"], timeout=5)
    return sorted(record.to_text() for records in answer.answer for record in records)


@pytest.mark.parametrize("tcp", [False, True])
def test_the_name_server_knows_domains_and_hosts(lab: Lab, *, tcp: bool) -> None:
    assert ask(lab, "alpha.test", "MX", tcp=tcp) == ["10 mx.lab.test."]
    assert ask(lab, "alpha.test", "TXT", tcp=tcp) == ['"v=spf1 mx -all"']
    assert ask(lab, "imap.lab.test", "A", tcp=tcp) == ["127.0.0.1"]
    assert ask(lab, "imap.lab.test", "AAAA", tcp=tcp) == (["::1"] if "::1" in lab.ground.addresses else [])


def test_each_address_of_a_host_is_served(lab: Lab) -> None:
    for address in ask(lab, "imap.lab.test", "A") + ask(lab, "imap.lab.test", "AAAA"):
        with socket.create_connection((address, lab.ports["imap"]), timeout=5) as connection:
            assert connection.recv(100).startswith(b"* OK [CAPABILITY IMAP4rev1")


def test_srv_records_carry_the_ports_and_say_what_is_not_offered(lab: Lab) -> None:
    assert ask(lab, "_submissions._tcp.alpha.test", "SRV") == [f"0 1 {lab.ports['smtps']} mx.lab.test."]
    assert ask(lab, "_imaps._tcp.alpha.test", "SRV") == [f"0 1 {lab.ports['imaps']} imap.lab.test."]
    assert ask(lab, "_pop3s._tcp.gamma.test", "SRV") == ["0 1 0 ."]


def test_tlsa_is_the_hash_of_the_key_that_the_server_shows(lab: Lab) -> None:
    shown = ssl.get_server_certificate((HOST, lab.ports["imaps"]), timeout=5)
    key = x509.load_pem_x509_certificate(shown.encode()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    assert ask(lab, f"_{lab.ports['imaps']}._tcp.imap.lab.test", "TLSA") == [f"3 1 1 {digest}"]
