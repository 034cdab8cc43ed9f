"""A real sendmail for the tests, unpacked beside what is installed: it conflicts with Postfix, and need not be installed to run.

It runs with a /dev/log, a host name and a hosts file of its own (`unshare`), which are gone with it; nothing outside its folder changes.
Needs root, and a Debian from which `apt-get download` gets packages.
"""

from __future__ import annotations

import shutil
import smtplib
import socket
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PACKAGES = ("sendmail-bin", "sendmail-cf", "m4", "libsigsegv2", "libwrap0", "libnsl2", "libtirpc3")
HOST = "sender.example"
_CONFIG = """\
VERSIONID(`test')
OSTYPE(`linux')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confCW_FILE', `-o {folder}/none')dnl
define(`ALIAS_FILE', `{folder}/aliases')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`STATUS_FILE', `{folder}/none')dnl
define(`HELP_FILE', `{folder}/none')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/switch')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`confDELIVERY_MODE', `i')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl
define(`LOCAL_MAILER_PATH', `/bin/sh')dnl
define(`LOCAL_MAILER_FLAGS', `9')dnl
define(`LOCAL_MAILER_ARGS', `sh -c cat>/dev/null $u')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
_ALIASES = "staff: mail, news\npostmaster: mail\nMAILER-DAEMON: postmaster\n"
_DEVICES = "null zero random urandom tty"
_ENTER = f"""
for device in {_DEVICES}; do mount --bind /dev/$device "$0/dev/$device"; done
mount --rbind "$0/dev" /dev
mount --bind "$0/hosts" /etc/hosts
mount --bind "$0/nsswitch" /etc/nsswitch.conf
hostname {HOST}
exec "$0/root/usr/libexec/sendmail/sendmail" -C "$0/sendmail.cf" "$@"
"""


def _run(words: Sequence[str], folder: Path, wait_seconds: float = 60) -> str:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, timeout=wait_seconds).stdout


def unpack(folder: Path) -> None:
    """Fetch and unpack the packages into folder/root. Raises CalledProcessError or OSError where that cannot be done here."""
    _run(["apt-get", "download", *PACKAGES], folder)
    for package in sorted(folder.glob("*.deb")):
        _run(["dpkg-deb", "-x", package.name, "root"], folder)


def configure(folder: Path, port: int) -> None:
    """Write a configuration that hands everything that is not local to the port on loopback."""
    rules = folder / "root/usr/share/sendmail/cf"
    (folder / "sendmail.mc").write_text(_CONFIG.format(folder=folder, host=HOST, port=port))
    library = f"LD_LIBRARY_PATH={folder}/root/usr/lib/x86_64-linux-gnu"
    made = ["env", library, f"{folder}/root/usr/bin/m4", f"-D_CF_DIR_={rules}/", f"{rules}/m4/cf.m4", f"{folder}/sendmail.mc"]
    (folder / "sendmail.cf").write_text(_run(made, rules / "cf"))
    texts = {"aliases": _ALIASES, "hosts": f"127.0.0.1 {HOST} localhost\n", "nsswitch": "passwd: files\ngroup: files\nhosts: files\n"}
    for name, text in (texts | {"switch": "hosts files\naliases files\n"}).items():
        (folder / name).write_text(text)
    (folder / "queue").mkdir()
    (folder / "dev").mkdir()
    for device in _DEVICES.split():
        (folder / "dev" / device).touch()


@dataclass(frozen=True, slots=True)
class Sendmail:
    """One that is configured; `lines`: what it logged, as a syslog daemon of its host would have written it."""

    folder: Path
    lines: list[str]

    def _words(self, *arguments: str) -> list[str]:
        return ["unshare", "--mount", "--uts", "sh", "-c", _ENTER, str(self.folder), *arguments]

    def submit(self, sender: str, recipients: Sequence[str], message: str) -> None:
        """Hand over a message as a local user does, and wait until it was delivered or bounced."""
        words = self._words("-i", "-odi", "-f", sender, *recipients)
        subprocess.run(words, input=message, text=True, capture_output=True, check=False, timeout=60)  # it says 67 when a user is unknown

    def rebuild_aliases(self) -> None:
        """Make the table of aliases."""
        _run(self._words("-bi"), self.folder)

    def receive(self, sender: str, recipients: Sequence[str], message: str) -> dict[str, tuple[int, bytes]]:
        """Hand over a message by SMTP, as an inetd would; return the recipients that were refused."""
        ours, its = socket.socketpair()
        with (
            ours,
            subprocess.Popen(self._words("-bs", "-odi"), stdin=its.fileno(), stdout=its.fileno(), stderr=subprocess.DEVNULL) as server,
        ):
            its.close()
            ours.settimeout(60)
            client = smtplib.SMTP(local_hostname="client.example")
            client.sock = ours
            client.getreply()
            refused = client.sendmail(sender, list(recipients), message)
            client.quit()
            server.wait(60)
        return refused


def _hear(log: socket.socket, lines: list[str]) -> None:
    while said := log.recv(65536).decode("utf-8", "replace"):
        stamped = said[said.index(">") + 1 :]  # no host: the daemon that writes files puts it in
        lines.append(f"{stamped[:15]} {HOST} {stamped[16:].rstrip()}")


@contextmanager
def sendmail(folder: Path) -> Iterator[Sendmail]:
    """Listen to the log of a configured sendmail while it is used."""
    lines: list[str] = []
    where = folder / "dev/log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(where))
        hearing = threading.Thread(target=_hear, args=(log, lines))
        hearing.start()
        yield Sendmail(folder, lines)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(where))
        hearing.join(10)
    shutil.rmtree(folder / "queue")
