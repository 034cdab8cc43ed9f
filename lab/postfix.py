"""Postfix three times in a chain: mx (smtp, submission, smtps) -> hub -> edge -> Dovecot's LMTP. Nothing leaves loopback.

Each instance has its own configuration, queue, data and log under D/INSTANCE and D/log; /etc/postfix lends its dynamicmaps.cf alone.
Between the hops there is no TLS, so that the proxy in front of each can look at the mail.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from lab.ground import BASE, HOST, ZONE, Ground, LabError, write_whole
from lab.processes import MARK, marked

if TYPE_CHECKING:
    from pathlib import Path

INSTANCES = ("mx", "hub", "edge")
CLOCK = "LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC FAKETIME_NO_CACHE"  # what carries a wrong clock to every Postfix process
PRIVATE = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
MASTER = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
# port -> service of mx beside its plain one, and what it overrides
SIGNED_IN = {
    "syslog_name": "postfix/{name}",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_tls_auth_only": "yes",
    "smtpd_relay_restrictions": "permit_sasl_authenticated,reject",
}
ENTRANCES = {
    "submission": {**SIGNED_IN, "smtpd_tls_security_level": "encrypt"},
    "smtps": {**SIGNED_IN, "smtpd_tls_wrappermode": "yes"},
}
ENTRANCE_OF = {"mx": "smtp", "hub": "hub", "edge": "edge"}
MAP = """\
server_host = ldap://{host}:{port}
version = 3
bind = yes
bind_dn = cn=postfix,{base}
bind_pw = {password}
search_base = ou=domains,{base}
query_filter = {filter}
result_attribute = {attribute}
timeout = 5
"""
MAPS = {
    "domains": ("(&(objectClass=domainRelatedObject)(associatedDomain=%s))", "associatedDomain"),
    "mailboxes": ("(&(objectClass=mailAccount)(mail=%s))", "mail"),
}


def _common(ground: Ground, instance: str) -> dict[str, str]:
    """Return what all three instances share."""
    home = ground.root / instance
    return {
        "compatibility_level": "3.6",
        "queue_directory": f"{home}/queue",
        "data_directory": f"{home}/data",
        "maillog_file": str(ground.log(instance)),
        "maillog_file_prefixes": ground.dir,
        "myhostname": f"{instance}.{ZONE}",
        "mydomain": ZONE,
        "mydestination": "",
        "local_transport": "error:5.1.1 nobody lives on this host",
        "local_recipient_maps": "",
        "alias_maps": "",
        "alias_database": "",
        "default_transport": "error:5.4.4 the lab has no way out",
        "inet_interfaces": HOST,
        "inet_protocols": "ipv4",
        "mynetworks": "127.0.0.0/8",
        "smtp_dns_support_level": "disabled",
        "enable_long_queue_ids": "yes",
        "in_flow_delay": "0",
        "queue_run_delay": "2s",
        "minimal_backoff_time": "2s",
        "maximal_backoff_time": "4s",
        "transport_retry_time": "2s",
        "default_destination_concurrency_failed_cohort_limit": "0",  # a next hop that failed under a fault is not shunned after it
        "service_throttle_time": "1s",  # a process that a fault's end had to end is no reason to have no other for a minute
        "smtpd_error_sleep_time": "0",
        "smtpd_client_connection_count_limit": "0",
        "smtpd_peername_lookup": "no",
        "import_environment": f"MAIL_CONFIG MAIL_LOGTAG TZ POSTLOG_SERVICE POSTLOG_HOSTNAME LANG=C {MARK} {CLOCK}",
        "export_environment": f"MAIL_CONFIG TZ LANG {MARK} {CLOCK}",
    }


def _own(ground: Ground, instance: str) -> dict[str, str]:
    """Return what makes an instance the one it is."""
    maps = {name: f"proxy:ldap:{ground.root}/{instance}/etc/{name}.cf" for name in MAPS}
    if instance == "edge":
        lmtp = f"lmtp:inet:{HOST}:{ground.ports['lmtp']}"
        return {"virtual_mailbox_domains": maps["domains"], "virtual_mailbox_maps": maps["mailboxes"], "virtual_transport": lmtp}
    onward = {"mx": "hub", "hub": "edge"}[instance]
    way = f"smtp:[{HOST}]:{ground.ports[onward]}"
    relaying = {"relay_domains": maps["domains"], "relay_transport": way, "default_transport": way}
    if instance == "hub":
        return relaying
    return relaying | {
        "mynetworks": "",  # from loopback too nobody relays who has not signed in
        "relay_recipient_maps": maps["mailboxes"],
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": f"{ground.root}/dovecot/run/postfix-auth",
        "smtpd_tls_chain_files": f"{ground.root}/tls/mx.pem",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_received_header": "yes",
        "smtpd_tls_loglevel": "1",
    }


def parameters(ground: Ground, instance: str) -> dict[str, str]:
    """Return an instance's main.cf as the lab wants it."""
    return _common(ground, instance) | _own(ground, instance)


