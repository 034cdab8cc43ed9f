"""Dovecot 2.3: IMAP, POP3, LMTP, SASL for Postfix, users from the directory, sieve, quota. Everything in its part of the lab's folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lab.ground import BASE, HOST, Ground, write_whole
from lab.processes import MARK

if TYPE_CHECKING:
    from pathlib import Path

OWNER = "mail"  # the user that owns all mail
CONFIG = """\
base_dir = {root}/dovecot/run
state_dir = {root}/dovecot/state
log_path = {root}/log/dovecot.log
log_timestamp = "%Y-%m-%d %H:%M:%S.%{{usecs}} "
import_environment = {mark} TZ
listen = {host}
protocols = imap pop3 lmtp
instance_name = {root}
mail_location = maildir:~/Maildir
mail_uid = {owner}
mail_gid = {owner}
first_valid_uid = 1
first_valid_gid = 1
mail_plugins = quota
lda_mailbox_autocreate = yes
postmaster_address = postmaster@lab.test
hostname = dovecot.lab.test
mail_max_userip_connections = 1000
default_process_limit = 400
default_client_limit = 4000
# Every connection comes from 127.0.0.1: a penalty for one client would fall on all.
service anvil {{
  client_limit = 8000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_failure_delay = 0
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_username_format = %Lu
disable_plaintext_auth = no
passdb {{
  driver = ldap
  args = {root}/dovecot/users.conf
}}
userdb {{
  driver = ldap
  args = {root}/dovecot/users.conf
}}
ssl = yes
ssl_min_protocol = TLSv1.2
ssl_cert = <{root}/tls/imap.pem
ssl_key = <{root}/tls/imap.pem
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = subscribe
    special_use = \\Junk
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
}}
service auth {{
  unix_listener postfix-auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service imap-login {{
  service_count = 0
  client_limit = 2000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  service_count = 0
  client_limit = 2000
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {host}
    port = {lmtp}
  }}
}}
protocol imap {{
  mail_plugins = quota imap_quota
}}
protocol pop3 {{
  ssl_cert = <{root}/tls/pop3.pem
  ssl_key = <{root}/tls/pop3.pem
}}
protocol lmtp {{
  mail_plugins = quota sieve
  ssl_cert = <{root}/tls/lmtp.pem
  ssl_key = <{root}/tls/lmtp.pem
}}
plugin {{
  quota = count:mailbox
  quota_vsizes = yes
  quota_grace = 0
  sieve = file:~/sieve;active=~/active.sieve
  sieve_duplicate_max_period = 1d
}}
"""
# A login must be permitted: mailService holds the service's name, with an s where the port speaks TLS from the first byte.
USERS = """\
uris = ldap://{host}:{ldap}
ldap_version = 3
dn = cn=dovecot,{base}
dnpass = {password}
base = ou=domains,{base}
default_pass_scheme = PLAIN
pass_attrs = mail=user,userPassword=password
pass_filter = (&(objectClass=mailAccount)(mail=%u)(mailStatus=active)(mailService=%s{imaps}{pop3s}))
user_attrs = =home={root}/mail/%d/%n,mailQuota=quota_rule=*:bytes=%$
user_filter = (&(objectClass=mailAccount)(mail=%u))
"""


def prepare(ground: Ground) -> None:
    """Write Dovecot's configuration and make the folder of all mail."""
    folder = ground.root / "dovecot"
    for part in ("run", "state"):
        (folder / part).mkdir(parents=True)
    (ground.root / "mail").mkdir(mode=0o700)
    shutil.chown(ground.root / "mail", OWNER, OWNER)
    ports = {name: ground.backs[name] for name in ("imap", "imaps", "pop3", "pop3s", "lmtp")}
    write_whole(folder / "dovecot.conf", CONFIG.format(root=ground.root, host=HOST, mark=MARK, owner=OWNER, **ports))
    tls = {name: f"%{{if;%a;==;{ports[name]};s;}}" for name in ("imaps", "pop3s")}
    fields = {"host": HOST, "ldap": ground.ports["ldap"], "base": BASE, "password": ground.password("dovecot"), "root": ground.root}
    write_whole(folder / "users.conf", USERS.format(**fields, **tls), 0o600)


def command(ground: Ground) -> list[str]:
    """Return Dovecot's command line."""
    return ["/usr/sbin/dovecot", "-F", "-c", str(ground.root / "dovecot/dovecot.conf")]


def home(ground: Ground, address: str) -> Path:
    """Return the folder of a mailbox."""
    user, _, domain = address.lower().rpartition("@")
    return ground.root / "mail" / domain / user


def set_sieve(ground: Ground, address: str, script: str | None) -> None:
    """Put a sieve script (RFC 5228) in force for a mailbox's deliveries; None takes it away."""
    folder = home(ground, address)
    for old in ("active.sieve", "active.svbin"):
        (folder / old).unlink(missing_ok=True)
    if script is None:
        return
    missing = [path for path in (folder, folder.parent) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(folder / "active.sieve", script, 0o600)
    for path in (*missing, folder / "active.sieve"):
        shutil.chown(path, OWNER, OWNER)


def empty(ground: Ground, address: str) -> None:
    """Throw away everything a mailbox holds."""
    shutil.rmtree(home(ground, address) / "Maildir", ignore_errors=True)
