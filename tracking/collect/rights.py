"""Who may read a file that we may not: the one place that knows users, groups and modes. Elsewhere than on POSIX it says little."""

from __future__ import annotations

import os
import stat
from importlib import import_module
from pathlib import Path


def _name(module: str, call: str, number: int) -> str:
    """Name a user or a group; its number where it has no name, or the system no such list."""
    try:
        return str(getattr(import_module(module), call)(number)[0])
    except (ImportError, KeyError):
        return str(number)


def denied(path: str) -> str:
    """Say why this existing path cannot be read, and what to do: one clause, without the path."""
    try:
        about = Path(path).stat()
    except OSError:
        return "a folder above it may not be entered: ask its owner for the right to (x), or run as root"
    if os.name != "posix":
        return "access denied: give the account that runs this the right to read it"
    owner, group = _name("pwd", "getpwuid", about.st_uid), _name("grp", "getgrgid", about.st_gid)
    says = f"may not be read: owned by {owner}:{group}, mode {stat.S_IMODE(about.st_mode):o}"
    if about.st_mode & stat.S_IRGRP and about.st_gid:
        return f"{says}: join group {group} (usermod -aG {group} USER, then sign in anew)"
    return f"{says}: run as {owner}, or let its owner grant the right (setfacl -m u:USER:r)"
