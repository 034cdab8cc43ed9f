"""The lab's own CA and its servers' certificates: good, expired, wrong-name and unknown-ca, all made at once (RFC 5280). For loopback only.

Each group has one file in force, D/tls/GROUP.pem (key, then chain); `swap` puts another variant there, a reload of the server shows it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.ground import ZONE, Ground, LabError, write_whole

if TYPE_CHECKING:
    from pathlib import Path

# group -> the host names it serves
GROUPS = {"mx": ("mx",), "imap": ("imap",), "pop3": ("pop",), "lmtp": ("lmtp",), "ldap": ("ldap",)}
SERVER_OF = {"mx": "mx", "imap": "dovecot", "pop3": "dovecot", "lmtp": "dovecot", "ldap": "slapd"}
VARIANTS = ("good", "expired", "wrong-name", "unknown-ca")
OWNERS = {"ldap": "openldap"}  # whose key must be readable to another than root


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Order:
    """What a certificate is to say."""

    names: tuple[str, ...]  # host names; the addresses of loopback are added
    begins: datetime
    ends: datetime


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, span: tuple[datetime, datetime]) -> x509.CertificateBuilder:
    draft = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer)).public_key(key.public_key())
    draft = draft.serial_number(x509.random_serial_number()).not_valid_before(span[0]).not_valid_after(span[1])
    return draft.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def authority(name: str, now: datetime) -> Authority:
    """Return a new CA, good for ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    draft = _builder(name, name, key, (now - timedelta(days=1), now + timedelta(days=3650)))
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(usage, critical=True)
    return Authority(key, draft.sign(key, hashes.SHA256()))


def issue(order: Order, signer: Authority) -> str:
    """Return PEM: the private key and its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = signer.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    draft = _builder(order.names[0], str(issuer), key, (order.begins, order.ends))
    addresses = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")] if order.names[0].endswith(ZONE) else []
    names = x509.SubjectAlternativeName([*(x509.DNSName(name) for name in order.names), *addresses])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    draft = draft.add_extension(names, critical=False).add_extension(identifier, critical=False)
    draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return _key_text(key) + _certificate_text(draft.sign(signer.key, hashes.SHA256()))


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")


def _certificate_text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _orders(hosts: tuple[str, ...], now: datetime) -> dict[str, Order]:
    """Return what each variant says."""
    names = tuple(f"{host}.{ZONE}" for host in hosts)
    day = timedelta(days=1)
    good = Order(names, now - day, now + 90 * day)
    return {
        "good": good,
        "expired": Order(names, now - 90 * day, now - day),
        "wrong-name": Order(("elsewhere.example",), now - day, now + 90 * day),
        "unknown-ca": good,
    }


def make(ground: Ground) -> None:
    """Make the CA and every variant of every group, and put the good ones in force."""
    now = datetime.now(UTC)  # noqa: TID251 - the lab reads clocks
    known, unknown = authority("Mailsonde lab CA", now), authority("Somebody else's CA", now)
    folder = ground.root / "tls"
    folder.mkdir()
    write_whole(folder / "ca.pem", _certificate_text(known.certificate))
    for group, hosts in GROUPS.items():
        (folder / group).mkdir()
        for variant, order in _orders(hosts, now).items():
            signer = unknown if variant == "unknown-ca" else known
            write_whole(folder / group / f"{variant}.pem", issue(order, signer), 0o600)
        swap(ground, group, "good")


def swap(ground: Ground, group: str, variant: str) -> None:
    """Put a variant in force; the server shows it after `servers.reload(ground, SERVER_OF[group])`.

    Raises: LabError for a group or variant that does not exist.
    """
    if group not in GROUPS or variant not in VARIANTS:
        raise LabError(f"no certificate {group}/{variant}: groups are {', '.join(GROUPS)}, variants {', '.join(VARIANTS)}")
    _install(ground.root / "tls" / group / f"{variant}.pem", ground.root / "tls" / f"{group}.pem", OWNERS.get(group))


def _install(source: Path, target: Path, owner: str | None) -> None:
    write_whole(target, source.read_text("ascii"), 0o600)
    if owner is not None:
        shutil.chown(target, owner)


def in_force(ground: Ground, group: str) -> x509.Certificate:
    """Return the certificate that a group shows after its next reload."""
    return x509.load_pem_x509_certificate((ground.root / "tls" / f"{group}.pem").read_bytes())
