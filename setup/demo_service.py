"""The service of the demo: `probe serve` on the lab, in the background, with a folder of its own; started, asked, and ended by its id.

It ends nothing but a process that runs `probe serve` on this very folder's configuration.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from setup.refusals import SetUpError

FOLDER = Path(tempfile.gettempdir()) / "mailsonde-demo"
CONFIG, LOG, PID = FOLDER / "mailsonde.yml", FOLDER / "service.log", FOLDER / "pid"
PORT = 9825
STARTS_WITHIN, ENDS_WITHIN = 20.0, 10.0
PAGES = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def port() -> int:
    """Return the usual port of the metrics, or a free one where somebody listens on that."""
    for wanted in (PORT, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", wanted)) as listener:
            return int(listener.getsockname()[1])
    raise SetUpError("No port is free on 127.0.0.1.")


def prepare(lab: Path) -> str:
    """Make the folder anew, with the lab's configuration and the address of the metrics in it; return that address."""
    if FOLDER.exists():
        if FOLDER.is_symlink() or FOLDER.stat().st_uid != os.geteuid():
            raise SetUpError(f"{FOLDER} is another user's; remove it, or set TMPDIR to a folder of yours.")
        shutil.rmtree(FOLDER)
    FOLDER.mkdir(mode=0o700)
    at = f"127.0.0.1:{port()}"
    CONFIG.write_text(lab.read_text() + f"store: {{path: {FOLDER}/mailsonde.db}}\nmetrics: {{listen: {at}}}\n")
    return f"http://{at}"


@dataclass(frozen=True, slots=True)
class Started:
    """The service, started by us."""

    address: str  # of its pages
    process: subprocess.Popen[bytes]


def start(probe: Path, lab: Path) -> Started:
    """Start the service on the lab's configuration, and wait until it probes. Raises SetUpError with its last words."""
    stop()
    address = prepare(lab)
    with LOG.open("ab") as log:
        command = [str(probe), "serve", "--config", str(CONFIG)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    PID.write_text(str(process.pid))
    until = time.monotonic() + STARTS_WITHIN
    while not page(f"{address}/-/ready"):
        if process.poll() is not None or time.monotonic() > until:
            raise SetUpError("\n".join(["The service did not start:", *LOG.read_text().splitlines()[-3:]]))
        time.sleep(0.2)
    return Started(address, process)


def page(url: str) -> str:
    """Return a page; "" = it is not there, or not ready."""
    try:
        with PAGES.open(url, timeout=5.0) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def running() -> int:
    """Return the id of the service's process, 0 where there is none: the file alone proves nothing, ids are given anew."""
    try:
        number = int(PID.read_text())
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return 0
    return number if b"serve" in words and str(CONFIG).encode() in words else 0


def stop() -> None:
    """End the service where it runs, and remove its folder. Raises SetUpError when it does not end."""
    if number := running():
        os.kill(number, signal.SIGTERM)
        until = time.monotonic() + ENDS_WITHIN
        while running():
            if time.monotonic() > until:
                raise SetUpError(f"The service (process {number}) does not end; {LOG} may say why.")
            with suppress(ChildProcessError):
                os.waitpid(number, os.WNOHANG)  # where it is our own child, it stays a name in /proc until we look
            time.sleep(0.1)
    if FOLDER.exists() and FOLDER.stat().st_uid == os.geteuid():
        shutil.rmtree(FOLDER)
