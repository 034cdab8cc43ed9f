"""Asks a service of its incidents, silences and windows for the commands; what only reads asks the store where no service runs.

Whatever goes wrong is one line that says what to do.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from service.commands.reach import control_of, places_of, written_in
from service.words import zone_shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from service.commands.reach import Where
    from service.control_client import Control
    from store.store import Store

Answer = TypeVar("Answer")
Shape = dict[str, Any]  # of console/api_shapes_alarms.py, as it came
PAGE = 500  # items that are asked for at once


@contextmanager
def told() -> Iterator[None]:
    """Turn what a service refuses, and that none runs, into the line that the screen shows."""
    from service.control_client import ControlError, NotRunning  # noqa: PLC0415 - `--help` needs none of it

    try:
        yield
    except NotRunning as error:
        raise click.ClickException(f"{error}: start it with `probe serve`") from error
    except ControlError as error:
        raise click.ClickException(str(error)) from error


def asked(where: Where, ask: Callable[[Control], Answer]) -> Answer:
    """Return what the service says. Raises: click.ClickException."""
    with told():
        return ask(control_of(where))


def done(where: Where, path: str, /, **body: object) -> Shape:
    """Have the service do something, and return what came of it. Raises: click.ClickException."""
    answer: Shape = asked(where, lambda control: control.post(path, **body))
    return answer


def read(where: Where, ask: Callable[[Control], Answer], remembered: Callable[[Store], Awaitable[Answer]]) -> Answer:
    """Return what the service says, or, where none runs on this host, what its store remembers. Raises: click.ClickException."""
    from service.commands.loop import run_loop  # noqa: PLC0415 - as above
    from service.control_client import NotRunning  # noqa: PLC0415 - as above

    with told():
        try:
            return ask(control_of(where))
        except NotRunning:
            path = places_of(where.file).store
            if not path.is_file():
                raise
    click.echo("probe: the service does not run; this is what its store remembers", err=True)
    return run_loop(_from(path, remembered))


async def _from(path: Path, remembered: Callable[[Store], Awaitable[Answer]]) -> Answer:
    from service.commands.thresholds_input import opened  # noqa: PLC0415 - as above

    async with opened(path) as store:
        return await remembered(store)


# -- times


def zone_of(where: Where) -> ZoneInfo:
    """Return the zone in which times are shown, and meant where they name none. Raises: click.ClickException.

    It is that of --zone, else the configuration's, which a service elsewhere tells; of one too old to tell it UTC.
    """
    if where.zone:
        return _named(where.zone)
    name = asked(where, lambda control: control.get("/status")).get("timezone") if where.url else written_in(where.file).get("timezone")
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError, TypeError):
        return ZoneInfo("UTC")


def _named(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise click.UsageError(f"--zone: `{zone}` is no time zone; one looks like Europe/Berlin, or UTC") from None


def time_to_come(option: str, written: str | None, where: Where) -> str | None:
    """Return a time to come as the service wants it; None where none is given. Raises: click.UsageError."""
    from service.commands.times import to_come  # noqa: PLC0415 - as above

    return _time(option, written, where, to_come)


def time_past(option: str, written: str | None, where: Where) -> str | None:
    """Return any time as the service wants it; a duration is so long ago. Raises: click.UsageError."""
    from service.commands.times import moment  # noqa: PLC0415 - as above

    return _time(option, written, where, moment)


def route_time(option: str, written: str | None, where: Where) -> str | None:
    """Return a time at which something is supposed to happen: any exact one, or so long from now. Raises: click.UsageError."""
    from config.scalars import DURATION  # noqa: PLC0415 - as above

    ahead = written is not None and DURATION.fullmatch(written.strip())
    return time_to_come(option, written, where) if ahead else time_past(option, written, where)


def _time(option: str, written: str | None, where: Where, meaning: Callable[[str, ZoneInfo, datetime], datetime]) -> str | None:
    if written is None:
        return None
    from probe.clock import utc_now  # noqa: PLC0415 - as above

    try:
        return meaning(written, zone_shown() or zone_of(where), utc_now()).astimezone(UTC).isoformat()
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from error


# -- what the commands share


def speaker(by: str | None) -> str | None:
    """Return for whom the caller speaks: as he says, else who became root to call this."""
    from os import environ  # noqa: PLC0415 - as above

    return by or environ.get("SUDO_USER") or None
