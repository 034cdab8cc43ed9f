"""What the commands that look into a lake begin with: which lake, which domains, which span of time; and that looking is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE, as_seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from thresholds.scope import Scope
    from tracking.look.find import Wanted

Command = TypeVar("Command", bound="Callable[..., Any]")
LAKE, LAKE_VARIABLE = "lake", "MAILSONDE_LAKE"
zone_option = click.option(
    "--zone",
    metavar="ZONE",
    expose_value=False,
    callback=lambda context, _, zone: _zoned(context, zone),
    help="Of times typed and shown: Europe/Berlin [the configuration's, else UTC].",
)
PLACE = (
    click.option("--lake", envvar=LAKE_VARIABLE, metavar="FOLDER", help=f"[as the configuration says, else {LAKE}; {LAKE_VARIABLE}]"),
    click.option(
        "--config", "config_file", envvar=CONFIG_VARIABLE, metavar="FILE", help=f"Its tracking.lake is looked into [{CONFIG_FILE}]."
    ),
    click.option("--domain", "domains", multiple=True, metavar="NAME", help="See only what touches it, as its administrator may."),
    click.option("--pseudonym-key", "key_file", metavar="FILE", help="The key of the lake's pseudonyms, if it has some."),
    zone_option,
)
SEARCH = (
    click.option("--message-id", default="", metavar="ID", help="With or without its brackets."),
    click.option("--sender", default="", metavar="ADDRESS", help="Of the envelope; <> is the null sender. * and ? stand for letters."),
    click.option("--recipient", default="", metavar="ADDRESS", help="The final one, or one on the way to it."),
    click.option("--subject", default="", metavar="TEXT", help="A part of it, where the logs have it."),
    click.option("--server", default="", metavar="NAME", help="Through this server."),
    click.option("--outcome", "outcomes", multiple=True, metavar="NAME", help="delivered, relayed, bounced, rejected, deferred, .."),
    click.option("--since", metavar="TIME", help="Entered then or later."),
    click.option("--until", metavar="TIME", help="Entered before."),
    click.option("--min-delay", "least_seconds", metavar="DURATION", callback=as_seconds, help="At least so long end to end: 500ms, 5m."),
    click.option("--probe/--no-probe", default=None, help="Our own test messages alone, or none of them."),
)


def placed(command: Command) -> Command:
    """Give a command the options that say which lake, and what of it."""
    for option in reversed(PLACE):
        command = option(command)
    return command


def searching(command: Command) -> Command:
    """Give a command the options that say which flows."""
    for option in reversed(SEARCH):
        command = option(command)
    return command


def written(config_file: str | None) -> dict[str, Any]:
    """Return what stands in the configuration: in the one that is named, or in the usual place; nothing where there is none."""
    if config_file is None and not Path(CONFIG_FILE).is_file():
        return {}
    from service.commands.reach import written_in  # noqa: PLC0415 - `--help` needs none of it

    return written_in(config_file or CONFIG_FILE)


def lake_of(lake: str | None, config_file: str | None) -> Path:
    """Return the lake's folder: as told, as the configuration says, or `lake` here."""
    if lake:
        return Path(lake)
    tracking = written(config_file).get("tracking")
    if not isinstance(tracking, dict):
        return Path(LAKE)
    return Path(config_file or CONFIG_FILE).parent / Path(str(tracking.get("lake", LAKE))).expanduser()


def zone_meant(config_file: str | None, zone: str | None) -> ZoneInfo:
    """Return the zone of times that name none: as told, else the configuration's, else UTC. Raises: click.ClickException."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    try:
        return ZoneInfo(zone or str(written(config_file).get("timezone") or "UTC"))
    except (KeyError, ValueError, OSError):
        if zone:
            raise click.UsageError(f"--zone: `{zone}` is no time zone; one looks like Europe/Berlin, or UTC") from None
        return ZoneInfo("UTC")


def _zoned(context: click.Context, zone: str | None) -> None:
    """Show times in that zone from now on; which it is, is read when the first is shown. Raises: click.UsageError."""
    from functools import cache  # noqa: PLC0415 - as above

    from service.words import shown_in  # noqa: PLC0415 - as above

    meant = cache(lambda: zone_meant(context.params.get("config_file"), zone))
    context.with_resource(shown_in(meant))
    if zone:
        meant()  # one that is none is told before anything is done


def scope_of(domains: tuple[str, ...]) -> Scope:
    """Return what may be seen: everything, or what touches these domains."""
    from thresholds.scope import EVERYTHING, Scope  # noqa: PLC0415 - as above

    return Scope(frozenset(domain.lower().rstrip(".") for domain in domains)) if domains else EVERYTHING


def wanted_of(config_file: str | None, since: str | None, until: str | None, **words: Any) -> Wanted:
    """Return which flows are asked for. Raises: click.UsageError for a time that is none."""
    from tracking.look.find import Wanted  # noqa: PLC0415 - as above

    begin, end = _time("--since", since, config_file), _time("--until", until, config_file)
    if begin and end and begin >= end:
        raise click.UsageError(f"--since {since} is not before --until {until}")
    return Wanted(since=begin, until=end, **words)


def _time(option: str, text: str | None, config_file: str | None) -> datetime | None:
    if text is None:
        return None
    from probe.clock import utc_now  # noqa: PLC0415 - as above
    from service.commands.times import moment  # noqa: PLC0415 - as above
    from service.words import zone_shown  # noqa: PLC0415 - as above

    try:
        return moment(text, zone_shown() or zone_meant(config_file, None), utc_now())
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from error


def record(lake: Path, what: str, asked: dict[str, Any]) -> None:
    """Write down who looks what up; where the lake takes it not, say so and let him look."""
    from getpass import getuser  # noqa: PLC0415 - as above
    from os import environ  # noqa: PLC0415 - as above

    from probe.clock import utc_now  # noqa: PLC0415 - as above
    from tracking.errors import TrackError  # noqa: PLC0415 - as above
    from tracking.lake.reader import exists  # noqa: PLC0415 - as above
    from tracking.look import looked  # noqa: PLC0415 - as above

    try:
        exists(lake)
        looked.forget(lake, utc_now())
        looked.record(lake, utc_now(), environ.get("SUDO_USER") or getuser(), {"what": what, **asked})
    except TrackError:
        return  # whoever opens it says so
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        click.echo(f"probe: warning: that you look is not recorded: {lake / looked.NAME}: {why}", err=True)
