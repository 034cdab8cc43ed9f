"""The drill's own lab and service: brings a lab up, writes a configuration that tells four channels, and runs `probe serve` on it.

Both are processes of ours, ended by their ids. The lab is started as `python -m lab`, for nothing of the product stands on it.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import yaml

from service.drill.ends import Letterbox

if TYPE_CHECKING:
    from pathlib import Path

    from service.drill.ends import Ends

READY_SECONDS = 30.0
ENDING_SECONDS = 10.0
LOOK_SECONDS = 0.2
OWN = {  # what makes a drill quick; everything else is as the lab wrote it
    "checks": {"every": "2s", "timeout": "1900ms"},
    "roundtrip": {"every": "4s", "late_after": "8s", "lost_after": "1m"},
    "incidents": {"again": "1s", "gather": "2s"},
    "metrics": {"listen": "127.0.0.1:0"},
}
# The mailbox that takes the drill's mail stands in the very system that is broken: so the channel says on what it depends.
MAIL_NEEDS = ["smtp", "lmtp", "imap", "directory"]
LETTERBOX = "gamma.test"


@dataclass(frozen=True, slots=True)
class DrillLab:
    """A lab in its folder."""

    folder: Path

    @property
    def ports(self) -> dict[str, int]:
        """Return the ports of its servers."""
        found: dict[str, int] = json.loads((self.folder / "lab.json").read_text("utf-8"))["ports"]
        return found

    @property
    def plan(self) -> dict[str, Any]:
        """Return the configuration that it wrote, every value as text."""
        found: dict[str, Any] = yaml.load((self.folder / "mailsonde.yml").read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes text alone
        return found

    async def run(self, *words: str) -> str:
        """Run one command of the lab; return what it printed. Raises: click.ClickException with its own line."""
        command = [sys.executable, "-m", "lab", *words, "--dir", str(self.folder)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        said, _ = await process.communicate()
        text = said.decode("utf-8", "replace").strip()
        if process.returncode:
            raise click.ClickException(f"the lab: {text.splitlines()[-1] if text else f'exit code {process.returncode}'}")
        return text

    def letterbox(self) -> Letterbox:
        """Return the mailbox that takes the drill's mail."""
        domain = next(one for one in self.plan["domains"] if one["name"] == LETTERBOX)
        mailbox = domain["mailbox"]
        password = (self.folder / mailbox["password"]["file"]).read_text("utf-8").strip()
        return Letterbox(mailbox["address"], password, self.ports["imap"], self.plan["servers"]["imap"]["ca_file"])

    def configure(self, ends: Ends) -> Path:
        """Write the drill's configuration, and return where."""
        channels = {
            "webhook": {"kind": "webhook", "url": f"http://127.0.0.1:{ends.http_port}/notices"},
            "mqtt": {"kind": "mqtt", "host": "127.0.0.1", "port": self.ports["mqtt"], "topic": "drill"},
            "command": {"kind": "command", "command": ["tee", "-a", str(ends.pages)]},
            "mail": {
                "kind": "mail",
                "host": "127.0.0.1",
                "port": self.ports["smtp"],
                "security": "none",
                "sender": "drill@mailsonde.test",
                "to": [ends.letterbox.address],
                "depends_on": {"servers": MAIL_NEEDS},
            },
        }
        notify = {"channels": channels, "routes": [{"to": list(channels)}]}
        whole = self.plan | OWN | {"store": {"path": str(ends.folder / "drill.db")}, "notify": notify}
        file = self.folder / "drill.yml"
        file.write_text(yaml.safe_dump(whole, sort_keys=False), "utf-8")
        return file


@dataclass(slots=True)
class DrillService:
    """`probe serve` on the drill's configuration."""

    config: Path
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it probes. Raises: click.ClickException with its last line."""
        command = [sys.executable, "-m", "service.cli", "serve", "--config", str(self.config)]
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                while "event=ready" not in self.log.read_text("utf-8") and self.process.returncode is None:  # noqa: ASYNC110 - a file rings no bell
                    await asyncio.sleep(LOOK_SECONDS)
        if "event=ready" not in self.log.read_text("utf-8"):
            said = self.log.read_text("utf-8").strip().splitlines()
            raise click.ClickException(f"the drill's service did not start: {said[-1] if said else 'it said nothing'}")

    async def end(self) -> None:
        """End it, by its id."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
