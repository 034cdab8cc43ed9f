"""Open a file that is to be read, and nothing else: no FIFO that waits, no device, and no error but one sentence."""

from __future__ import annotations

import errno
import os
import stat
from typing import IO

from tracking.collect.rights import denied
from tracking.collect.values import Unreadable

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_KINDS = (
    (stat.S_ISFIFO, "is a FIFO: give the file that its writer writes"),
    (stat.S_ISSOCK, "is a socket: give a file"),
    (stat.S_ISCHR, "is a device: give a file"),
    (stat.S_ISBLK, "is a device: give a file"),
    (stat.S_ISDIR, "is a folder"),
)


def unfit(mode: int) -> str:
    """Say why something of this mode is not read as a file; "" when it is one."""
    return next((why for is_kind, why in _KINDS if is_kind(mode)), "" if stat.S_ISREG(mode) else "is no file")


def explain(path: str, problem: OSError) -> str:
    """Turn the system's error into a clause that says what to do, without the path."""
    if problem.errno in {errno.EACCES, errno.EPERM}:
        return denied(path)
    if problem.errno == errno.ELOOP:
        return "is a loop of symbolic links"
    if problem.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "is a symbolic link to nothing" if os.path.lexists(path) else "no such file or folder"
    return f"cannot be read: {problem.strerror or problem}"


def open_file(path: str) -> IO[bytes]:
    """Open a regular file for reading, unbuffered. Raises Unreadable."""
    try:
        number = os.open(path, _FLAGS)
    except OSError as problem:
        raise Unreadable(f"{path}: {explain(path, problem)}") from problem
    why = unfit(os.fstat(number).st_mode)
    if why:
        os.close(number)
        raise Unreadable(f"{path}: {why}")
    return os.fdopen(number, "rb", buffering=0)
