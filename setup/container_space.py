"""Run commands in a root of their own, nearly as an engine would: namespaces by unshare, /proc, a handful of devices, a bare environment.

What an engine adds beyond that (cgroups, seccomp, AppArmor, fewer capabilities for root) is not here.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from setup.image import Image
from setup.refusals import SetUpError

DEVICES = ("null", "zero", "full", "random", "urandom")
ROOM = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
TMPFS = "mount -t tmpfs -o nosuid,nodev,mode="


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine that is seen in the root."""

    source: Path
    target: str  # absolute, in the root; must be there
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """How a root is furnished while something runs in it."""

    root: Path
    mounts: tuple[Mount, ...] = ()
    scratch: tuple[str, ...] = ()  # folders that are memory, and gone afterwards
    read_only: bool = False
    network: str = "host"  # host, own (loopback alone), or the id of a process whose network is shared


def furnished(space: Space) -> str:
    """Return the shell's lines that furnish the root, and run in it what comes as arguments."""
    root = quote(str(space.root))
    lines = ["set -e", *(["ip link set lo up"] if space.network == "own" else []), f"mount --bind {root} {root}", f"cd {root}"]
    lines += ["mount -t proc proc proc", f"{TMPFS}755 dev dev"]
    lines += [f"touch dev/{name}; mount --bind /dev/{name} dev/{name}" for name in DEVICES]
    lines += ["ln -s /proc/self/fd dev/fd", "mkdir dev/shm", f"{TMPFS}1777 shm dev/shm"]
    lines += [f"{TMPFS}1777 tmp .{quote(target)}" for target in space.scratch]
    lines += [line for mount in space.mounts for line in bound(mount)]
    lines += [f"mount -o remount,bind,ro {root} {root}"] if space.read_only else []
    return "\n".join([*lines, 'exec "$@"'])


def bound(mount: Mount) -> list[str]:
    """Return the lines for one mount; where nothing is, its place is made."""
    place = f".{quote(mount.target)}"
    made = f"mkdir -p {place}" if mount.source.is_dir() else f"[ -e {place} ] || {{ mkdir -p $(dirname {place}); touch {place}; }}"
    lines = [made, f"mount --bind {quote(str(mount.source))} {place}"]
    return lines if mount.writable else [*lines, f"mount -o remount,bind,ro {place}"]


def entered(space: Space, image: Image, words: tuple[str, ...], extra: dict[str, str]) -> list[str]:
    """Return the whole command line that runs `words` in the root as the image's user."""
    joined = [] if space.network in {"host", "own"} else ["nsenter", f"--net=/proc/{space.network}/ns/net"]
    room = [*joined, *ROOM, *(["--net"] if space.network == "own" else []), "/bin/sh", "-c", furnished(space), "sh"]
    owner = [f"--userspec={image.user}"] if image.user else []
    inner = ["setpriv", "--no-new-privs", "chroot", *owner, str(space.root)] if space.read_only else ["chroot", *owner, str(space.root)]
    return [*room, *inner, *bare(image, extra), *words]


def bare(image: Image, extra: dict[str, str]) -> list[str]:
    """Return the words that give a command the image's environment and folder, and nothing of ours."""
    pairs = {"HOME": "/root" if not image.user else "/", **image.environment, **extra}
    return ["/usr/bin/env", "-i", f"--chdir={image.folder}", *(f"{name}={value}" for name, value in pairs.items())]


class Running:
    """A container that runs: its first process is number 1 of its own, as in an engine."""

    def __init__(self, space: Space, image: Image, log: Path) -> None:
        self.image, self.log = image, log
        with log.open("ab") as end:
            command = entered(space, image, image.line, {})
            self.outer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=end, stderr=end, start_new_session=True)
        self.pid = self._first()

    def _first(self) -> int:
        """Return this machine's id of the container's first process."""
        children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children")
        for _ in range(200):
            if self.outer.poll() is None and children.exists() and (words := children.read_text().split()):
                return int(words[0])
            time.sleep(0.05)
        raise SetUpError(f"The container did not start: {last(self.log)}")

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the container as its user, as `docker exec` does."""
        user, _, group = self.image.user.partition(":")
        owner = ["--setuid", user, "--setgid", group or user] if user else []
        inside = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net", "--root", *owner]
        return subprocess.run([*inside, *bare(self.image, {}), *words], check=False, capture_output=True, text=True, timeout=60)

    def tell(self, name: str) -> None:
        """Send the container's first process a signal."""
        os.kill(self.pid, signal.Signals[name])

    def ended(self, seconds: float) -> int | None:
        """Wait for its end; return the exit code, or None when it still runs."""
        try:
            return self.outer.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """End it, whatever it does: with its first process all others of its namespace go."""
        if self.outer.poll() is None:  # only then the number is still its own
            os.kill(self.pid, signal.SIGKILL)  # --kill-child alone is forgotten by whoever changes its user
        self.outer.wait()


def last(log: Path, count: int = 5) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
