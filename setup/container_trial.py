"""The two containers of a trial: the lab's in a network of its own, and in it the service's, furnished as docs/operation.md says."""

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from setup.container_build import Built
from setup.container_space import Mount, Running, Space, last
from setup.refusals import SetUpError

STATE, CONFIG, LAB = "/var/lib/mailsonde", "/etc/mailsonde", "/srv/mailsonde-lab"
OWNER = 10001
SCRATCH = ("/tmp",)  # noqa: S108 - a folder of the container, memory of its own
CHANGED = ("warning: 1s", "warning: 900ms")  # what of the lab's configuration is written anew, and how
BROKEN = ("site: lab", "site: [")
AS_IT_IS = ("", "")
SERVES = f"""
store: {{path: {STATE}/mailsonde.db}}
metrics: {{listen: 127.0.0.1:9825}}
"""
# Some levels are unknown in the first seconds: what counts is that status answers, and that the backup is made.
STEERED = ("sh", "-c", f"cd {CONFIG}; PATH=/opt/mailsonde/bin:$PATH; probe status >/dev/null; probe backup {STATE}/backup.tar")
METRICS = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9825/metrics', timeout=9).read().decode())"


def waited(seconds: float, ready: Callable[[], bool]) -> bool:
    """Wait until something is so; return whether it came to be."""
    until = time.monotonic() + seconds
    while not (came := ready()) and time.monotonic() < until:
        time.sleep(0.25)
    return came


class Lab:
    """The container of lab/Dockerfile, in a network of its own."""

    def __init__(self, built: Built, folder: Path) -> None:
        self.volume, self.log = folder / "lab-volume", folder / "lab.log"
        self.volume.mkdir()
        space = Space(built.root, (Mount(self.volume, LAB, writable=True),), network="own")
        self.container = Running(space, built.image, self.log)

    def __enter__(self) -> Self:
        """Wait until all servers listen."""
        if not waited(90.0, lambda: "up in" in self.log.read_text() or self.container.ended(0) is not None):
            raise SetUpError(f"The lab's container did not come up: {last(self.log)}")
        if self.container.ended(0) is not None:
            raise SetUpError(f"The lab's container ended: {last(self.log)}")
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it does."""
        self.container.end()

    def stopped(self) -> str:
        """Stop it as an engine does; return why that is not well: it must end by itself and leave nothing in its volume."""
        self.container.tell("SIGTERM")
        code, left = self.container.ended(20.0), [path.name for path in self.volume.iterdir()]
        return "" if code == 0 and not left else f"exit code {code}, left: {', '.join(left)}; {last(self.log)}"


def configuration(lab: Lab, change: tuple[str, str]) -> str:
    """Return the lab's configuration as the service has it: its folders, its key beside its store, and one change."""
    text = (lab.volume / "mailsonde.yml").read_text().replace(*change, 1)
    return text.replace(f"{LAB}/secrets/probe.key", f"{STATE}/probe.key").replace(LAB, CONFIG) + SERVES


class Service:
    """The container of the Dockerfile, read only, in the lab's network, with the lab's configuration."""

    def __init__(self, built: Built, folder: Path, lab: Lab) -> None:
        self.built, self.lab, self.log = built, lab, folder / "service.log"
        self.state, self.config = folder / "state", folder / "config"
        shutil.copytree(lab.volume / "secrets", self.config / "secrets")
        shutil.copytree(lab.volume / "tls", self.config / "tls", ignore=shutil.ignore_patterns("*.key"))
        self.write(AS_IT_IS)
        shutil.copytree(built.root / STATE.lstrip("/"), self.state)  # a new volume begins as what the image has there
        own(self.config)
        own(self.state)
        self.container = self.start()

    def write(self, change: tuple[str, str]) -> None:
        """Write the configuration with a change."""
        (self.config / "mailsonde.yml").write_text(configuration(self.lab, change))

    def start(self) -> Running:
        """Start the container."""
        mounts = (Mount(self.config, CONFIG), Mount(self.state, STATE, writable=True))
        space = Space(self.built.root, mounts, scratch=SCRATCH, read_only=True, network=str(self.lab.container.pid))
        return Running(space, self.built.image, self.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it does."""
        self.container.end()

    def healthy(self) -> bool:
        """Tell what the image's own health check says."""
        return self.container.ask(*self.built.image.health).returncode == 0

    def metrics(self) -> str:
        """Return the metrics page; "" = there is none."""
        return self.container.ask("python3", "-c", METRICS).stdout


def took_the_change(metrics: str) -> bool:
    """Tell from the metrics whether CHANGED is in force."""
    return re.search(r'^mailsonde_threshold_seconds\{.*level="warning".*\} 0\.9$', metrics, re.MULTILINE) is not None


def own(folder: Path) -> None:
    """Give a folder to the user of the container."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, OWNER, OWNER)
