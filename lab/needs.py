"""What the lab needs of the machine before it begins: Debian's packages, root, a folder that other users can pass. It changes nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lab.ground import LONGEST_FOLDER, MARKER, LabError

if TYPE_CHECKING:
    from collections.abc import Mapping

# a file of each package -> the package
PACKAGES = {
    "/usr/sbin/slapd": "slapd",
    "/usr/lib/postfix/sbin/master": "postfix",
    "/usr/lib/postfix/postfix-ldap.so": "postfix-ldap",
    "/usr/sbin/dovecot": "dovecot-core",
    "/usr/lib/dovecot/imap": "dovecot-imapd",
    "/usr/lib/dovecot/pop3": "dovecot-pop3d",
    "/usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "/usr/lib/dovecot/modules/auth/libauthdb_ldap.so": "dovecot-ldap",
    "/usr/lib/dovecot/modules/lib90_sieve_plugin.so": "dovecot-sieve",
    "/usr/sbin/nsd": "nsd",
    "/usr/sbin/mosquitto": "mosquitto",
    "/usr/bin/faketime": "faketime",
}
RIGHTS = (
    "the lab needs root: Postfix (its queues belong to other users), Dovecot (reads every user's mail), "
    "slapd, nsd and Mosquitto (run as users of their own); run it with sudo"
)
OTHERS_PASS = 0o001


def check_rights(user: int) -> None:
    """Refuse to begin without root.

    Raises: LabError that says which parts need it, and why.
    """
    if user != 0:
        raise LabError(RIGHTS)


def check_packages(packages: Mapping[str, str] = PACKAGES) -> None:
    """Refuse to begin without a server.

    Raises: LabError with the command that installs all that is missing.
    """
    missing = sorted({package for path, package in packages.items() if not Path(path).exists()})
    if missing:
        raise LabError(f"missing packages: install them with `apt-get install --no-install-recommends {' '.join(missing)}`")


def check_folder(root: Path) -> None:
    """Refuse a folder that is too deep, that other users cannot reach, or that holds something else. `root` is absolute and resolved.

    Raises: LabError that names what is wrong.
    """
    if len(str(root)) > LONGEST_FOLDER:
        raise LabError(f"{root} is too long a path ({len(str(root))} characters): socket paths end at 108; {LONGEST_FOLDER} are possible")
    closed = next((folder for folder in root.parents if folder.exists() and not folder.stat().st_mode & OTHERS_PASS), None)
    if closed is not None:
        raise LabError(f"{root} cannot be used: servers that run as other users cannot pass {closed}; choose a folder under /tmp")
    if root.exists() and not root.is_dir():
        raise LabError(f"{root} is not a folder")
    if root.exists() and any(root.iterdir()) and not (root / MARKER).exists():
        raise LabError(f"{root} holds other files and no lab: choose another --dir")


def check(root: Path) -> None:
    """Check everything, the cheapest first."""
    check_rights(os.geteuid())
    check_packages()
    check_folder(root)
