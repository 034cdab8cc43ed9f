"""The name server: nsd with one zone, `test`: MX, SPF and SRV (RFC 6186, 8314) of the domains, A, AAAA and TLSA (RFC 6698) of the hosts."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab import certificates
from lab.ground import HOST, ZONE, Ground, domain_names, services, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTS = ("mx", "hub", "edge", "imap", "pop", "lmtp", "ldap", "ns", "mqtt")
# port -> the host that serves it, and the SRV label where RFC 6186 or 8314 gives one
HOST_OF = {"smtp": "mx", "submission": "mx", "smtps": "mx", "imap": "imap", "imaps": "imap", "pop3": "pop", "pop3s": "pop"}
SRV = {"submission": "_submission", "smtps": "_submissions", "imap": "_imap", "imaps": "_imaps", "pop3": "_pop3", "pop3s": "_pop3s"}
TLSA = {"smtp": "mx", "submission": "mx", "smtps": "mx", "imap": "imap", "imaps": "imap", "pop3": "pop3", "pop3s": "pop3"}
CONFIG = """\
server:
  ip-address: {host}@{port}
  server-count: 1
  username: nsd
  chroot: ""
  zonesdir: "{root}/dns"
  database: ""
  logfile: "{root}/log/nsd.log"
  pidfile: "{root}/dns/nsd.pid"
  xfrdfile: "{root}/dns/xfrd.state"
  xfrdir: "{root}/dns"
  zonelistfile: "{root}/dns/zone.list"
  cookie-secret-file: ""
  hide-version: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "test"
  zonefile: "test.zone"
"""
HEAD = "$ORIGIN test.\n$TTL 60\n@ IN SOA ns.lab hostmaster.lab 1 3600 600 86400 60\n@ IN NS ns.lab\n"


def _hosts(ground: Ground) -> Iterator[str]:
    """Yield A, AAAA and TLSA records of the lab's hosts."""
    for host in HOSTS:
        yield f"{host}.lab IN A {HOST}\n"
        if "::1" in ground.addresses:
            yield f"{host}.lab IN AAAA ::1\n"
    yield f"_25._tcp.mx.lab IN TLSA 3 1 1 {_digest(ground, 'mx')}\n"
    for port, group in TLSA.items():
        yield f"_{ground.ports[port]}._tcp.{HOST_OF[port]}.lab IN TLSA 3 1 1 {_digest(ground, group)}\n"


def _digest(ground: Ground, group: str) -> str:
    """Return SHA-256 of a group's public key (RFC 6698: usage 3, selector 1, matching 1)."""
    key = certificates.in_force(ground, group).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _domain(ground: Ground, domain: str) -> str:
    """Return the records of one virtual domain; a service it is not permitted has the target `.` (RFC 6186 section 3.4)."""
    name = domain.removesuffix(".test")
    lines = [f"{name} IN MX 10 mx.lab", f'{name} IN TXT "v=spf1 mx -all"']
    permitted = set(services(domain)) | ({"submission", "smtps"} if "smtp" in services(domain) else set())
    for port, label in SRV.items():
        target = f"{ground.ports[port]} {HOST_OF[port]}.{ZONE}." if port in permitted else "0 ."
        lines.append(f"{label}._tcp.{name} IN SRV 0 1 {target}")
    return "\n".join(lines) + "\n"


def prepare(ground: Ground) -> None:
    """Write the zone and nsd's configuration."""
    folder = ground.root / "dns"
    folder.mkdir()
    records = [HEAD, *_hosts(ground), *(_domain(ground, domain) for domain in domain_names(ground.domains))]
    write_whole(folder / "test.zone", "".join(records))
    write_whole(folder / "nsd.conf", CONFIG.format(host=HOST, port=ground.backs["dns"], root=ground.root))
    shutil.chown(folder, "nsd", "nsd")  # nsd keeps its own state there


def command(ground: Ground) -> list[str]:
    """Return nsd's command line."""
    return ["/usr/sbin/nsd", "-d", "-c", str(ground.root / "dns/nsd.conf")]
