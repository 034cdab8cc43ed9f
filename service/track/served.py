"""Asks the running service about a lake: whether it follows logs into it, and to import paths, for a lake has one writer.

A service that does not run, or that writes another lake, is no hindrance: then the command writes the lake itself.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.commands.options import CONFIG_FILE
from service.commands.reach import Where, control_of
from service.control_client import Control, ControlError, NotRunning
from tracking.importing_values import FileReport, Progress, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.track.import_work import Wanted

ASK_SECONDS = 0.3  # between two questions how far it is
JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Served:
    """A running service that follows logs into the lake that is meant."""

    control: Control
    standing: JSON  # of tracking, as it is now


def served(lake: Path, config_file: str | None) -> Served | None:
    """Return the service that writes this lake; None where none does. Raises: click.ClickException."""
    if config_file is None and not Path(CONFIG_FILE).is_file():
        return None
    try:
        control = control_of(Where(config_file))
        standing = control.get("/tracking")
    except NotRunning:
        return None
    except ControlError as error:
        if error.status == 404:  # one of an older version, which follows nothing
            return None
        raise click.ClickException(str(error)) from error
    mine = standing["following"] and os.path.realpath(standing["lake"]) == os.path.realpath(lake)
    return Served(control, standing) if mine else None


def hand_over(to: Served, wanted: Wanted, tell: Callable[[Progress], None]) -> Report:
    """Have the service import, and wait for it. Raises: click.ClickException."""
    try:
        asked = to.control.post("/tracking/imports", **_order(wanted))["id"]
        while True:
            news = to.control.get(f"/tracking/imports/{asked}")
            if news["failed"]:
                raise click.ClickException(str(news["failed"]))
            if news["report"] is not None:
                return _report(news["report"])
            tell(Progress(news["doing"], news["done_bytes"], news["total_bytes"], news["lines"]))
            time.sleep(ASK_SECONDS)
    except ControlError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("probe: the service goes on with it: `probe track status` shows when it is done", err=True)
        raise


def _order(wanted: Wanted) -> JSON:
    """Return what is asked of the service: places as it sees them, which may stand elsewhere."""
    return {
        "paths": [os.path.abspath(path) for path in wanted.paths],  # noqa: PTH100 - resolve() would follow links, and globs are no files
        "format": wanted.form,
        "options": wanted.dates or wanted.options,
        "server": wanted.server,
        "group": wanted.group,
        "timezone": wanted.timezone,
        "year": wanted.year,
        "private": wanted.key_file is not None or wanted.subjects != "keep",
    }


def _report(told: JSON) -> Report:
    files = [FileReport(**one) for one in told["files"]]
    return Report(files, [(path, why) for path, why in told["refused"]], told["flows"], told["seconds"])
