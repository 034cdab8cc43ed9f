"""Certificates in words: read from DER, told as readings, and why one was not accepted."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from probe.certificate import Certificate, complaint, read, readings_of
from probe.values import Endpoint
from tests.probe.fakes import certificate

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
CA = "CN=Some CA,O=Some Org"
LEAF = Certificate("CN=a.example", CA, ("a.example", "b.example"), NOW - timedelta(days=9), NOW + timedelta(days=9))
MIDDLE = Certificate(CA, "CN=Root", (), NOW - timedelta(days=90), NOW + timedelta(days=90))
OLD = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOST = Endpoint("c.example", 993)
OWN_CA = replace(HOST, ca_file="own.pem")
HINT = "if that is your own authority, give its certificate as ca_file (in a URL's run: --ca-file)"


def test_a_certificate_is_read_from_its_der(tmp_path: Path) -> None:
    _, path = certificate(tmp_path, "localhost", days=30)
    with open(path) as file:  # noqa: PTH123 - the shortest
        found = read(ssl.PEM_cert_to_DER_cert(file.read()))
    assert found is not None
    assert (found.subject, found.issuer, found.names) == ("CN=localhost", "CN=localhost", ("localhost",))
    assert found.ends_at - found.begins_at == timedelta(days=90)
    assert read(b"no certificate") is None


def test_the_readings_of_a_certificate() -> None:
    assert readings_of(LEAF, NOW) == {
        "certificate_subject": "CN=a.example",
        "certificate_names": "a.example, b.example",
        "certificate_expires_at": "2026-11-29T08:00:00Z",
        "certificate_days": 9.0,
    }
    many = replace(LEAF, names=tuple(f"h{place}.example\x1b" for place in range(10)))
    assert str(readings_of(many, NOW)["certificate_names"]).endswith("h7.example\\x1b and 2 more")


@pytest.mark.parametrize(
    ("code", "chain", "endpoint", "said"),
    [
        (10, (replace(LEAF, begins_at=OLD, ends_at=OLD), MIDDLE), HOST, "certificate expired on 2026-01-02 03:04 UTC"),
        (
            10,
            (LEAF, replace(MIDDLE, begins_at=OLD, ends_at=OLD)),
            HOST,
            f"certificate of {CA}, in the server's chain, expired on 2026-01-02 03:04 UTC",
        ),
        (9, (replace(LEAF, begins_at=NOW + timedelta(hours=1)),), HOST, "certificate is not valid before 2026-11-20 09:00 UTC"),
        (10, (LEAF,), HOST, ""),  # by OpenSSL's clock, not by ours
        (62, (LEAF, MIDDLE), HOST, "certificate does not match: it is for a.example, b.example; not for c.example"),
        (
            64,
            (replace(LEAF, names=()),),
            HOST,
            "certificate does not match: it names no host (its subject is CN=a.example); not for c.example",
        ),
        (20, (LEAF,), HOST, f"certificate of an unknown issuer ({CA}): {HINT}"),
        (20, (LEAF,), OWN_CA, f"certificate of an unknown issuer ({CA}): it is not among the authorities in own.pem"),
        (18, (replace(LEAF, subject=CA),), HOST, f"certificate is self-signed ({CA}): {HINT}"),
        (19, (LEAF, replace(MIDDLE, subject="CN=Root")), HOST, f"certificate of an unknown issuer (CN=Root): {HINT}"),
        (20, (), HOST, f"certificate of an unknown issuer: {HINT}"),
        (62, (), HOST, ""),
        (23, (LEAF,), HOST, ""),  # revoked: OpenSSL's words do
    ],
)
def test_why_a_certificate_was_not_accepted(code: int, chain: tuple[Certificate, ...], endpoint: Endpoint, said: str) -> None:
    assert complaint(code, chain, endpoint, NOW) == said
