"""TLS for probes: one context per trust setting, certificates read, OpenSSL's words put into ours. RFC 8446, 5280, 6125."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe.values import Endpoint, Reading

DAY_SECONDS = 86_400


@lru_cache(maxsize=256)
def _context(ca_file: str | None, stamp: float, verify: bool) -> ssl.SSLContext:  # noqa: ARG001 - stamp is part of the key
    context = ssl.create_default_context(cafile=ca_file)
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
    """Return readings of what was negotiated: tls_version, tls_cipher, certificate_expires_at, certificate_days."""
    cipher = connection.cipher()
    readings: dict[str, Reading] = {"tls_version": connection.version() or "", "tls_cipher": cipher[0] if cipher else ""}
    expires = _expires_at(connection)
    if expires is not None:
        readings["certificate_expires_at"] = expires.strftime("%Y-%m-%dT%H:%M:%SZ")
        readings["certificate_days"] = round((expires - now).total_seconds() / DAY_SECONDS, 2)
    return readings


def _expires_at(connection: ssl.SSLObject) -> datetime | None:
    """Return the leaf's notAfter. An unverified certificate is not decoded by OpenSSL's wrapper: its DER is read instead."""
    decoded = connection.getpeercert()
    if decoded:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(decoded["notAfter"])), UTC)
    der = connection.getpeercert(binary_form=True)
    if der is None:
        return None
    from cryptography import x509  # noqa: PLC0415 - heavy, and needed only where verification is off

    try:
        return x509.load_der_x509_certificate(der).not_valid_after_utc
    except ValueError:
        return None


PLAIN_WORDS = {  # OpenSSL's reason -> what it means to the person who is paged
    "WRONG_VERSION_NUMBER": "does not speak TLS on this port",
    "PACKET_LENGTH_TOO_LONG": "does not speak TLS on this port",
    "RECORD_LAYER_FAILURE": "does not speak TLS on this port",
    "UNEXPECTED_EOF_WHILE_READING": "closed the connection during the TLS handshake",
    "UNSUPPORTED_PROTOCOL": "offers only TLS versions that are too old",
    "TLSV1_ALERT_PROTOCOL_VERSION": "refuses our TLS versions",
    "NO_SHARED_CIPHER": "shares no cipher with us",
}


def say_tls(error: BaseException) -> str:
    """Return the failure of a handshake in one line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return PLAIN_WORDS.get(error.reason or "", f"TLS handshake failed: {error.reason or error}")
    return "closed the connection during the TLS handshake"
