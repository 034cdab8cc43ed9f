"""Does `probe track erase`: as the lake's one writer; says how many rows named the address, and what is left to do by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.report import plural
from service.track.import_work import key_of, now
from service.words import harmless
from tracking.errors import TrackError
from tracking.lake.erase import erase
from tracking.lake.privacy import Privacy, agree, pseudonym
from tracking.lake.reader import exists
from tracking.lake.write import Writer
from tracking.look import looked

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = "(probe serve,"
WAITING = "wait for it, or end it first"
STOPPING = "a service, which does not end by itself: stop the service, then erase"


def run(lake: Path, address: str, key_file: str | None) -> int:
    """Erase; print what came of it; return the exit code. Raises: click.ClickException."""
    try:
        exists(lake)
        key = key_of(key_file)
        pen = Writer(lake, "probe track erase", now)
        try:
            agree(pen.manifest.settings.get("privacy"), Privacy(key))
            erased, searches = erase(pen, address, key), _searches(lake, address, key)
        finally:
            pen.close()
    except TrackError as error:
        raise click.ClickException(str(error).replace(WAITING, STOPPING) if SERVICE in str(error) else str(error)) from error
    for line in told(address, erased, searches):
        click.echo(harmless(line))
    return 0 if erased or searches else 1


def told(address: str, erased: dict[str, int], searches: int) -> list[str]:
    """Return what came of it, in words."""
    kinds = ", ".join(f"{count:,} in {kind}" for kind, count in sorted(erased.items()))
    done = f"{address} is erased; rows that named it: {kinds}" if erased else f"nothing in the lake names {address}"
    more = f"{looked.NAME}, which says who looked what up, names it no more: {plural(searches, 'line')} changed"
    return [done, more] if searches else [done]


def _searches(lake: Path, address: str, key: bytes) -> int:
    """Erase the address from what was looked up; return how many searches named it. Raises: TrackError."""
    names = [address, pseudonym(key, address)] if key else [address]
    try:
        return looked.erase(lake, names)
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise TrackError(f"{lake / looked.NAME} cannot be written, it may still name {address}: {why}") from error
