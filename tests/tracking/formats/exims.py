"""Two real Exims on loopback, each with a name, an address and a log of its own, one sending to the other.

Debian's package is unpacked beside the Postfix that is here. It asks for a user of its own and a library: a mount namespace of its own
shows it a passwd, a group, a cache of libraries and hosts that have them. Needs root, as the lab does.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from setup.beside import unpacked
from setup.refusals import SetUpError

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = 8  # Debian's user and group mail: what the unpacked Exim writes belongs to it
CONFIGURATION = """
primary_hostname = {name}
exim_path = {exim}
spool_directory = {dir}/spool
log_file_path = {dir}/%slog
pid_file_path = {dir}/pid
local_interfaces = {address}
daemon_smtp_ports = {port}
log_selector = {selector}
timezone = Europe/Berlin
tls_advertise_hosts =
keep_environment =
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
domainlist here = {domain}
begin acl
rcpt:
  deny message = no such user
       local_parts = nobody
  accept
begin routers
aliases:
  driver = redirect
  domains = +here
  data = ${{lookup{{$local_part}}lsearch{{{dir}/aliases}}}}
  allow_fail
local:
  driver = accept
  domains = +here
  transport = box
onward:
  driver = manualroute
  route_list = * {next} byname
  transport = onward
begin transports
box:
  driver = appendfile
  file = {dir}/box
  user = mail
onward:
  driver = smtp
  port = {port}
  interface = {address}
  allow_localhost
begin retry
* * F,1h,1m
"""
NAMES = (("mx1.a.example", "127.0.0.11", "mx2.b.example"), ("mx2.b.example", "127.0.0.12", "mx1.a.example"))
SHADOWS = ("passwd", "group", "hosts", "ld.so.cache")
ENTER = " && ".join(f'mount --bind "$0/{name}" /etc/{name}' for name in SHADOWS) + ' && exec "$@"'


@dataclass(frozen=True, slots=True)
class Exim:
    """One running server."""

    name: str
    address: str
    port: int
    log: Path

    def send(self, sender: str, *recipients: str, message_id: str) -> None:
        """Hand a message over; what it refuses is no failure."""
        text = f'From: {sender}\r\nTo: {recipients[0]}\r\nSubject: a "quoted" id=<fake@x>\r\nMessage-ID: {message_id}\r\n\r\nhello\r\n'
        with smtplib.SMTP(self.address, self.port, local_hostname="client.example", timeout=10) as client:
            client.sendmail(sender, list(recipients), text)

    def waits_for(self, text: str, times: int) -> None:
        """Return when the log has said so this often."""
        until = time.monotonic() + 20
        while not self.log.exists() or self.log.read_text().count(text) < times:
            assert time.monotonic() < until, self.log.read_text() if self.log.exists() else "no log"
            time.sleep(0.1)


def _shadow(folder: Path) -> None:
    """Make the files that Exim is to see under /etc."""
    for name, line in (("passwd", f"Debian-exim:x:{USER}:{USER}::/nonexistent:/usr/sbin/nologin"), ("group", f"Debian-exim:x:{USER}:")):
        (folder / name).write_text(f"{Path('/etc', name).read_text().rstrip()}\n{line}\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n127.0.0.11 mx1.a.example\n127.0.0.12 mx2.b.example\n")
    libraries = [str(path.parent) for path in folder.glob("usr/lib/**/*.so.*")]
    own = [path.read_text() for path in sorted(Path("/etc/ld.so.conf.d").glob("*.conf"))]
    (folder / "ld.conf").write_text("\n".join((*libraries, *own)))
    subprocess.run(["ldconfig", "-X", "-C", str(folder / "ld.so.cache"), "-f", str(folder / "ld.conf")], check=True)


def _configured(folder: Path, exim: Path, values: dict[str, str | int]) -> Path:
    home = folder / str(values["name"])
    for path in (home, home / "spool"):
        path.mkdir()
        os.chown(path, USER, USER)
    (home / "aliases").write_text("group: one@b.example, ann@a.example\ngone: :fail: gone away\n")
    (home / "conf").write_text(CONFIGURATION.format(dir=home, exim=exim, **values))
    return home


def _free() -> int:
    with socket.create_server(("127.0.0.11", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def running(selectors: tuple[str, str]) -> Iterator[tuple[Exim, Exim]]:
    """Yield mx1 (domain a.example) and mx2 (b.example) with these log selectors. Fails with one line where Exim cannot be had."""
    try:
        root = unpacked("exim")
    except SetUpError as error:
        pytest.fail(str(error), pytrace=False)
    folder, processes, servers = Path(tempfile.mkdtemp(prefix="exim-")), list[subprocess.Popen[bytes]](), list[Exim]()
    try:
        folder.chmod(0o755)  # Exim goes on as another user
        shutil.copytree(root / "usr", folder / "usr", symlinks=True)
        _shadow(folder)
        exim, port = folder / "usr/sbin/exim4", _free()
        for (name, address, onward), selector in zip(NAMES, selectors, strict=True):
            values: dict[str, str | int] = {
                "name": name,
                "address": address,
                "port": port,
                "next": onward,
                "domain": name[4:],
                "selector": selector,
            }
            home = _configured(folder, exim, values)
            line = ["unshare", "--mount", "sh", "-c", ENTER, str(folder), str(exim), "-C", str(home / "conf"), "-bdf"]
            processes.append(subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            servers.append(Exim(name, address, port, home / "mainlog"))
        for server in servers:
            server.waits_for("daemon started", 1)
        yield servers[0], servers[1]
    finally:
        for process in processes:
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
