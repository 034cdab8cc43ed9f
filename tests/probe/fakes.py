"""Fake servers for what a real one will not do: hang, lie, cut off, flood. Each lives on a loopback port of its own."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from probe.values import Check, Endpoint, FaultKind, Mailbox, Result, Secret, Security

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HELLO = (b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"221 bye\r\n")  # an agreeable SMTP server


@asynccontextmanager
async def serve(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on a free loopback port and give that port; at the end every handler is over and every connection closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def talk(*turns: bytes, heard: list[bytes] | None = None) -> Handler:
    """Return a handler that says the first turn, then one turn for each line it hears, and afterwards holds still."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, turn in enumerate(turns):
            if number:
                line = await reader.readline()
                if heard is not None:
                    heard.append(line)
            writer.write(turn)
            await writer.drain()
        while line := await reader.readline():
            if heard is not None:
                heard.append(line)

    return handler


def secured(context: ssl.SSLContext, security: Security) -> AbstractAsyncContextManager[int]:
    """Serve an agreeable SMTP server with this certificate."""
    if security is Security.TLS:
        return serve(talk(*HELLO), context)

    async def starttls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n"):
            writer.write(reply)
            await reader.readline()
        writer.write(b"220 go\r\n")
        await writer.start_tls(context)
        await talk(b"", *HELLO[1:])(reader, writer)

    return serve(starttls)


def certificate(folder: Path, host: str, *, days: float = 30.0) -> tuple[ssl.SSLContext, str]:
    """Make a self-signed certificate; return a server's context and the path of what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)  # noqa: TID251 - a certificate's dates are real
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    trust = folder / f"{host}.ca.pem"
    trust.write_bytes(made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, str(trust)


def smtp(port: int, **changes: object) -> Check:
    check = Check("abc.example/mx", "abc.example", "mx", "smtp", Endpoint("127.0.0.1", port), timeout_seconds=2.0)
    return replace(check, **{"mailbox": Mailbox("probe@abc.example", Secret("topsecret")), **changes})  # type: ignore[arg-type] # any field


def fault(result: Result) -> tuple[FaultKind, str]:
    assert result.fault is not None, result
    return result.fault.kind, result.fault.step
