"""Servers that say yes: the least of SMTP, submission, LMTP, IMAP, POP3 and DNS that one of our conversations needs, in a process apart.

They measure nothing and keep nothing, so that what a measurement shows is the prober. `python -m bench.sinks [--tls PEM]` prints the ports
that it listens on (JSON: {"imap": 41234, ...}; with a certificate also "imaps"), then serves until its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator

BACKLOG = 4_096


@dataclass(frozen=True, slots=True)
class Manners:
    """What a kind of server says."""

    greeting: bytes
    replies: dict[bytes, bytes]  # by the command in capitals
    other: bytes  # to what stands in no table
    last: bytes  # the command after which it hangs up
    tagged: bool = False  # IMAP: the command is the second word, and {tag} in a reply is the first


_SMTP = {
    b"EHLO": b"250-sink.example\r\n250-AUTH PLAIN\r\n250 SIZE 10485760\r\n",
    b"LHLO": b"250-sink.example\r\n250 SIZE 10485760\r\n",
    b"AUTH": b"235 2.7.0 welcome\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}
_MAIL = Manners(b"220 sink.example ESMTP\r\n", _SMTP, b"250 2.1.0 fine\r\n", b"QUIT")
_IMAP = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n{tag} OK done\r\n",
    b"EXAMINE": b"* 0 EXISTS\r\n{tag} OK [READ-ONLY] opened\r\n",
    b"LOGOUT": b"* BYE\r\n{tag} OK bye\r\n",
}
KINDS = {
    "smtp": _MAIL,
    "submission": _MAIL,
    "lmtp": _MAIL,
    "imap": Manners(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] sink\r\n", _IMAP, b"{tag} OK done\r\n", b"LOGOUT", tagged=True),
    "pop3": Manners(
        b"+OK sink\r\n",
        {b"CAPA": b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\nSASL PLAIN\r\n.\r\n", b"STAT": b"+OK 0 0\r\n", b"UIDL": b"+OK\r\n.\r\n"},
        b"+OK fine\r\n",
        b"QUIT",
    ),
}


class Sink(asyncio.Protocol):
    """One connection: each line gets its reply."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # this protocol is used for streams alone
        self._transport.write(self._manners.greeting)

    def data_received(self, data: bytes) -> None:
        """Answer each whole line."""
        *lines, self._unread = (self._unread + data).split(b"\r\n")
        for line in lines:
            self._answer(line.split(b" ", 2))

    def _answer(self, words: list[bytes]) -> None:
        word = words[self._manners.tagged].upper()
        reply = self._manners.replies.get(word, self._manners.other)
        self._transport.write(reply.replace(b"{tag}", words[0]))
        if word == self._manners.last:
            self._transport.close()


class NameSink(asyncio.DatagramProtocol):
    """Answers each question with one MX record, mx.example (RFC 1035)."""

    ANSWER = b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x0e\x00\x0a\x02mx\x07example\x00"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Answer."""
        question = data[12 : data.index(b"\x00", 12) + 5]
        head = data[:2] + b"\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00"
        self._transport.sendto(head + question + self.ANSWER, addr)  # type: ignore[attr-defined] # a DatagramTransport


async def _listen(pem: str | None) -> dict[str, int]:
    """Listen for every kind on a free port of its own, and return the ports."""
    loop, ports = asyncio.get_running_loop(), {}
    for kind, manners in KINDS.items():
        server = await loop.create_server(partial(Sink, manners), "127.0.0.1", 0, backlog=BACKLOG)
        ports[kind] = server.sockets[0].getsockname()[1]
    if pem:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        server = await loop.create_server(partial(Sink, KINDS["imap"]), "127.0.0.1", 0, backlog=BACKLOG, ssl=context)
        ports["imaps"] = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(NameSink, ("127.0.0.1", 0))
    return {**ports, "dns": transport.get_extra_info("sockname")[1]}


async def _serve(pem: str | None) -> None:
    print(json.dumps(await _listen(pem)), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def running(pem: str | None = None) -> Iterator[tuple[dict[str, int], int]]:
    """Run them for a block, which is given their ports by kind and their process id."""
    command = [sys.executable, "-m", "bench.sinks", *(["--tls", pem] if pem else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            yield json.loads(process.stdout.readline()), process.pid
        finally:
            process.stdin.close()
            process.wait(10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tls", metavar="PEM", help="file with key and certificate")
    uvloop.run(_serve(parser.parse_args().tls))
