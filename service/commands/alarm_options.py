"""The options that the commands about incidents, silences, maintenance and telling share, and how they print."""

from __future__ import annotations

import json
import sys
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.commands.reach import Where, refuse_mixtures, service_options
from service.words import harmless, shown_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console

Command = TypeVar("Command", bound="Callable[..., Any]")
PLACES = ("config_file", "url", "token_file", "token_env", "zone")

form_option = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="For people, for programs."
)
zone_option = click.option("--zone", metavar="ZONE", help="Of times typed and shown: Europe/Berlin [the configuration's].")
by_option = click.option("--by", metavar="NAME", help="For whom you speak [who called sudo].")
SCENE = (
    click.option("--domain", default="*", metavar="GLOB", help="Of these domains."),
    click.option("--server", default="*", metavar="GLOB", help="Of these servers."),
    click.option("--site", default="*", metavar="GLOB", help="Seen from these sites."),
    click.option("--cause", default="*", metavar="GLOB", help="Of these causes: server:imap, domain:*, .."),
    click.option("--all", "everything", is_flag=True, help="Of all there is."),
)


def scene_options(command: Command) -> Command:
    """Give a command the options that say which incidents are meant."""
    for option in reversed(SCENE):
        command = option(command)
    return command


def reaching(command: Command) -> Command:
    """Give a command the options that say which service is meant, its format and the zone of its times."""
    return service_options(form_option(zone_option(command)))


def where_of(context: click.Context, words: dict[str, Any]) -> Where:
    """Take out of the options which service is meant, and show times in its zone from now on. Raises: click.ClickException."""
    where = Where(**{name: words.pop(name) for name in PLACES})
    refuse_mixtures(context, where)
    from service.commands.alarms_ask import zone_of  # noqa: PLC0415 - `--help` needs none of it

    zone = cache(partial(zone_of, where))
    context.with_resource(shown_in(zone))
    if where.zone:
        zone()  # one that is none is told before anything is done
    return where


def scene_of(context: click.Context, words: dict[str, Any]) -> dict[str, str]:
    """Take out of the options which incidents are meant; all of them are to be asked for by name. Raises: click.UsageError."""
    scene = {name: words.pop(name) for name in ("domain", "server", "site", "cause")}
    everything = words.pop("everything")
    narrowed = any(value != "*" for value in scene.values())
    if everything and narrowed:
        raise click.UsageError("--all means everything: leave out --domain, --server, --site and --cause, or --all", context)
    if not everything and not narrowed:
        raise click.UsageError("say of what: --domain, --server, --site or --cause; --all for everything", context)
    cause_of(context, scene["cause"])
    return scene


def cause_of(context: click.Context, written: str) -> str:
    """Return a cause as it was written. Raises: click.UsageError for a kind that there is not."""
    from console.api_scenes import known_cause  # noqa: PLC0415 - `--help` needs none of it

    try:
        return known_cause(written)
    except ValueError as error:
        raise click.UsageError(f"--cause: {error}", context) from None


def warned(made: Sequence[Mapping[str, Any]]) -> None:
    """Print what a service warns of that was just made: what of it fits nothing that it watches."""
    for one in made:
        for words in one.get("warnings", ()):
            click.echo(f"probe: warning: {harmless(words)}", err=True)


def show(form: str, said: object, draw: Callable[[Console], None]) -> None:
    """Print what was said as JSON, or have it drawn."""
    if form == "json":
        click.echo(json.dumps(said, indent=2 if sys.stdout.isatty() else None, allow_nan=False))
        return
    from service.show.table import make_console  # noqa: PLC0415 - for a screen alone

    draw(make_console())
