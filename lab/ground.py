"""The ground a lab stands on: one folder, its file names, its ports and its one state file, `lab.json`. It refuses another's folder.

Everything of a lab lies under one folder D (mode 0755, so that servers which run as other users reach their own parts):

    D/lab.json          written once by `up`, before the first server starts; everybody reads it, nobody else writes it:
        {"dir": D, "host": "127.0.0.1", "addresses": ["127.0.0.1", "::1"],     where the proxy listens; the servers: host alone
         "ports": {"smtp": .., ...},     front ports: what clients, probes and the next hop connect to (the proxy listens)
         "backs": {"smtp": .., ...},     the servers' own ports behind; same keys; equal to the front where nothing stands between
         "domains": N, "ca": PEM, "base": DN, "bind_dn": DN, "password_file": FILE, "config": D/mailsonde.yml}
    keys of ports and backs (all TCP; dns also UDP):
        smtp submission smtps    client -> mx          hub  mx -> hub      edge  hub -> edge      lmtp  edge -> Dovecot
        imap imaps pop3 pop3s    client -> Dovecot     ldap ldaps  probe, Postfix, Dovecot -> slapd
        dns  probe -> nsd                              mqtt -> mosquitto
    D/faults.json       the faults in force (lab.faults writes, lab.proxy reads); not there = none
    D/pids/SERVER       "pid start-time" of each server: proxy slapd nsd mosquitto dovecot edge hub mx (the order of starting)
    D/log/SERVER.log    each server's own log (mx, hub, edge: Postfix's maillog with long queue ids; dovecot: Dovecot's)
    D/tls/ca.pem        the CA; D/tls/GROUP.pem key and chain in force of mx, imap, pop3, lmtp, ldap;
    D/tls/GROUP/{good,expired,wrong-name,unknown-ca}.pem   what lab.certificates.swap puts in its place
    D/secrets/NAME      passwords, mode 0600: "probe" (bind DN and all domains but the first three), "alpha.test", ...
    D/mx D/hub D/edge   Postfix: etc/ queue/ data/        D/dovecot  D/mail/DOMAIN/USER  D/ldap  D/dns  D/mqtt

Hosts of the zone lab.test: mx (smtp, submission, smtps) imap pop lmtp ldap ns mqtt hub edge. Mailboxes of each domain: probe@
(password as it is: PLAIN, LOGIN, CRAM-MD5 and SCRAM-SHA-256 work) and admin@ (SSHA: PLAIN and LOGIN only), its administrator.

For faults, each a plain function whose first argument is the Ground of `open_ground(D)`:
    lab.servers       start(ground, server, environment={}) stop(ground, server) reload(ground, server)
                      restart(ground, server, environment={})
    lab.certificates  swap(ground, group, variant)   then servers.reload(ground, certificates.SERVER_OF[group])
    lab.postfix       set_parameter(ground, instance, name, value); value None = the lab's own again; then servers.reload(ground, instance)
                      queued(ground, instance) hold / release / requeue / flush / purge(ground, instance)
    lab.directory     set_password(ground, address, password) set_status(ground, address, "locked"|"active")
                      set_quota(ground, address, quota_bytes|None)      (they use the back port: a sick front does not hinder)
    lab.dovecot       set_sieve(ground, address, script|None) empty(ground, address)
    lab.ground        free_port() for a helper's own port; marked(environment) = what every process of a lab must be started with
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

HOST = "127.0.0.1"
BASE = "dc=lab,dc=test"
ZONE = "lab.test"
STATE, MARKER = "lab.json", ".mailsonde-lab"
PORTS = ("smtp", "submission", "smtps", "hub", "edge", "lmtp", "imap", "imaps", "pop3", "pop3s", "ldap", "ldaps", "dns", "mqtt")
SERVICES = ("imap", "imaps", "pop3", "pop3s", "smtp")
LONGEST_FOLDER = 60  # characters; socket paths end at 108 bytes, and Dovecot's and Postfix's begin with the folder
FIRST_DOMAINS = ("alpha.test", "beta.test", "gamma.test")
WITHOUT_POP3 = "gamma.test"  # its logins over pop3 and pop3s are refused
BLOCK, LOWEST, HIGHEST = 32, 10_240, 32_000  # below the range that the kernel hands to clients, or a restart could find its port taken


class LabError(Exception):
    """What keeps the lab from its work: one clear line that says what to do."""

    exit_code = 2


class NotRunningError(LabError):
    """There is a lab, but it does not run, or not all of it."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Ground:
    """The state of lab.json. `dir` is absolute and resolved."""

    dir: str
    ports: dict[str, int]  # where clients connect
    backs: dict[str, int]  # where the servers listen
    domains: int
    addresses: tuple[str, ...] = (HOST,)

    @property
    def root(self) -> Path:
        """Return the folder."""
        return Path(self.dir)

    @property
    def began(self) -> float:
        """Return the Unix second at which `up` began."""
        return (self.root / MARKER).stat().st_mtime

    def log(self, server: str) -> Path:
        """Return a server's own log."""
        return self.root / "log" / f"{server}.log"

    def secret(self, name: str) -> Path:
        """Return the file of a password."""
        return self.root / "secrets" / name

    def password(self, name: str) -> str:
        """Return a password: of "probe", "postfix", "dovecot", "admin" (bind DNs) or of a domain's mailboxes."""
        own = self.secret(name)
        return (own if own.exists() else self.secret("probe")).read_text("ascii").strip()


