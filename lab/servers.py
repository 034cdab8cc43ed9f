"""The lab's servers in one table, and how each is started, stopped and made to read its configuration again."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lab import broker, directory, dovecot, names, postfix, processes
from lab.ground import Ground, LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

READY_SECONDS = 15.0
RELOAD_SECONDS = 5.0
PART_SECONDS = 1.0  # within which the processes that a server had before a reload end of themselves
WORDS = 300  # characters of a server's last words in an error


@dataclass(frozen=True, slots=True)
class Server:
    """One server: what it listens on, how it is prepared and started."""

    ports: tuple[str, ...]  # keys of `backs`; of the proxy, of `ports`
    command: Callable[[Ground], list[str]]
    prepare: Callable[[Ground], None] | None = None
    reload: signal.Signals | None = signal.SIGHUP  # None = only a restart makes it read its files again
    reloaded: bytes = b""  # what its log says once it has read them; b"" = it does not say
    outlives: str = ""  # the one child that a reload leaves as it is
    forgets: bool = False  # children that are still busy after a reload are ended: what they remember is not to be met again


def _proxy_command(ground: Ground) -> list[str]:
    return [sys.executable, "-m", "lab.proxy", "--dir", ground.dir]


def _postfix(instance: str, ports: tuple[str, ...]) -> Server:
    command, prepare = partial(postfix.command, instance=instance), partial(postfix.prepare, instance=instance)
    return Server(ports, command, prepare, reloaded=b": reload -- version", forgets=True)


SERVERS = {
    "proxy": Server((), _proxy_command),
    "slapd": Server(("ldap", "ldaps"), directory.command, directory.prepare, None),
    "nsd": Server(("dns",), names.command, names.prepare),
    "mosquitto": Server(("mqtt",), broker.command, broker.prepare),
    "dovecot": Server(
        ("imap", "imaps", "pop3", "pop3s", "lmtp"), dovecot.command, dovecot.prepare, reloaded=b"reloading configuration", outlives="anvil"
    ),
    "edge": _postfix("edge", ("edge",)),
    "hub": _postfix("hub", ("hub",)),
    "mx": _postfix("mx", ("smtp", "submission", "smtps")),
}


def has_proxy() -> bool:
    """Return whether this lab comes with its fault proxy."""
    return find_spec("lab.proxy") is not None


def present() -> list[str]:
    """Return the servers of a lab in the order of starting."""
    return [name for name in SERVERS if name != "proxy" or has_proxy()]


def _known(server: str) -> Server:
    if server not in SERVERS:
        raise LabError(f"no server {server!r}: there are {', '.join(SERVERS)}")
    return SERVERS[server]


def ports_of(ground: Ground, server: str) -> dict[str, int]:
    """Return name -> number of the TCP ports that a server itself listens on."""
    if server == "proxy":
        return dict(ground.ports)
    return {name: ground.backs[name] for name in _known(server).ports}


def pid_file(ground: Ground, server: str) -> Path:
    """Return where a server's pid and start time are."""
    return ground.root / "pids" / server


def pid(ground: Ground, server: str) -> int | None:
    """Return the pid of a server, or None when it does not run."""
    return processes.remembered(pid_file(ground, server))


def launch(ground: Ground, server: str, environment: Mapping[str, str] | None = None) -> None:
    """Start a server without waiting until it listens.

    Raises: LabError when one of its ports is in use.
    """
    command = _known(server).command(ground)
    busy = processes.listening()
    for name, port in ports_of(ground, server).items():
        if port in busy:
            raise LabError(f"{server} cannot start: its port {port} ({name}) is in use by another program; stop that, or take the lab down")
    home = {"PYTHONPATH": str(Path(__file__).parents[1])}
    started = processes.spawn(command, processes.marked(ground.root, home | dict(environment or {})), ground.log(server))
    processes.remember(started, pid_file(ground, server))


def await_ready(ground: Ground, server: str) -> None:
    """Wait until a server listens on all its ports.

    Raises: LabError with the server's last words when it ends or takes too long.
    """
    wanted = set(ports_of(ground, server).values())
    processes.until(lambda: wanted <= processes.listening() or _ended(ground, server), READY_SECONDS)
    if not wanted <= processes.listening() or _ended(ground, server):
        raise LabError(f"{server} did not come up: {_last_words(ground.log(server))}")


def _ended(ground: Ground, server: str) -> bool:
    return pid(ground, server) is None


def _last_words(log: Path) -> str:
    """Return the last line of a log, and where it is."""
    lines = log.read_text("utf-8", "replace").split("\n") if log.exists() else []
    words = [line.strip() for line in lines if line.strip()]
    return f"{words[-1][:WORDS] if words else 'it said nothing'} ({log})"


def start(ground: Ground, server: str, environment: Mapping[str, str] | None = None) -> None:
    """Start a server and wait until it listens; nothing happens when it runs already."""
    if pid(ground, server) is None:
        launch(ground, server, environment)
        await_ready(ground, server)


def stop(ground: Ground, server: str) -> None:
    """End a server and all of its children."""
    _known(server)
    running = pid(ground, server)
    if running is not None:
        family = processes.session(running)
        processes.send([running], signal.SIGTERM)
        if not processes.gone(family):
            processes.send(family, signal.SIGKILL)
            processes.gone(family)
    pid_file(ground, server).unlink(missing_ok=True)


def restart(ground: Ground, server: str, environment: Mapping[str, str] | None = None) -> None:
    """Stop and start a server, with `environment` added to what it knows."""
    stop(ground, server)
    start(ground, server, environment)


def reload(ground: Ground, server: str) -> None:
    """Make a server read its configuration and certificates again, and return when nobody serves by the old ones any more.

    A server that is stopped will when it starts. A clock that was set by `restart(..., environment)` is lost for a server that can only be
    restarted (slapd). A client whose conversation Postfix does not end within PART_SECONDS loses it.
    """
    running, number = pid(ground, server), _known(server).reload
    if running is None:
        return
    if number is None:
        restart(ground, server)
        return
    old = [child for child in processes.session(running) if child != running and processes.name(child) != SERVERS[server].outlives]
    log, said = ground.log(server), _known(server).reloaded
    before = log.read_bytes().count(said)
    processes.send([running], number)
    processes.until(lambda: not said or log.read_bytes().count(said) > before, RELOAD_SECONDS)
    _part(old, by_force=SERVERS[server].forgets)


def _part(old: list[int], *, by_force: bool) -> None:
    """Wait until these processes have gone; a conversation of theirs is ended `by_force` where they would go on with what they know."""
    if not processes.gone(old, PART_SECONDS) and by_force:
        processes.send(old, signal.SIGTERM)
        processes.gone(old)
