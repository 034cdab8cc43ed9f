"""Processes of a lab: started with a mark in their environment, found by it, ended by their pid, never by their name.

The mark is MAILSONDE_LAB=FOLDER in the environment (Postfix and Dovecot are configured to hand it on), so that `down` finds all of them
even when `up` was killed before it could write a pid down. A pid that was written down counts only with its start time: pids come again.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable, Mapping

MARK = "MAILSONDE_LAB"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LISTEN = "0A"  # state of a TCP socket in /proc/net/tcp
PAUSE_SECONDS = 0.02
GRACE_SECONDS = 5.0  # between "please end" and the end


def marked(root: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment that every process of the lab in `root` is started with."""
    return {"PATH": PATH, "LANG": "C.UTF-8", **(environment or {}), MARK: str(root)}


def spawn(command: list[str], environment: Mapping[str, str], output: Path) -> int:
    """Start a program in a session of its own, its words appended to `output`; return its pid."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)


def own_pid() -> int:
    """Return the pid of this process."""
    return os.getpid()


def own_user() -> int:
    """Return the effective user of this process."""
    return os.geteuid()


def start_time(pid: int) -> str:
    """Return when a process started (clock ticks since boot, as text), or "" when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def name(pid: int) -> str:
    """Return the name that a process goes by, or "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def remember(pid: int, path: Path) -> None:
    """Write a pid down together with its start time."""
    path.write_text(f"{pid} {start_time(pid)}\n", "ascii")


def remembered(path: Path) -> int | None:
    """Return the pid that was written down, or None when that process is gone."""
    with contextlib.suppress(OSError, ValueError):
        pid, started = path.read_text("ascii").split()
        return int(pid) if start_time(int(pid)) == started else None
    return None


def ours(root: Path) -> list[int]:
    """Return the pids of all living processes that carry the mark of `root`, this one and its parents excepted."""
    mark = f"{MARK}={root}".encode()
    kin = _kin()
    return [pid for pid in _all() if pid not in kin and mark in _environment(pid) and start_time(pid)]


def session(leader: int) -> list[int]:
    """Return the pids of all living processes in the session of `leader`, which `spawn` made its own."""
    return [pid for pid in _all() if start_time(pid) and _session_of(pid) == leader]


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _kin() -> set[int]:
    """Return this process and its ancestors."""
    found: set[int] = set()
    pid = os.getpid()
    while pid > 0 and pid not in found:
        found.add(pid)
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
        except OSError:
            break
    return found


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each that still lives."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def reap(pid: int) -> None:
    """Take leave of a child of ours that has ended; other people's children are theirs."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def gone(pids: Iterable[int], seconds: float = GRACE_SECONDS) -> bool:
    """Return whether all of them ended within `seconds`."""
    waiting = list(pids)

    def over() -> bool:
        for pid in waiting:
            reap(pid)
        return not any(start_time(pid) for pid in waiting)

    return until(over, seconds)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether the condition came true within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def listening() -> set[int]:
    """Return the TCP ports on which somebody listens on this machine's IPv4; asking the kernel leaves no trace in a server's log."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    return {int(line.split()[1].rpartition(":")[2], 16) for line in lines if line.split()[3] == LISTEN}
