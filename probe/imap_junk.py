r"""Finds the folders of an IMAP account where misplaced mail lands: special-use `\Junk` (RFC 6154), or the names configured. No I/O.

A configured name counts with and without the personal namespace's prefix (RFC 2342), in any case, its `/` read as the server's delimiter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.imap_parse import folders, personal_prefixes
from probe.imap_session import reading

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from probe.dialogue import Move
    from probe.imap_parse import Folder
    from probe.imap_session import Session

CLOSED = frozenset({"\\NOSELECT", "\\NONEXISTENT"})


def find(session: Session, names: Iterable[str]) -> Generator[Move, bytes, list[Folder]]:
    """Return the folders to look into, in the server's order. A server that will not list has none that we could name."""
    prefixes = [("", "")]
    if session.can("NAMESPACE"):
        reply = yield from session.attempt("namespace", b"NAMESPACE")
        prefixes += reading("namespace", personal_prefixes, reply)
    reply = yield from session.attempt("list", b'LIST "" "*"')
    return choose(reading("list", folders, reply), names, [prefix for prefix, _ in prefixes])


def choose(listed: Iterable[Folder], names: Iterable[str], prefixes: Iterable[str]) -> list[Folder]:
    """Return those of the listed folders that are for junk; never the INBOX."""
    spelled = {(prefix + name).casefold() for name in names for prefix in prefixes}
    return [folder for folder in listed if _is_junk(folder, spelled)]


def _is_junk(folder: Folder, spelled: set[str]) -> bool:
    if folder.flags & CLOSED or folder.name.upper() == "INBOX":
        return False
    here = folder.name.casefold()
    return "\\JUNK" in folder.flags or here in spelled or here in {name.replace("/", folder.delimiter) for name in spelled}
