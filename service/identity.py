"""The prober's own key, which signs test messages: read from where the configuration says, or made on first start (mode 0600)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from config.secret_sources import Sources, secret

if TYPE_CHECKING:
    from probe import Secret

KEY_BYTES = 32


class NoKey(Exception):  # noqa: N818 - it names what is missing
    """The key can be neither read nor made; `str()` says why, and never holds a key."""


def signing_key(source: Secret | Path) -> bytes:
    """Return the key; a file that does not exist yet is made. Raises: NoKey."""
    if not isinstance(source, Path):
        return source.reveal().encode()
    try:
        _make(source)
        return secret({"file": str(source)}, Sources(Path("/"))).reveal().encode()
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise NoKey(f"identity.key: {source} cannot be made: {why}; make the folder writable or name another file") from None
    except ValueError as error:
        raise NoKey(f"identity.key: {error}") from None


def _make(file: Path) -> None:
    """Write a new key unless the file is there; two probers that start at once agree on the one that came first.

    The key is written beside and linked into place, so that nobody ever reads half of it.
    """
    if file.exists():
        return
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(f"{secrets.token_hex(KEY_BYTES)}\n")
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
