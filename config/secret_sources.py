"""Where secrets come from: `{env: NAME}`, `{file: PATH}`, `{credential: NAME}` or `{command: [..]}`. Never plain, never printed.

A credential is a file in the folder that the supervisor names in CREDENTIALS_DIRECTORY (systemd.exec(5), a container's secrets).
A command gets COMMAND_SECONDS and no terminal; its first line is the secret, so that any token helper serves XOAUTH2. Each source is asked
once per load.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.errors import did_you_mean
from probe.values import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMMAND_SECONDS = 10.0
OTHERS_READ = 0o004
CREDENTIALS = "CREDENTIALS_DIRECTORY"
ALLOWED = "write {env: NAME}, {file: PATH}, {credential: NAME} or {command: [PROGRAM, ARGUMENT, ..]}"


@dataclass(slots=True)
class Sources:
    """What a load may ask for secrets, and what it has been told."""

    folder: Path  # of the configuration file; relative paths begin here
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    warnings: dict[str, None] = field(default_factory=dict)  # in order, each once
    known: dict[tuple[str, ...], Secret | str] = field(default_factory=dict)  # the secret, or what is wrong with it
    lenient: bool = False  # a second reading, in which what is wrong already is left out

    def path(self, written: str) -> Path:
        """Return a path of the configuration, relative to its folder."""
        return self.folder / Path(written).expanduser()


def secret(value: Any, sources: Sources) -> Secret:
    """Return the secret that a source names. Raises ValueError with a sentence that does not hold it."""
    if isinstance(value, Secret):
        return value
    key = _source(value)
    if key not in sources.known:
        sources.known[key] = _ask(key, sources)
    found = sources.known[key]
    if isinstance(found, str):
        raise ValueError(found)  # noqa: TRY004 - pydantic collects ValueErrors
    return found


def _source(value: Any) -> tuple[str, ...]:
    """Return ("env", NAME), ("file", PATH), ("credential", NAME) or ("command", PROGRAM, ..)."""
    if not isinstance(value, dict):
        raise ValueError(f"a secret does not stand in the configuration; {ALLOWED}")  # noqa: TRY004 - pydantic collects ValueErrors
    if len(value) != 1 or next(iter(value)) not in _ASK:
        strange = [key for key in value if key not in _ASK]  # never shown: it may be the secret itself, in the wrong place
        hint = did_you_mean(strange[0], _ASK) if strange else ""
        raise ValueError(f"a secret has exactly one source; {ALLOWED}{hint}")
    ((kind, where),) = value.items()
    return (kind, *_parts(kind, where))


def _parts(kind: str, where: Any) -> list[str]:
    if kind == "command":
        if not isinstance(where, list) or not where or not all(isinstance(part, str) for part in where):
            raise ValueError("a command is a list of words, without a shell: [pass, show, mail/probe]")
        return where
    if not isinstance(where, str):
        raise ValueError(f"{kind} takes one word; {ALLOWED}")  # noqa: TRY004 - pydantic collects ValueErrors
    return [where]


def _ask(key: tuple[str, ...], sources: Sources) -> Secret | str:
    kind, *where = key
    try:
        return Secret(_ASK[kind](where, sources))
    except ValueError as error:
        return str(error)


def _from_env(where: list[str], sources: Sources) -> str:
    value = sources.environ.get(where[0])
    if not value:
        state = "is empty" if value is not None else "is not set"
        raise ValueError(f"the environment variable {where[0]} {state}; set it where the prober starts")
    return value


def _from_file(where: list[str], sources: Sources) -> str:
    path = sources.path(where[0])
    found, mode = _read(path)
    if mode & OTHERS_READ:
        sources.warnings[f"{path}: every user of this machine can read this secret (mode {mode:04o}); run chmod 600 {path}"] = None
    return found


def _from_credential(where: list[str], sources: Sources) -> str:
    """Return a credential. Who may read it is the supervisor's affair: the folder is this service's own."""
    folder, name = sources.environ.get(CREDENTIALS), where[0]
    if not folder:
        raise ValueError(f"{CREDENTIALS} is not set: a credential comes from systemd's LoadCredential={name}:PATH, or from a container")
    if "/" in name or name in {"", ".", ".."}:
        raise ValueError("a credential is called by its name, without a folder")
    return _read(Path(folder) / name)[0]


def _read(path: Path) -> tuple[str, int]:
    """Return a file's first line and its mode."""
    try:
        content = path.read_text("utf-8")
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise ValueError(f"the secret file {path} cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the secret file {path} is not UTF-8 text") from None
    return _first_line(content, f"the secret file {path}"), mode


def _from_command(where: list[str], sources: Sources) -> str:
    import subprocess  # noqa: PLC0415 - only those who use commands pay for it: a start should be quick

    program = where[0]
    try:
        run = subprocess.run(  # noqa: S603 - the administrator's own command, without a shell
            where, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False, cwd=sources.folder
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"the command {program} gave no secret within {COMMAND_SECONDS:g} s and was ended") from None
    except OSError as error:
        raise ValueError(f"the command {program} cannot be run: {(error.strerror or 'unknown reason').lower()}") from None
    if run.returncode:
        raise ValueError(f"the command {program} failed with exit code {run.returncode}; run it by hand to see why")
    return _first_line(run.stdout.decode("utf-8", "replace"), f"the command {program}")


def _first_line(content: str, who: str) -> str:
    line = content.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise ValueError(f"{who} gives an empty secret")
    return line


_ASK: dict[str, Callable[[list[str], Sources], str]] = {
    "env": _from_env,
    "file": _from_file,
    "credential": _from_credential,
    "command": _from_command,
}