def default_folder() -> Path:
    """Return the folder of a lab that was given none."""
    return Path(tempfile.gettempdir()) / "mailsonde-lab"


def domain_name(number: int) -> str:
    """Return the name of the n-th domain (from 1): alpha.test, beta.test, gamma.test, d0004.test, ..."""
    return FIRST_DOMAINS[number - 1] if number <= len(FIRST_DOMAINS) else f"d{number:04}.test"


def domain_names(count: int) -> list[str]:
    """Return the names of the first `count` domains."""
    return [domain_name(number) for number in range(1, count + 1)]


def services(domain: str) -> tuple[str, ...]:
    """Return the services that a domain is permitted."""
    return tuple(name for name in SERVICES if domain != WITHOUT_POP3 or not name.startswith("pop3"))


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def addresses() -> tuple[str, ...]:
    """Return the loopback addresses of this machine: 127.0.0.1, and ::1 where IPv6 works."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return (HOST,)
    return (HOST, "::1")


def _taken(port: int) -> bool:
    """Return whether a TCP or UDP port of 127.0.0.1 is in use."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                return True
    return False


def _claim(first: int) -> socket.socket | None:
    """Return a socket that holds a block of ports against other labs while this one starts, or None when another has it."""
    claim = socket.socket()
    try:
        claim.bind((HOST, first))
    except OSError:
        claim.close()
        return None
    return claim


def _block(first: int) -> tuple[dict[str, int], dict[str, int]]:
    """Return front and back ports of the block that begins at `first`, which is its claim."""
    fronts = {name: first + 1 + at for at, name in enumerate(PORTS)}
    return fronts, {name: port + len(PORTS) for name, port in fronts.items()}


def claim_ports(first: int | None = None) -> tuple[socket.socket, dict[str, int], dict[str, int]]:
    """Return (claim, front ports, back ports); hold the claim until the servers listen. `first`: insist on this block.

    Raises: LabError naming the port that is in use.
    """
    blocks = (HIGHEST - LOWEST) // BLOCK
    start = secrets.randbelow(blocks)
    tried = [first] if first is not None else [LOWEST + (start + at) % blocks * BLOCK for at in range(blocks)]
    problem = ""
    for begin in tried:
        claim = _claim(begin)
        if claim is None:
            problem = f"port {begin} (the claim of the lab's block of ports) is in use"
            continue
        fronts, backs = _block(begin)
        taken = next(((name, port) for names in (fronts, backs) for name, port in names.items() if _taken(port)), None)
        if taken is None:
            return claim, fronts, backs
        claim.close()
        problem = f"port {taken[1]} ({taken[0]}) is in use"
    raise LabError(f"{problem}: stop what listens there, or choose another --first-port")


def open_ground(folder: Path | str) -> Ground:
    """Return the lab of a folder.

    Raises: LabError when there is none, or `up` has not come so far.
    """
    root = Path(folder).resolve()
    try:
        state = json.loads((root / STATE).read_text("utf-8"))
    except FileNotFoundError:
        raise LabError(f"no lab in {root}: start one with `python -m lab up --dir {root}`") from None
    fields = {"dir", "ports", "backs", "domains"}
    return Ground(**{name: state[name] for name in fields}, addresses=tuple(state["addresses"]))


def write_state(ground: Ground) -> None:
    """Write lab.json, whole or not at all."""
    more = {"host": HOST, "base": f"ou=domains,{BASE}", "bind_dn": f"cn=probe,{BASE}", "password_file": str(ground.secret("probe"))}
    more |= {"ca": str(ground.root / "tls/ca.pem"), "config": str(ground.root / "mailsonde.yml")}
    write_whole(ground.root / STATE, json.dumps(asdict(ground) | more, indent=1))


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that nobody ever reads a part of it."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.touch(mode=mode)
    new.write_text(text, "utf-8")
    new.chmod(mode)
    new.replace(path)
