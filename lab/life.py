"""A lab's life: up, down, status. `down` leaves no process and no file, also when `up` was killed at any moment before."""

from __future__ import annotations

import secrets
import shutil
import signal
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import certificates, processes, servers, settings
from lab.clock import sweep
from lab.directory import READERS
from lab.ground import FIRST_DOMAINS, MARKER, STATE, Ground, LabError, addresses, claim_ports, open_ground, write_state, write_whole
from lab.needs import check, check_rights

if TYPE_CHECKING:
    from pathlib import Path

MOST_DOMAINS = 10_000
STARTER = "up"  # pid file of the `up` under way
FIRST_WAVE = ("proxy", "slapd", "nsd", "mosquitto")  # what the others ask as soon as they start


@dataclass(frozen=True, slots=True)
class Standing:
    """How one server stands."""

    server: str
    ports: dict[str, int]  # of the server itself
    pid: int | None  # None = it does not run
    listens: bool  # on all of its ports


def up(folder: Path, domains: int = 3, first_port: int | None = None) -> Ground:
    """Build a lab in `folder` and start it; return when every server listens.

    Raises: LabError; the servers are ended then, their logs stay for reading until `down` or the next `up`.
    """
    root = folder.resolve()
    if not 1 <= domains <= MOST_DOMAINS:
        raise LabError(f"--domains {domains}: 1 to {MOST_DOMAINS} are possible")
    check(root)
    if processes.ours(root):
        raise LabError(f"the `up` of a lab in {root} did not come to its end: `python -m lab down --dir {root}` clears it away")
    _clear(root)
    _mark(root)
    try:
        return _build(root, domains, first_port)
    except BaseException:
        _end(root)
        raise


def running(folder: Path) -> Ground | None:
    """Return the lab of a folder when it came up whole and something of it still runs."""
    root = folder.resolve()
    whole = (root / STATE).exists() and not (root / "pids" / STARTER).exists()
    return open_ground(root) if whole and processes.ours(root) else None


def _mark(root: Path) -> None:
    """Make the folder, ours before anything else is in it."""
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)
    (root / MARKER).touch()
    for part in ("pids", "log"):
        (root / part).mkdir()
    (root / "secrets").mkdir(mode=0o700)
    processes.remember(processes.own_pid(), root / "pids" / STARTER)


def _build(root: Path, domains: int, first_port: int | None) -> Ground:
    claim, fronts, backs = claim_ports(first_port)
    with closing(claim):
        direct = not servers.has_proxy()
        ground = Ground(str(root), backs if direct else fronts, backs, domains, addresses()[: 1 if direct else 2])
        _write_secrets(ground)
        write_state(ground)
        certificates.make(ground)
        settings.write(ground)
        _start(ground)
    (root / "pids" / STARTER).unlink()
    return ground


def _write_secrets(ground: Ground) -> None:
    for name in (*READERS, "admin", *FIRST_DOMAINS):
        write_whole(ground.secret(name), secrets.token_urlsafe(12) + "\n", 0o600)


def _start(ground: Ground) -> None:
    """Prepare and launch all; those that the others ask at once come first."""
    present = servers.present()
    for wave in (FIRST_WAVE, tuple(name for name in present if name not in FIRST_WAVE)):
        names = [name for name in present if name in wave]
        for name in names:
            prepare = servers.SERVERS[name].prepare
            if prepare is not None:
                prepare(ground)
            servers.launch(ground, name)
        for name in names:
            servers.await_ready(ground, name)


def _end(root: Path) -> None:
    """End every process of a lab: the servers in the reverse order of starting, then whatever still carries the mark."""
    known = [processes.remembered(root / "pids" / name) for name in reversed(servers.SERVERS)]
    living = [pid for pid in known if pid is not None]
    processes.send(living, signal.SIGTERM)
    processes.gone(living)
    while rest := processes.ours(root):
        processes.send(rest, signal.SIGKILL)
        processes.gone(rest)


def _clear(root: Path) -> None:
    """Remove what is in the folder of a lab, and the folder."""
    if (root / MARKER).exists():
        for path in root.iterdir():
            if path.name != MARKER:
                _remove(path)
        (root / MARKER).unlink()
    with suppress(OSError):  # not there, or somebody put a file of theirs into it
        root.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def down(folder: Path) -> bool:
    """End a lab and remove its folder; return whether there was anything. It also ends an `up` that is still under way.

    Raises: LabError without root.
    """
    root = folder.resolve()
    check_rights(processes.own_user())
    starter = processes.remembered(root / "pids" / STARTER)
    if starter is not None:
        processes.send([starter], signal.SIGKILL)
        processes.gone([starter])
    found = bool(processes.ours(root)) or (root / MARKER).exists()
    _end(root)
    if (root / MARKER).exists():
        sweep((root / MARKER).stat().st_mtime)
    _clear(root)
    return found


def status(folder: Path) -> list[Standing]:
    """Return how each server of a lab stands.

    Raises: LabError when there is no lab.
    """
    ground = open_ground(folder)
    heard = processes.listening()
    found = []
    for name in servers.present():
        ports = servers.ports_of(ground, name)
        found.append(Standing(name, ports, servers.pid(ground, name), set(ports.values()) <= heard))
    return found
