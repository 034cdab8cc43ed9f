"""What was restored, and what is left to do: which paths of the configuration must change, which files no backup holds. Reads no secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from service.commands.backup_work import size_of
from service.commands.reach import KEY, STORE, places_of, written_in
from service.show.status_show import megabytes
from service.words import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NAMED = 8  # files that are told one by one
FILES = ("file", "ca_file")  # keys whose value is a file that the configuration needs


def told(archive: str, placed: Sequence[Path]) -> Iterator[str]:
    """Yield the lines for the user. `placed`: the files that were restored, absolute, the store first."""
    store, *others = placed
    configuration = next((path for path in others if path.suffix in {".yml", ".yaml"}), None)
    yield f"restored from {archive}:"
    for path in placed:
        yield f"  {path}  {_what(path, store, configuration)}, {megabytes(size_of(path))}"
    yield from _next(store, configuration, [path for path in others if path != configuration])


def _what(path: Path, store: Path, configuration: Path | None) -> str:
    if path == store:
        return "the store"
    return "the configuration" if path == configuration else "the key that signs test messages"


def _next(store: Path, configuration: Path | None, keys: Sequence[Path]) -> Iterator[str]:
    if configuration is None:
        yield f"Next: let the configuration say store: {{path: {store}}}, then probe serve"
        return
    try:
        written, places = written_in(str(configuration)), places_of(str(configuration))
    except click.ClickException as error:
        yield f"Next: mend the configuration, which is wrong: {error.message}"
        return
    yield f"Next, in {configuration} (or where the service reads it):"
    if not _same(places.store, store):
        yield f"  store: {{path: {_from(configuration, store)}}}  # now: {_now(written, 'store', 'path', STORE)}"
    for key in keys:
        if places.key is not None and not _same(places.key, key):
            yield f"  identity: {{key: {{file: {_from(configuration, key)}}}}}  # now: {_now(written, 'identity', 'key', KEY)}"
    yield from _missing(written, configuration)
    yield f"  probe check-config {configuration} && probe serve --config {configuration}"


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _from(configuration: Path, path: Path) -> str:
    """Return a path as the configuration can write it: relative to its own folder."""
    return os.path.relpath(path, configuration.parent)


def _now(written: Mapping[str, Any], section: str, key: str, default: str) -> str:
    part = written.get(section)
    value = part.get(key, default) if isinstance(part, dict) else default
    return harmless(str(value.get("file") if isinstance(value, dict) else value))


def _missing(written: Mapping[str, Any], configuration: Path) -> Iterator[str]:
    """Yield which files the configuration names that are not there: secrets and certificates are in no backup."""
    own = _now(written, "identity", "key", KEY)
    named = dict.fromkeys(name for name in _named(written) if name != own)
    gone = [name for name in named if not (configuration.parent / name).expanduser().is_file()]
    if gone:
        more = f" and {len(gone) - NAMED:,} more" if len(gone) > NAMED else ""
        yield f"  put back what it names and no backup holds: {harmless(', '.join(gone[:NAMED]))}{more}"


def _named(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _named(one)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in FILES and isinstance(value, str):
                yield value
            else:
                yield from _named(value)
