"""Asking a lake that holds pseudonyms: the key turns what is asked for into the names that the lake has.

Refused: another key than the lake's, a key where it holds addresses as they are, and a pattern for a part of a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from service.track.import_work import key_of
from tracking.errors import TrackError
from tracking.lake import manifest as manifests
from tracking.lake.privacy import Privacy, local_part, pseudonym
from tracking.lake.reader import exists

if TYPE_CHECKING:
    from pathlib import Path

    from tracking.look.find import Wanted

HINT = "it holds pseudonyms: ask with the file of their key, --pseudonym-key"
_MADE = re.compile(r"\bp-[0-9a-f]{12}\b")  # a name that was copied from an answer stays as it is


@dataclass(frozen=True, slots=True)
class Names:
    """By which names a lake knows people."""

    key: bytes = b""  # b"" = what is asked for stays as it is
    hidden: bool = False  # the lake holds pseudonyms, and no key was given

    def wanted(self, asked: Wanted) -> Wanted:
        """Return what is asked for in the names of the lake. Raises: click.UsageError."""
        sender, recipient = self._address("--sender", asked.sender), self._address("--recipient", asked.recipient)
        return replace(asked, message_id=self.text(asked.message_id), sender=sender, recipient=recipient) if self.key else asked

    def text(self, text: str) -> str:
        """Return an id as the lake has it: a Message-ID looks like an address."""
        return pseudonym(self.key, text) if self.key and not _MADE.search(text) else text

    def _address(self, option: str, pattern: str) -> str:
        local, at, domain = pattern.rpartition("@")
        name = local if at else pattern
        if not self.key or pattern in ("", "<>") or not name.strip("*?") or _MADE.search(name):
            return pattern
        if "*" in name or "?" in name:
            raise click.UsageError(
                f"{option} {pattern}: of a pseudonym no part can be asked for; give the whole name, or *@{domain or '..'}"
            )
        return f"{local_part(self.key, name)}{at}{domain}"


def names_of(lake: Path, key_file: str | None) -> Names:
    """Return by which names this lake is to be asked. Raises: click.ClickException."""
    try:
        key = Privacy(key_of(key_file))
        exists(lake)
        stored = manifests.load(lake).settings.get("privacy")
    except TrackError as error:
        raise click.ClickException(str(error)) from error
    held = stored["pseudonyms"] if stored else ""
    if not key.key:
        return Names(hidden=bool(held))
    if stored and held != key.settings["pseudonyms"]:
        why = "was made with another key than this" if held else "holds addresses as they are: ask without --pseudonym-key"
        raise click.ClickException(f"the lake {lake} {why}")
    return Names(key.key)
