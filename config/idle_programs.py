"""What channels need of this machine and do not find: programs, files of authorities. A warning each, for the service may run elsewhere.

It looks at the disk and starts nothing.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.coherence import Found
    from config.settings import Settings


def unstartable(settings: Settings) -> Iterator[Found]:
    """Yield (path, sentence) for each program that is not there, or may not be executed."""
    for name, channel in settings.notify.channels.items():
        if channel.kind == "command":
            wanted = channel.settings()
            says = _wrong(wanted.command[0], wanted.environment.get("PATH", os.environ.get("PATH", os.defpath)))
            if says:
                yield ("notify", "channels", name, "command"), f"{says}; nobody would be told over this channel"


def untrustable(settings: Settings) -> Iterator[Found]:
    """Yield (path, sentence) for each file of authorities that holds none: no far side would be trusted."""
    for name, channel in settings.notify.channels.items():
        file = getattr(channel, "ca_file", None)
        if file is not None and not _holds_authority(file):
            yield ("notify", "channels", name, "ca_file"), f"{file} holds no certificate in PEM form, so this channel would trust nobody"


def _holds_authority(file: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except (ssl.SSLError, OSError):
        return False
    return True


def _wrong(program: str, path: str) -> str:
    """Return why a program cannot be started, "" = it can; `path` is the PATH that is searched for it."""
    if which(program, path=path) is not None:
        return ""
    if os.sep not in program:
        return f"there is no program `{program}` on the PATH"
    return f"`{program}` is not executable" if Path(program).exists() else f"there is no program `{program}`"
