"""Puts settings of faults in force in the real servers: AREAS says for each kind of setting who does it. Only the lab's folder is touched.

Each area is a function (ground, what, value): value None = the lab's own again. It returns the server that must read its files again, or
None. Who stands still or has a wrong clock is settled at the ends (`revive`, `run_so`), and the proxy's routes last of all: what a client
meets then is in force for all.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ldap3.core.exceptions import LDAPExceptionError

from lab import certificates, directory, dovecot, postfix, processes, servers
from lab.clock import clock, sweep
from lab.ground import HOST, Ground, LabError, free_port, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.faults_table import Key, Wants

SAYS_SECONDS = 5.0  # within which a server does what it was told
COOL_SECONDS = 10.0  # Postfix waits until a file has not been changed for a second; a date in the past saves that wait
POLICY = "policy"  # name of the greylisting server's pid file and log


def _parameter(ground: Ground, what: Key, value: Any) -> str:
    instance, name = what
    postfix.set_parameter(ground, instance, name, value)
    _cool(ground.root / instance / "etc/main.cf")
    return instance


def _cool(path: Path) -> None:
    past = time.time() - COOL_SECONDS
    os.utime(path, (past, past))


def _certificate(ground: Ground, what: Key, variant: Any) -> str:
    certificates.swap(ground, what[0], variant or "good")
    return certificates.SERVER_OF[what[0]]


def postfix_without(text: str, port: int, *, closed: bool) -> str:
    """Return a master.cf with the service on this port commented out, or in again."""
    block = re.compile(rf"^#?{re.escape(HOST)}:{port} inet .*\n(?:#?  -o .*\n)*", re.MULTILINE)
    mark = "#" if closed else ""
    return block.sub(lambda found: re.sub("^#?", mark, found[0].removesuffix("\n"), flags=re.MULTILINE) + "\n", text)


def dovecot_without(text: str, port: int, *, closed: bool) -> str:
    """Return a dovecot.conf with the listener on this port closed (port 0), or open again."""
    opened, shut = f"port = {port}\n", f"port = 0 # {port}\n"
    return text.replace(opened, shut) if closed else text.replace(shut, opened)


FILES = {"mx": ("mx/etc/master.cf", postfix_without), "dovecot": ("dovecot/dovecot.conf", dovecot_without)}


def _listener(ground: Ground, what: Key, closed: Any) -> str:
    server, entrance = what
    name, without = FILES[server]
    path = ground.root / name
    write_whole(path, without(path.read_text("utf-8"), ground.backs[entrance], closed=bool(closed)))
    _cool(path)
    return server


def _password(ground: Ground, what: Key, password: Any) -> None:
    directory.set_password(ground, what[0], password or ground.password(what[0].rpartition("@")[2]))


def _status(ground: Ground, what: Key, status: Any) -> None:
    directory.set_status(ground, what[0], status or "active")


def _quota(ground: Ground, what: Key, quota_bytes: Any) -> None:
    directory.set_quota(ground, what[0], quota_bytes)


def _sieve(ground: Ground, what: Key, script: Any) -> None:
    dovecot.set_sieve(ground, what[0], script)


def _greylist(ground: Ground, what: Key, seconds: Any) -> str:
    """Start or end the policy server, and have Postfix ask it."""
    servers_own = servers.pid_file(ground, POLICY)
    running = processes.remembered(servers_own)
    if running is not None:
        processes.send([running], signal.SIGTERM)
        processes.gone([running])
    value = None
    if seconds is not None:
        port = _start_policy(ground, servers_own, seconds)
        value = f"check_policy_service inet:{HOST}:{port}"
    return _parameter(ground, (what[0], "smtpd_recipient_restrictions"), value)


def _start_policy(ground: Ground, pid_file: Path, seconds: float) -> int:
    """Return the port of a policy server that listens."""
    port = free_port()
    command = [sys.executable, "-m", "lab.faults_policy", "--port", str(port), "--seconds", str(seconds)]
    environment = processes.marked(ground.root, {"PYTHONPATH": str(Path(__file__).parents[1])})
    processes.remember(processes.spawn(command, environment, ground.log(POLICY)), pid_file)
    if not processes.until(lambda: port in processes.listening(), SAYS_SECONDS):
        raise LabError(f"the greylisting server did not come up: see {ground.log(POLICY)}")
    return port


def _nothing(_ground: Ground, _what: Key, _value: Any) -> None:
    """Stopped servers, clocks and routes are settled elsewhere."""


AREAS: dict[str, Callable[[Ground, Key, Any], str | None]] = {
    "certificate": _certificate,
    "parameter": _parameter,
    "listener": _listener,
    "password": _password,
    "status": _status,
    "quota": _quota,
    "sieve": _sieve,
    "greylist": _greylist,
    "stopped": _nothing,
    "clock": _nothing,
    "route": _nothing,
}

DIRECTORY = {("route", "ldap"), ("stopped", "slapd"), ("certificate", "ldap")}  # what changes how Postfix meets the directory
IN_DIRECTORY = ("password", "status", "quota")


def apply(ground: Ground, before: Wants, wanted: Wants) -> None:
    """Make the servers be as `wanted`, where that differs from `before`.

    Raises: LabError in one line; what was done until then stays, `clear` undoes it.
    """
    changed = [key for key in before.keys() | wanted.keys() if before.get(key) != wanted.get(key)]
    concerned = {what for area, what, *_ in changed if area in {"stopped", "clock"}}
    for server in concerned:
        if not wanted.get(("stopped", server)):
            run_so(ground, server, wanted)
    reloading = {_one(ground, key, wanted.get(key)) for key in sorted(changed)}
    for server in concerned:
        if wanted.get(("stopped", server)):
            servers.stop(ground, server)
    for name in sorted(filter(None, reloading)):
        servers.reload(ground, name)
    _await_listeners(ground, changed, wanted)


def forget(ground: Ground, before: Wants, wanted: Wants) -> None:
    """Have Postfix forget what it learnt of the directory while that was another; to be called when all else is in force.

    smtpd keeps what an address resolved to, also that it could not be resolved, as long as it lives (its cache has no end of time), and
    answers 451 from it when the directory has long been well again. A reload replaces the processes and what they remember.
    """
    changed = {key[:2] for key in before.keys() | wanted.keys() if before.get(key) != wanted.get(key)}
    if changed & DIRECTORY:
        for instance in postfix.INSTANCES:
            servers.reload(ground, instance)


def _one(ground: Ground, key: Key, value: Any) -> str | None:
    if key[0] not in AREAS:
        raise LabError(f"faults.json speaks of {key[0]!r}, which this lab does not know")
    if key[0] in IN_DIRECTORY and servers.pid(ground, "slapd") is None:
        raise LabError(f"the {key[0]} of {key[1]} is in the directory, which is stopped: clear its fault first")
    try:
        return AREAS[key[0]](ground, key[1:], value)
    except LDAPExceptionError as error:
        raise LabError(f"the {key[0]} of {key[1]} is in the directory, which did not take it: {error}") from error


def run_so(ground: Ground, server: str, wanted: Wants) -> None:
    """Have a server run with the clock that is wanted: only a restart changes a clock."""
    offset = wanted.get(("clock", server))
    servers.restart(ground, server, clock(float(offset)) if offset is not None else None)
    if offset is None:
        processes.until(lambda: sweep(ground.began) == 0, SAYS_SECONDS)  # its old processes go a moment after their master


def _stands(port: int, *, closed: bool) -> bool:
    """Return whether a listener is as it is wanted."""
    return (port in processes.listening()) != closed


def _await_listeners(ground: Ground, changed: list[Key], wanted: Wants) -> None:
    """Wait until each listener that changed is open or closed as wanted.

    Raises: LabError naming the one that is not.
    """
    for key in changed:
        if key[0] == "listener":
            port, closed = ground.backs[key[2]], bool(wanted.get(key))
            if not processes.until(partial(_stands, port, closed=closed), SAYS_SECONDS):
                raise LabError(f"{key[1]} did not {'close' if closed else 'open'} {key[2]}: see {ground.log(key[1])}")
