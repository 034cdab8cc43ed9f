"""Tells systemd how the service is: ready, reloading, stopping, alive (sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names).

Without systemd nothing is told. What cannot be told is dropped: a supervisor that went away is no reason to stop probing.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from time import monotonic_ns

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


def reloading() -> str:
    """Return the message that a reload begins (Type=notify-reload wants the moment with it)."""
    return f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns() // 1000}"


def status(words: str) -> str:
    """Return the message that `systemctl status` shows."""
    return f"STATUS={' '.join(words.split())}"


def watchdog_seconds() -> float | None:
    """Return how often systemd wants to hear from us (half of its patience), None when it does not watch this process."""
    usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 2_000_000


def tell(*messages: str) -> bool:
    """Send the messages; returns whether somebody took them."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return False
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender, suppress(OSError):
        sender.sendto("\n".join(messages).encode(), address)
        return True
    return False
