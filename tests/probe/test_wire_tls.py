"""The wire and TLS: a step of its own, a certificate as a reading, and every way in which a handshake goes wrong, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from probe.values import Endpoint, FaultKind, Security
from tests.probe.fakes import HELLO, certificate, fault, secured, serve, smtp, talk

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from probe.wire import Wire


HINT = "if that is your own authority, give its certificate as ca_file (in a URL's run: --ca-file)"


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_tls_is_a_step_and_its_certificate_a_reading(wire: Wire, tmp_path: Path, security: Security) -> None:
    context, trust = certificate(tmp_path, "localhost", days=30)
    async with secured(context, security) as port:
        result = await wire.run(smtp(port, endpoint=Endpoint("localhost", port, security, trust, address="127.0.0.1")))
    assert result.fault is None
    assert "tls" in [step.name for step in result.steps]
    assert result.readings["tls_version"] == "TLSv1.3"
    assert result.readings["certificate_days"] == pytest.approx(30, abs=0.1)
    names = ("server_address", "certificate_subject", "certificate_names")
    assert [result.readings[name] for name in names] == ["127.0.0.1", "CN=localhost", "localhost"]


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize(
    ("host", "days", "trusted", "said"),
    [
        ("localhost", -1, True, "certificate expired on {ends} UTC"),
        ("other.example", 30, True, "certificate does not match: it is for other.example; not for localhost"),
        (
            "localhost",
            30,
            False,
            f"certificate is self-signed (CN=localhost): {HINT}",
        ),
    ],
)
async def test_a_bad_certificate(wire: Wire, tmp_path: Path, security: Security, host: str, days: int, trusted: bool, said: str) -> None:  # noqa: PLR0913, PLR0917 - the table's columns
    context, trust = certificate(tmp_path, host, days=days)
    endpoint = Endpoint("localhost", 0, security, trust if trusted else None, address="127.0.0.1")
    async with secured(context, security) as port:
        result = await wire.run(smtp(port, endpoint=replace(endpoint, port=port)))
        unverified = await wire.run(smtp(port, endpoint=replace(endpoint, port=port, verify=False)))
    assert fault(result) == (FaultKind.TLS, "tls")
    assert result.fault is not None
    ends = datetime.fromisoformat(str(unverified.readings["certificate_expires_at"]))
    assert result.fault.said == said.format(ends=ends.strftime("%Y-%m-%d %H:%M"))
    assert unverified.fault is None
    assert unverified.readings["certificate_days"] == pytest.approx(days, abs=0.1)


async def test_plain_text_where_tls_is_configured(wire: Wire) -> None:
    async with serve(talk(*HELLO)) as port:
        result = await wire.run(smtp(port, endpoint=Endpoint("127.0.0.1", port, Security.TLS)))
    assert fault(result) == (FaultKind.TLS, "tls")


async def test_a_ca_file_that_cannot_be_read(wire: Wire, tmp_path: Path) -> None:
    async with serve(talk(b"")) as port:
        gone = Endpoint("127.0.0.1", port, Security.TLS, str(tmp_path / "gone.pem"))
        result = await wire.run(smtp(port, endpoint=gone))
        (tmp_path / "bad.pem").write_text("no PEM")
        bad = await wire.run(smtp(port, endpoint=replace(gone, ca_file=str(tmp_path / "bad.pem"))))
    assert fault(result) == fault(bad) == (FaultKind.OURS, "tls")
    assert result.fault is not None
    assert result.fault.said == f"cannot read the CA file {tmp_path / 'gone.pem'}: No such file or directory"


async def test_bytes_behind_the_reply_to_starttls_are_refused(wire: Wire) -> None:
    turns = (b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n250 injected\r\n")
    async with serve(talk(*turns)) as port:
        result = await wire.run(smtp(port, endpoint=Endpoint("127.0.0.1", port, Security.STARTTLS)))
    assert fault(result) == (FaultKind.PROTOCOL, "tls")
    assert result.fault is not None
    assert result.fault.said == "sent more than its reply to STARTTLS before TLS began: 250 injected"


async def test_a_handshake_that_never_ends_or_is_cut(wire: Wire) -> None:
    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(100)

    async with serve(talk(b"")) as port:
        result = await wire.run(smtp(port, endpoint=Endpoint("127.0.0.1", port, Security.TLS), timeout_seconds=0.3))
    assert fault(result) == (FaultKind.TIMEOUT, "tls")
    async with serve(hang_up) as port:
        result = await wire.run(smtp(port, endpoint=Endpoint("127.0.0.1", port, Security.TLS)))
    assert fault(result) == (FaultKind.TLS, "tls")
    assert result.fault is not None
    assert result.fault.said == "closed the connection during the TLS handshake"