def _master(ground: Ground, instance: str) -> str:
    """Return an instance's master.cf."""
    backs = ground.backs
    text = f"{HOST}:{backs[ENTRANCE_OF[instance]]} inet n - n - - smtpd\n" + MASTER
    for name, overrides in ENTRANCES.items() if instance == "mx" else ():
        options = "".join(f"  -o {key}={value.format(name=name)}\n" for key, value in overrides.items())
        text += f"{HOST}:{backs[name]} inet n - n - - smtpd\n{options}"
    return text


def prepare(ground: Ground, instance: str) -> None:
    """Write an instance's configuration and make its queue, owned as Postfix demands."""
    home = ground.root / instance
    (home / "etc").mkdir(parents=True)
    write_whole(home / "etc/main.cf", "".join(f"{name} = {value}\n" for name, value in parameters(ground, instance).items()))
    write_whole(home / "etc/master.cf", _master(ground, instance))
    for name, (query, attribute) in MAPS.items():
        fields = {"host": HOST, "port": ground.ports["ldap"], "base": BASE, "password": ground.password("postfix")}
        text = MAP.format(**fields, filter=query, attribute=attribute)
        write_whole(home / f"etc/{name}.cf", text, 0o640)
        shutil.chown(home / f"etc/{name}.cf", group="postfix")
    _folder(home / "data", 0o700, "postfix")
    _folder(home / "queue", 0o755, "root")
    _folder(home / "queue/pid", 0o755, "root")
    for name in PRIVATE:
        _folder(home / "queue" / name, 0o700, "postfix")
    _folder(home / "queue/public", 0o710, "postfix", "postdrop")
    _folder(home / "queue/maildrop", 0o730, "postfix", "postdrop")


def _folder(path: Path, mode: int, owner: str, group: str | None = None) -> None:
    path.mkdir()
    path.chmod(mode)
    shutil.chown(path, owner, group)


def command(ground: Ground, instance: str) -> list[str]:
    """Return an instance's command line: the master itself, which `postfix start` would have started after its checks."""
    return ["/usr/lib/postfix/sbin/master", "-c", str(ground.root / instance / "etc")]


def set_parameter(ground: Ground, instance: str, name: str, value: str | None) -> None:
    """Set a parameter of an instance's main.cf; None = the lab's own value again. In force after `servers.reload(ground, instance)`."""
    path = ground.root / instance / "etc/main.cf"
    wanted = value if value is not None else parameters(ground, instance).get(name)
    kept = [line for line in path.read_text("utf-8").splitlines(keepends=True) if not re.match(rf"{re.escape(name)}\s*=", line)]
    write_whole(path, "".join(kept) + (f"{name} = {wanted}\n" if wanted is not None else ""))


def _tool(ground: Ground, instance: str, *words: str) -> str:
    """Run one of Postfix's own tools on an instance and return what it says."""
    command = [f"/usr/sbin/{words[0]}", "-c", str(ground.root / instance / "etc"), *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=marked(ground.root))
    if done.returncode:
        raise LabError(f"{' '.join(words)} failed on {instance}: {done.stderr.strip()}")
    return done.stdout


def queued(ground: Ground, instance: str) -> list[str]:
    """Return the ids of the messages in an instance's queues, held ones too."""
    folders = [ground.root / instance / "queue" / name for name in ("incoming", "active", "deferred", "hold")]
    return sorted(path.name for folder in folders for path in folder.rglob("*") if path.is_file())


def under_way(ground: Ground, instance: str) -> set[str]:
    """Return the ids of the messages that an instance is delivering now."""
    return {path.name for path in (ground.root / instance / "queue/active").iterdir()}


def hold(ground: Ground, instance: str) -> None:
    """Hold every message that is in the queue now. To hold all that come: smtpd_recipient_restrictions = static:HOLD."""
    _tool(ground, instance, "postsuper", "-h", "ALL")


def release(ground: Ground, instance: str) -> None:
    """Let every held message go on at once."""
    _tool(ground, instance, "postsuper", "-H", "ALL")
    flush(ground, instance)


def requeue(ground: Ground, instance: str) -> None:
    """Put every message back to the beginning of its way through this instance."""
    _tool(ground, instance, "postsuper", "-r", "ALL")
    flush(ground, instance)


def flush(ground: Ground, instance: str) -> None:
    """Try every deferred message now."""
    _tool(ground, instance, "postqueue", "-f")


def purge(ground: Ground, instance: str) -> None:
    """Throw every queued message away."""
    _tool(ground, instance, "postsuper", "-d", "ALL")
