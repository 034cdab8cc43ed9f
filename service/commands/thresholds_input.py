"""What the commands about thresholds begin with: the configuration, the times on the command line, the store. Errors are one line each."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from service.commands.gather import load_settings, warn
from service.commands.options import CONFIG_FILE
from service.commands.times import moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from config.settings import Settings
    from store.store import Store


def settings_of(file: str | None) -> Settings:
    """Return the settings, their warnings said. Raises: click.ClickException."""
    settings = load_settings(file or CONFIG_FILE)
    warn(settings.warnings)
    return settings


def time_of(option: str, written: str, settings: Settings, now: datetime) -> datetime:
    """Return a time that an option gives, by the configuration's zone where it names none. Raises: click.UsageError."""
    try:
        return moment(written, settings.timezone, now)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from error


def times_of(since: str, until: str, settings: Settings, now: datetime) -> tuple[datetime, datetime]:
    """Return a span of time. Raises: click.UsageError also when it holds none."""
    begin, end = time_of("--since", since, settings, now), time_of("--until", until, settings, now)
    if begin >= end:
        raise click.UsageError(f"--since {since} is not before --until {until}")
    return begin, end


def timeouts_of(settings: Settings) -> Mapping[str, float]:
    """Return the deadline of each server's checks, in seconds."""
    common = settings.checks.timeout_seconds
    return {name: server.timeout_seconds or common for name, server in settings.servers.items()}


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    """Open a store that must exist, or a copy of one that a running service holds, and close it. Raises: click.ClickException."""
    from store.store import Store, StoreError  # noqa: PLC0415 - only who asks it pays for it

    if not path.is_file():  # noqa: ASYNC240 - once, before anything runs
        raise click.ClickException(f"there is no store {path}: `probe serve` makes it, and fills it; or name another with --store")
    with TemporaryDirectory(prefix="mailsonde-") as folder:
        try:
            copy = await asyncio.to_thread(_copied, path, Path(folder))
            store = await Store.open(copy or path)
        except StoreError as error:
            raise click.ClickException(f"{error} (a copy made by `probe backup` can be asked with --store)") from error
        try:
            yield store
        except StoreError as error:
            raise click.ClickException(str(error)) from error
        finally:
            await store.close()


def _copied(path: Path, folder: Path) -> Path | None:
    """Have the service that holds this store copy it, and return the copy; None = no service runs, or it cannot write where we can read."""
    from service.control_client import ControlError, at_socket  # noqa: PLC0415 - as above
    from store.backup import restore  # noqa: PLC0415 - as above

    archive = folder / "copy.tar"
    try:
        at_socket(path.with_suffix(".sock")).post("/backup", path=str(archive))
    except ControlError:
        return None
    return restore(archive, folder / "copy")[0] if archive.exists() else None
