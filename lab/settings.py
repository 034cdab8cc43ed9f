"""Writes the mailsonde.yml that describes the lab: its servers by the names of its own zone, its domains, its secrets as files.

Up to LISTED domains stand in it one by one; of more, the first three, and the directory is asked for all (`discovery`).
"""

from __future__ import annotations

from typing import Any

import yaml

from lab.ground import BASE, FIRST_DOMAINS, HOST, ZONE, Ground, domain_names, services, write_whole

LISTED = 20
# server -> kind, host, security; its port has the server's own name but for the directory
SERVERS = {
    "smtp": ("smtp", "mx", "starttls"),
    "submission": ("submission", "mx", "starttls"),
    "smtps": ("submission", "mx", "tls"),
    "imap": ("imap", "imap", "starttls"),
    "imaps": ("imap", "imap", "tls"),
    "pop3": ("pop3", "pop", "starttls"),
    "pop3s": ("pop3", "pop", "tls"),
    "lmtp": ("lmtp", "lmtp", "none"),
    "directory": ("ldap", "ldap", "starttls"),
    "dns": ("dns", "ns", "none"),
}
PERMITTED_BY = {"smtp": ("submission", "smtps"), "imap": ("imap",), "imaps": ("imaps",), "pop3": ("pop3",), "pop3s": ("pop3s",)}
ALWAYS = ("smtp", "lmtp", "directory", "dns")
ROUNDTRIPS = {"alpha.test": {"submit": "submission", "fetch": "imap"}, "beta.test": {"submit": "smtps", "fetch": "pop3s"}}
ROUNDTRIP = {"submit": "submission", "fetch": "imaps"}
BY_DIRECTORY = frozenset(SERVERS) - {"directory", "dns"}  # whose domains and users stand in the directory
CHECKS = {"every": "10s", "timeout": "5s"}
TRIPS = {"every": "10s", "late_after": "5s", "lost_after": "20s"}
THRESHOLDS = [
    {"match": {"server": "*"}, "warning": "1s", "critical": "3s"},
    {"match": {"trip": "total"}, "warning": "1500ms", "critical": "15s"},
]
HEAD = "# The lab in {dir}: written by `python -m lab up`, gone with `python -m lab down`.\n"


def _server(ground: Ground, name: str) -> dict[str, Any]:
    """Return one entry of `servers:`."""
    kind, host, security = SERVERS[name]
    port = ground.ports["ldap" if name == "directory" else name]
    entry: dict[str, Any] = {"kind": kind, "host": f"{host}.{ZONE}", "port": port, "security": security}
    if security != "none":
        entry["ca_file"] = str(ground.root / "tls/ca.pem")
    if name in ("smtp", "lmtp"):
        entry["send"] = "rcpt"
    if name in BY_DIRECTORY:
        entry["depends_on"] = ["directory"]
    if name == "directory":
        entry |= {"base": f"ou=domains,{BASE}", "bind_dn": f"cn=probe,{BASE}", "password": _secret(ground, "probe")}
    return entry


def _secret(ground: Ground, name: str) -> dict[str, str]:
    own = ground.secret(name)
    return {"file": str(own if own.exists() else ground.secret("probe"))}


def _mailbox(ground: Ground, domain: str) -> dict[str, Any]:
    return {"address": f"probe@{domain}", "password": _secret(ground, domain)}


def _domain(ground: Ground, name: str) -> dict[str, Any]:
    """Return one entry of `domains:`."""
    permitted = [server for service in services(name) for server in PERMITTED_BY[service]]
    order = [server for server in SERVERS if server in permitted or server in ALWAYS]
    return {"name": name, "servers": order, "mailbox": _mailbox(ground, name), "roundtrip": dict(ROUNDTRIPS.get(name, ROUNDTRIP))}


def _trips(ground: Ground) -> list[dict[str, Any]]:
    """Return the way from one mailbox to another, where there are two: other servers, other credentials."""
    if ground.domains < 2:
        return []
    start, end = FIRST_DOMAINS[:2]
    sender = {"server": "smtps", "mailbox": _mailbox(ground, start)}
    return [{"name": "alpha-to-beta", "from": sender, "to": {"domain": end, "server": "imaps"}, "every": "10s"}]


def _discovery(ground: Ground) -> dict[str, Any]:
    return {
        "server": "directory",
        "filter": "(objectClass=domainRelatedObject)",
        "name": "associatedDomain",
        "mailbox": {"address": "probe@{domain}", "password": _secret(ground, "probe")},
        "services": "mailService",
        "servers": {"imap": "imap", "imaps": "imaps", "pop3": "pop3", "pop3s": "pop3s", "smtp": "submission"},
        "administrator": "manager",
    }


def settings(ground: Ground) -> dict[str, Any]:
    """Return the whole configuration."""
    many = ground.domains > LISTED
    listed = domain_names(min(ground.domains, len(FIRST_DOMAINS)) if many else ground.domains)
    found: dict[str, Any] = {
        "site": "lab",
        "timezone": "UTC",
        "servers": {name: _server(ground, name) for name in SERVERS},
        "domains": [_domain(ground, name) for name in listed],
    }
    if trips := _trips(ground):
        found["trips"] = trips
    if many:
        found["discovery"] = _discovery(ground)
    found |= {"checks": CHECKS, "roundtrip": TRIPS, "thresholds": THRESHOLDS}
    found["identity"] = {"key": {"file": str(ground.secret("probe.key"))}}
    found["resolver"] = {"host": HOST, "port": ground.ports["dns"]}
    return found


class _Plain(yaml.SafeDumper):
    """Writes every value where it is used: an alias (`*id001`) would puzzle a reader."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: never an alias."""
        del data
        return True


def write(ground: Ground) -> None:
    """Write D/mailsonde.yml."""
    text = yaml.dump(settings(ground), Dumper=_Plain, sort_keys=False, width=140, default_flow_style=None)
    write_whole(ground.root / "mailsonde.yml", HEAD.format(dir=ground.dir) + text)
