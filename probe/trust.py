"""TLS for probes: one context per trust setting, certificates fetched, OpenSSL's words put into ours. RFC 8446, 5280, 6125."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from probe import certificate
from probe.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.values import Endpoint, Reading

SHORT = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C", "localityName": "L"}  # RFC 4514


class NotAcceptedError(ssl.SSLCertVerificationError):
    """OpenSSL's refusal of a certificate, with the chain (DER, the server's own first) that the library forgets at once."""

    def __init__(self, refusal: ssl.SSLCertVerificationError, chain: tuple[bytes, ...]) -> None:
        super().__init__(*refusal.args)
        self.verify_code, self.verify_message = refusal.verify_code, refusal.verify_message
        self.chain = chain


class _Handshake(ssl.SSLObject):
    """A TLS connection whose refusal of a certificate brings that certificate along."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as refusal:
            raise NotAcceptedError(refusal, self._sent()) from refusal

    def _sent(self) -> tuple[bytes, ...]:
        """Return what the server sent. Before 3.13 Python had no public way to it; where this one is gone, only the words are poorer."""
        inner: Any = getattr(self, "_sslobj", None)
        found = inner.get_unverified_chain() if hasattr(inner, "get_unverified_chain") else None
        return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in found or ())


@lru_cache(maxsize=256)
def _context(ca_file: str | None, stamp: float, verify: bool) -> ssl.SSLContext:  # noqa: ARG001 - stamp is part of the key
    context = ssl.create_default_context(cafile=ca_file)
    context.sslobject_class = _Handshake
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def context_for(endpoint: Endpoint) -> ssl.SSLContext:
    """Return the TLS context for this endpoint; making one costs some 10 ms, so equal ones are shared.

    Raises: OSError (ssl.SSLError among them) when the ca_file cannot be read or is no PEM.
    """
    return _context(endpoint.ca_file, _changed_at(endpoint.ca_file), endpoint.verify)


def _changed_at(ca_file: str | None) -> float:
    """Return when the file changed, so that a renewed CA is taken up without a restart."""
    from pathlib import Path  # noqa: PLC0415 - only where a ca_file is set

    return Path(ca_file).stat().st_mtime if ca_file else 0.0


def read_certificate(connection: ssl.SSLObject, now: datetime) -> dict[str, Reading]:
    """Return readings of what was negotiated: tls_version, tls_cipher, and those of `probe.certificate.readings_of`."""
    cipher = connection.cipher()
    readings: dict[str, Reading] = {"tls_version": connection.version() or "", "tls_cipher": cipher[0] if cipher else ""}
    found = _accepted(connection)
    return readings | certificate.readings_of(found, now) if found else readings


def _accepted(connection: ssl.SSLObject) -> Certificate | None:
    """Return the server's certificate. An unverified one is not decoded by OpenSSL's wrapper: its DER is read instead."""
    decoded: Any = connection.getpeercert()
    if decoded:
        begins_at, ends_at = (datetime.fromtimestamp(ssl.cert_time_to_seconds(decoded[key]), UTC) for key in ("notBefore", "notAfter"))
        names = tuple(name for kind, name in decoded.get("subjectAltName", ()) if kind == "DNS")
        names += tuple(str(ip_address(name)) for kind, name in decoded.get("subjectAltName", ()) if kind == "IP Address")
        return Certificate(_name(decoded["subject"]), _name(decoded["issuer"]), names, begins_at, ends_at)
    der = connection.getpeercert(binary_form=True)
    return certificate.read(der) if der else None


def _name(parts: Sequence[Sequence[tuple[str, str]]]) -> str:
    """Return a distinguished name as RFC 4514 writes it, the last part first."""
    return ",".join("+".join(f"{SHORT.get(kind, kind)}={value}" for kind, value in part) for part in reversed(parts))


PLAIN_WORDS = {  # OpenSSL's reason -> what it means to the person who is paged
    "WRONG_VERSION_NUMBER": "does not speak TLS on this port",
    "PACKET_LENGTH_TOO_LONG": "does not speak TLS on this port",
    "RECORD_LAYER_FAILURE": "does not speak TLS on this port",
    "UNEXPECTED_EOF_WHILE_READING": "closed the connection during the TLS handshake",
    "UNSUPPORTED_PROTOCOL": "offers only TLS versions that are too old",
    "TLSV1_ALERT_PROTOCOL_VERSION": "refuses our TLS versions",
    "NO_SHARED_CIPHER": "shares no cipher with us",
}


def say_tls(error: BaseException, endpoint: Endpoint, now: datetime) -> str:
    """Return the failure of a handshake with this endpoint in one line."""
    if isinstance(error, NotAcceptedError):
        chain = [found for found in map(certificate.read, error.chain) if found]
        return certificate.complaint(error.verify_code, chain, endpoint, now) or f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return PLAIN_WORDS.get(error.reason or "", f"TLS handshake failed: {error.reason or error}")
    return "closed the connection during the TLS handshake"
