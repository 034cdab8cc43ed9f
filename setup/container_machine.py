"""Boot Debian's systemd in a root of its own, in namespaces alone, to try a unit under the real thing.

No kernel, no devices, no network but the one it is given: a machine as far as a service can tell.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from shlex import quote
from typing import Self

from setup.container_build import Builder, Built
from setup.container_space import DEVICES, TMPFS, last
from setup.refusals import SetUpError

INSTALL = "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends systemd dbus libnss-systemd"
ROOM = ("unshare", "--mount", "--propagation", "private", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child")
INIT = "exec env -i container=other PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --log-level=warning --unit=multi-user.target"
BOOTED = ("running", "degraded")
"""A degraded one lacks a unit of its own that wants hardware; ours is judged by itself."""


def boot(root: Path) -> str:
    """Return the shell's lines that become systemd in a root. pivot_root and not chroot: within a chroot no user namespace can be made."""
    lines = ["set -e", f"mount --bind {quote(str(root))} {quote(str(root))}", f"cd {quote(str(root))}", "mount -t proc proc proc"]
    lines += ["mount -t sysfs -o ro sysfs sys", f"{TMPFS}755 cgroup sys/fs/cgroup", "mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified"]
    lines += ["mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd", "mount -t cgroup2 cgroup2 sys/fs/cgroup/unified"]
    lines += [
        "mount -t tmpfs -o mode=755 dev dev",
        *(f"touch dev/{name}; mount --bind /dev/{name} dev/{name}" for name in (*DEVICES, "tty")),
    ]
    lines += ["mkdir dev/pts", "mount -t devpts -o newinstance,ptmxmode=0666 pts dev/pts", "ln -s pts/ptmx dev/ptmx"]  # PrivateDevices=
    lines += ["ln -s /proc/self/fd dev/fd", "mkdir dev/shm", f"{TMPFS}1777 shm dev/shm", f"{TMPFS}755 run run", f"{TMPFS}1777 tmp tmp"]
    lines += ["mkdir -p .old", "pivot_root . .old", "umount -l .old", "rmdir .old"]
    return "\n".join([*lines, "mount --make-rshared /", INIT])  # shared: credentials are mounted by a helper of systemd's


class Machine:
    """A booted machine in the network of another process."""

    def __init__(self, root: Path, network: int, log: Path) -> None:
        self.root, self.log = root, log
        with log.open("ab") as end:
            line = ["nsenter", f"--net=/proc/{network}/ns/net", *ROOM, "/bin/sh", "-c", boot(root)]
            self.outer = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=end, stderr=end, start_new_session=True)

    def __enter__(self) -> Self:
        """Wait until it is up."""
        until = time.monotonic() + 60.0
        while self.systemctl("is-system-running").stdout.strip() not in BOOTED:
            if self.outer.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise SetUpError(f"systemd did not come up: {last(self.log) or 'it does not say why'}")
            time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        """End it and all that it runs."""
        if self.outer.poll() is None and (pid := self.pid):
            os.kill(pid, signal.SIGKILL)
        self.outer.wait()

    @property
    def pid(self) -> int:
        """Return this machine's id of its first process, 0 while there is none."""
        words = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().split()
        return int(words[0]) if words else 0

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it as its root."""
        inside = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        return subprocess.run([*inside, "--", *words], check=False, capture_output=True, text=True, timeout=90)

    def systemctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Ask systemd."""
        return self.ask("systemctl", "--no-pager", *words)

    def shown(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", unit, f"--property={name}", "--value").stdout.strip()


def machine_root(builder: Builder, service: Built) -> Path:
    """Return a root that has the service's files, and systemd, but not the container's user: the unit brings its own."""
    dockerfile = builder.folder / "machine" / "Dockerfile"
    dockerfile.parent.mkdir()
    dockerfile.write_text(f"FROM service\nRUN {INSTALL}\n")
    builder.bases["service"] = service.root
    root = builder.build(dockerfile).root
    for name in ("passwd", "group", "shadow", "gshadow"):
        path = root / "etc" / name
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("mailsonde:")))
    return root
