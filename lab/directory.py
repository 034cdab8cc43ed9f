"""The directory: slapd with domains, mailboxes and administrators (RFC 4519, 4524, 2798), and what faults change in it.

The tree: ou=domains,dc=lab,dc=test / dc=DOMAIN (domain, domainRelatedObject, mailDomain) / mail=USER@DOMAIN (inetOrgPerson, mailAccount).
cn=probe reads domains and addresses, never a password; cn=postfix likewise; cn=dovecot reads passwords; cn=admin changes.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import ldap3

from lab.ground import BASE, HOST, Ground, LabError, domain_names, services, write_whole
from lab.processes import marked

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = ("core", "cosine", "inetorgperson")
READERS = ("probe", "postfix", "dovecot")
LARGEST_MAP_BYTES = 1 << 30
CONFIG = """\
{includes}
include {root}/ldap/mail.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {root}/ldap/slapd.pid
argsfile {root}/ldap/slapd.args
TLSCertificateFile {root}/tls/ldap.pem
TLSCertificateKeyFile {root}/tls/ldap.pem
TLSVerifyClient never
threads 8
tool-threads 2
sizelimit 500

database mdb
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw {password}
directory {root}/ldap/db
maxsize {size}
dbnosync
index objectClass eq
index associatedDomain,mail,mailService,mailStatus,dc,cn eq
# Whoever asks for more than 500 must page; whoever pages may have all.
limits dn.exact="cn=probe,{base}" size=500 size.pr=1000 size.prtotal=unlimited
access to attrs=userPassword by dn.exact="cn=dovecot,{base}" read by anonymous auth by * none
access to attrs=mailQuota,mailStatus by dn.exact="cn=dovecot,{base}" read by * none
access to *
  by dn.exact="cn=probe,{base}" read
  by dn.exact="cn=postfix,{base}" read
  by dn.exact="cn=dovecot,{base}" read
  by * none
"""
ROOT = "dn: {base}\nobjectClass: dcObject\nobjectClass: organization\no: Mailsonde lab\ndc: lab\n\n"
READER = (
    "dn: cn={name},{base}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: {name}\nuserPassword: {password}\n\n"
)
DOMAINS = "dn: ou=domains,{base}\nobjectClass: organizationalUnit\nou: domains\n\n"
DOMAIN = """\
dn: dc={domain},ou=domains,{base}
objectClass: domain
objectClass: domainRelatedObject
objectClass: mailDomain
dc: {domain}
associatedDomain: {domain}
manager: mail=admin@{domain},dc={domain},ou=domains,{base}
{services}
"""
ACCOUNT = """\
dn: mail={user}@{domain},dc={domain},ou=domains,{base}
objectClass: inetOrgPerson
objectClass: mailAccount
cn: {user}
sn: {domain}
mail: {user}@{domain}
mailStatus: active
userPassword: {password}
{services}
"""


def ssha(password: str) -> str:
    """Return a password as {SSHA}: salted, usable for PLAIN and LOGIN alone."""
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt).digest()  # noqa: S324 - SSHA is what directories hold; the scheme is the point
    return "{SSHA}" + base64.b64encode(digest + salt).decode("ascii")


def account_dn(address: str) -> str:
    """Return the DN of a mailbox."""
    return f"mail={address},dc={address.rpartition('@')[2]},ou=domains,{BASE}"


def _entries(ground: Ground) -> Iterator[str]:
    """Yield the LDIF of every entry, parents first."""
    yield ROOT.format(base=BASE)
    for name in READERS:
        yield READER.format(base=BASE, name=name, password=ssha(ground.password(name)))
    yield DOMAINS.format(base=BASE)
    for domain in domain_names(ground.domains):
        permitted = "".join(f"mailService: {name}\n" for name in services(domain))
        yield DOMAIN.format(base=BASE, domain=domain, services=permitted)
        password = ground.password(domain)
        for user, stored in (("probe", password), ("admin", ssha(password))):
            yield ACCOUNT.format(base=BASE, user=user, domain=domain, password=stored, services=permitted)


def prepare(ground: Ground) -> None:
    """Write slapd's configuration and load all entries, offline, before slapd starts."""
    folder = ground.root / "ldap"
    (folder / "db").mkdir(parents=True)
    includes = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in SCHEMAS)
    text = CONFIG.format(includes=includes, root=ground.root, base=BASE, password=ssha(ground.password("admin")), size=LARGEST_MAP_BYTES)
    write_whole(folder / "slapd.conf", text, 0o640)
    shutil.copy(Path(__file__).with_name("mail.schema"), folder / "mail.schema")
    # A copy: AppArmor's profile is bound to the path of Debian's own and would keep slapd out of this folder.
    shutil.copy("/usr/sbin/slapd", folder / "slapd")
    (folder / "slapadd").symlink_to("slapd")
    _load(ground)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "openldap", "openldap")


def _load(ground: Ground) -> None:
    """Hand all entries to slapadd."""
    folder = ground.root / "ldap"
    command = [str(folder / "slapadd"), "-q", "-f", str(folder / "slapd.conf")]
    ldif = "".join(_entries(ground))
    done = subprocess.run(command, input=ldif, capture_output=True, text=True, check=False, env=marked(ground.root))
    if done.returncode:
        raise LabError(f"slapadd could not load the directory: {(done.stderr or 'no word from it').strip().splitlines()[-1]}")


def command(ground: Ground) -> list[str]:
    """Return slapd's command line."""
    folder, backs = ground.root / "ldap", ground.backs
    listeners = f"ldap://{HOST}:{backs['ldap']} ldaps://{HOST}:{backs['ldaps']}"
    return [str(folder / "slapd"), "-d", "stats", "-f", str(folder / "slapd.conf"), "-h", listeners, "-u", "openldap", "-g", "openldap"]


def _modify(ground: Ground, address: str, attribute: str, values: list[str]) -> None:
    """Replace an attribute of a mailbox, over slapd's own port: a sick front does not hinder."""
    server = ldap3.Server(HOST, ground.backs["ldap"], connect_timeout=5)
    # Without auto_bind: only what `with` itself opened does `with` close.
    with ldap3.Connection(server, f"cn=admin,{BASE}", ground.password("admin"), receive_timeout=5) as connection:
        changes = {attribute: [(ldap3.MODIFY_REPLACE, values)]}
        if not connection.modify(account_dn(address), changes):  # type: ignore[no-untyped-call]  # ldap3 has no types here
            raise LabError(f"the directory did not change {attribute} of {address}: {connection.result['description']}")


def set_password(ground: Ground, address: str, password: str) -> None:
    """Give a mailbox another password, as it is (every SASL mechanism works)."""
    _modify(ground, address, "userPassword", [password])


def set_status(ground: Ground, address: str, status: str) -> None:
    """Make a mailbox `active` or `locked` (it receives, nobody can log in)."""
    _modify(ground, address, "mailStatus", [status])


def set_quota(ground: Ground, address: str, quota_bytes: int | None) -> None:
    """Say how much a mailbox may hold; None = without limit."""
    _modify(ground, address, "mailQuota", [] if quota_bytes is None else [str(quota_bytes)])
