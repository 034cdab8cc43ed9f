"""Does `probe track erase`: as the lake's one writer; says how many rows named the address, and what is left to do by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.track.import_work import key_of, now
from service.words import harmless
from tracking.errors import TrackError
from tracking.lake.erase import erase
from tracking.lake.privacy import Privacy, agree
from tracking.lake.reader import exists
from tracking.lake.write import Writer
from tracking.look.looked import NAME

if TYPE_CHECKING:
    from pathlib import Path


def run(lake: Path, address: str, key_file: str | None) -> int:
    """Erase; print what came of it; return the exit code. Raises: click.ClickException."""
    try:
        exists(lake)
        key = key_of(key_file)
        pen = Writer(lake, "probe track erase", now)
        try:
            agree(pen.manifest.settings.get("privacy"), Privacy(key))
            erased = erase(pen, address, key)
        finally:
            pen.close()
    except TrackError as error:
        raise click.ClickException(str(error)) from error
    for line in told(address, erased, _looked(lake, address)):
        click.echo(harmless(line))
    return 0 if erased else 1


def told(address: str, erased: dict[str, int], looked: int) -> list[str]:
    """Return what came of it, in words."""
    kinds = ", ".join(f"{count:,} in {kind}" for kind, count in sorted(erased.items()))
    done = f"{address} is erased; rows that named it: {kinds}" if erased else f"nothing in the lake names {address}"
    more = f"{NAME} still names it ({looked} lines): who looked it up, and when; that record is yours to shorten"
    return [done, more] if looked else [done]


def _looked(lake: Path, address: str) -> int:
    """Count how often somebody looked for the address."""
    try:
        text = (lake / NAME).read_text("utf-8", "replace")
    except OSError:
        return 0
    return sum(address.lower() in line.lower() for line in text.splitlines())
