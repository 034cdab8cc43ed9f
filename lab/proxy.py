"""The fault proxy, `python -m lab.proxy --dir D`: stands always between the lab's clients and its servers and does what faults.json says.

Reads the ports from D/lab.json and the behaviours from D/faults.json: {"generation": 3, "routes": {"imap": {"slow_seconds": 0.8}}}.
On SIGHUP it reads faults.json again and, once all of it is in force, writes D/faults.ack: {"generation": 3, "said": ""}; `said` is one
line when something could not be done. SIGTERM ends it. Refuses behaviours and routes that it does not know; an unreadable file changes
nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from lab.proxy_behaviour import REST, Behaviour, Route, behaviour
from lab.proxy_tcp import Front
from lab.proxy_udp import FrontUdp

# key of lab.json's ports -> what is spoken there; others are passed without a look inside
SPOKEN = {
    "smtp": "smtp", "submission": "smtp", "smtps": "tls", "hub": "smtp", "edge": "smtp", "lmtp": "lmtp",
    "imap": "imap", "imaps": "tls", "pop3": "pop3", "pop3s": "tls", "ldap": "ldap", "ldaps": "tls", "dns": "dns",
}  # fmt: skip
ACK, FAULTS_FILE = "faults.ack", "faults.json"


def routes(lab: dict[str, Any]) -> list[Route]:
    """Return the routes of a lab.json: one for each front port and address; none where front and back are the same."""
    fronts, backs, home = lab["ports"], lab["backs"], lab["host"]
    return [
        Route(name, SPOKEN.get(name, "tcp"), (address, front), (home, backs[name]), datagram=name == "dns")
        for name, front in fronts.items()
        for address in lab.get("addresses", [home])
        if backs[name] != front
    ]


def wanted(faults: dict[str, Any], names: set[str]) -> dict[str, Behaviour]:
    """Return the behaviour of each route; ValueError says which entry of faults.json is wrong."""
    found = {name: behaviour(entry, name) for name, entry in faults.get("routes", {}).items()}
    if strange := sorted(found.keys() - names):
        raise ValueError(f"no route {strange[0]!r}; known are {', '.join(sorted(names))}")
    return found


def write_whole(path: Path, content: object) -> None:
    """Write JSON so that no reader ever sees a part of it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(path)


class Proxy:
    """All fronts of one lab."""

    def __init__(self, folder: Path) -> None:
        """Bind every front; raises OSError with the port that is taken, ValueError for a lab.json that cannot be used."""
        self._folder = folder
        self._fronts: list[tuple[str, Front | FrontUdp]] = []
        for route in routes(json.loads((folder / "lab.json").read_text(encoding="utf-8"))):
            try:
                self._fronts.append((route.name, Front(route)))
            except OSError as taken:
                raise OSError(f"port {route.front[1]} ({route.name}) on {route.front[0]}: {taken.strerror}") from taken
            if route.datagram:
                self._fronts.append((route.name, FrontUdp(route)))

    async def reload(self) -> None:
        """Put faults.json in force and acknowledge it."""
        generation, said = 0, ""
        try:
            faults = self._read()
            generation = int(faults.get("generation", 0))
            await self._become(wanted(faults, {name for name, _ in self._fronts}))
        except (OSError, ValueError) as error:
            said = f"fault proxy: {FAULTS_FILE}: {error}"
            print(said, file=sys.stderr, flush=True)
        write_whole(self._folder / ACK, {"generation": generation, "said": said})

    def _read(self) -> dict[str, Any]:
        path = self._folder / FAULTS_FILE
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if not isinstance(found, dict):
            raise ValueError("an object is wanted")  # noqa: TRY004 - the file's content is wrong, not a caller's type
        return found

    async def _become(self, behaviours: dict[str, Behaviour]) -> None:
        for name, front in self._fronts:
            await front.become(behaviours.get(name, REST))

    async def close(self) -> None:
        """Give every port back."""
        for _, front in self._fronts:
            await front.close()


async def stand(folder: Path) -> None:
    """Run until SIGTERM."""
    loop, stop, again = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, again.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    proxy = Proxy(folder)
    reading = asyncio.create_task(reload_again(proxy, again))
    again.set()
    await stop.wait()
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    await proxy.close()


async def reload_again(proxy: Proxy, again: asyncio.Event) -> None:
    """Reload each time the event is set; one reload at a time, none forgotten."""
    while True:
        await again.wait()
        again.clear()
        await proxy.reload()


def many_descriptors() -> None:
    """Allow as many connections as the machine does: each takes two descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> int:
    """Run the command; exit 0 after SIGTERM, 2 when it cannot begin."""
    parser = argparse.ArgumentParser(prog="python -m lab.proxy", description="the lab's fault proxy")
    parser.add_argument("--dir", required=True, type=Path, help="the lab's folder, with lab.json in it")
    folder: Path = parser.parse_args().dir
    os.umask(0o022)
    many_descriptors()
    try:
        asyncio.run(stand(folder))
    except (OSError, ValueError, KeyError) as error:
        print(f"fault proxy: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
