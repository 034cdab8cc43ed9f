"""Starts Debian's prometheus-blackbox-exporter as a peer and asks it to probe; used by the measurements beside it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "prometheus-blackbox-exporter"


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def running(configuration: str) -> Iterator[tuple[int, int]]:
    """Run the exporter with this configuration; give its port and its process id."""
    if shutil.which(PROGRAM) is None:
        raise SystemExit(f"{PROGRAM} is not installed: apt-get install {PROGRAM}")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blackbox.yml"
        path.write_text(configuration)
        command = [PROGRAM, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _await_port(port)
                yield port, process.pid
            finally:
                process.terminate()


def _await_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as one:
            one.settimeout(0.05)
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.02)
    raise SystemExit(f"{PROGRAM} did not start")


async def ask(port: int, target: str, module: str) -> dict[str, float]:
    """Let it probe `target`; return its metrics that have no labels."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /probe?target={target}&module={module} HTTP/1.0\r\n\r\n".encode())
    body = (await reader.read()).partition(b"\r\n\r\n")[2].decode()
    writer.close()
    pairs = (line.split(" ") for line in body.splitlines() if line.startswith("probe_") and "{" not in line)
    return {name: float(value) for name, value in pairs}


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process and its threads have used, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9
