"""A server's certificate in words: whose it is, for which names, until when; and why it was not accepted. RFC 5280, 6125. Pure.

It never decides whether a certificate is good: OpenSSL does, and its verdict comes here as a number (X509_V_ERR_*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.dialogue import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography import x509

    from probe.values import Endpoint, Reading

DAY_SECONDS = 86_400
NAMES_TOLD = 8  # the certificate of a shared host has a hundred
NOT_YET, EXPIRED = 9, 10  # .._CERT_NOT_YET_VALID, .._CERT_HAS_EXPIRED
WRONG_NAME = frozenset({62, 64})  # .._HOSTNAME_MISMATCH, .._IP_ADDRESS_MISMATCH
UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})  # no issuer at hand, or one that signed itself and is not trusted


@dataclass(frozen=True, slots=True)
class Certificate:
    """What people ask of a certificate."""

    subject: str  # RFC 4514
    issuer: str  # RFC 4514
    names: tuple[str, ...]  # DNS names and IP addresses of subjectAltName
    begins_at: datetime  # notBefore, UTC
    ends_at: datetime  # notAfter, UTC


def read(der: bytes) -> Certificate | None:
    """Return what a certificate says, None where it cannot be read."""
    from cryptography import x509  # noqa: PLC0415 - heavy; needed only for a certificate that was not accepted, or not to be verified

    try:
        found = x509.load_der_x509_certificate(der)
        subject, issuer = found.subject.rfc4514_string(), found.issuer.rfc4514_string()
        return Certificate(subject, issuer, _names(found), found.not_valid_before_utc, found.not_valid_after_utc)
    except ValueError:
        return None


def _names(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))


def readings_of(found: Certificate, now: datetime) -> dict[str, Reading]:
    """Return certificate_subject, certificate_names, certificate_expires_at and certificate_days."""
    return {
        "certificate_subject": printable(found.subject),
        "certificate_names": _told(found.names),
        "certificate_expires_at": found.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "certificate_days": round((found.ends_at - now).total_seconds() / DAY_SECONDS, 2),
    }


def complaint(code: int, chain: Sequence[Certificate], endpoint: Endpoint, now: datetime) -> str:
    """Return why a certificate was not accepted, "" where OpenSSL's own words are the best there are.

    Args:
        code: OpenSSL's verdict.
        chain: what the server sent, its own certificate first.
        endpoint: whom we wanted, and what we trust.
        now: aware, UTC.
    """
    if code in {NOT_YET, EXPIRED}:
        return next((_out_of_date(one, now, own=one is chain[0]) for one in chain if not one.begins_at <= now <= one.ends_at), "")
    if code in WRONG_NAME and chain:
        names = f"is for {_told(chain[0].names)}" if chain[0].names else f"names no host (its subject is {printable(chain[0].subject)})"
        return f"certificate does not match: it {names}; not for {endpoint.host}"
    return _untrusted(chain, endpoint) if code in UNKNOWN_ISSUER else ""


def _out_of_date(found: Certificate, now: datetime, *, own: bool) -> str:
    whose = "certificate" if own else f"certificate of {printable(found.subject)}, in the server's chain,"
    expired = found.ends_at < now
    return f"{whose} {'expired on' if expired else 'is not valid before'} {_minute(found.ends_at if expired else found.begins_at)}"


def _untrusted(chain: Sequence[Certificate], endpoint: Endpoint) -> str:
    last = chain[-1] if chain else None
    issuer = f" ({printable(last.issuer)})" if last else ""
    signed = f"certificate is self-signed{issuer}" if last and last.subject == last.issuer and len(chain) == 1 else ""
    said = signed or f"certificate of an unknown issuer{issuer}"
    if endpoint.ca_file:
        return f"{said}: it is not among the authorities in {endpoint.ca_file}"
    return f"{said}: if that is your own authority, give its certificate as ca_file (in a URL's run: --ca-file)"


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _told(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_TOLD} more" if len(names) > NAMES_TOLD else ""
    return printable(f"{', '.join(names[:NAMES_TOLD])}{more}")
