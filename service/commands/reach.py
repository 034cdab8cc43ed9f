"""Where the service of a command is: beside the store that a configuration names, or at --url. Errors are one line each.

Of the configuration no more is read than two paths: who asks how things are need not be able to read every secret that stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.values import Secret
    from service.control_client import Control

Command = TypeVar("Command", bound="Callable[..., Any]")
STORE, KEY = "mailsonde.db", "probe.key"  # where a configuration says nothing (config/running.py, config/settings.py)
OPTIONS = (
    click.option(
        "--config", "config_file", envvar=CONFIG_VARIABLE, metavar="FILE", help=f"The configuration [{CONFIG_FILE}; {CONFIG_VARIABLE}]."
    ),
    click.option("--url", metavar="URL", help="A service elsewhere: https://HOST:PORT (its console.listen)."),
    click.option("--token-file", metavar="FILE", help="--url: the token's file."),
    click.option("--token-env", metavar="NAME", help="--url: the environment variable that holds the token."),
)


@dataclass(frozen=True, slots=True)
class Where:
    """The options that say which service is meant."""

    config_file: str | None = None
    url: str | None = None
    token_file: str | None = None
    token_env: str | None = None
    zone: str | None = None  # in which times are meant and shown; None = as the configuration or the service says

    @property
    def file(self) -> str:
        """Return the configuration's file."""
        return self.config_file or CONFIG_FILE


def service_options(command: Command) -> Command:
    """Give a command the options that say which service is meant."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def refuse_mixtures(context: click.Context, where: Where) -> None:
    """Say which of these options mean nothing together. Raises: click.UsageError."""
    named = context.get_parameter_source("config_file") is click.core.ParameterSource.COMMANDLINE
    if where.url and named:
        raise click.UsageError("--config means the service on this host, --url one elsewhere: give one of them", context)
    if where.token_file and where.token_env:
        raise click.UsageError("--token-file and --token-env are two places for one token: give one", context)
    if not where.url and (where.token_file or where.token_env):
        option = "--token-file" if where.token_file else "--token-env"
        raise click.UsageError(f"{option} goes with --url: on its own host the service asks for no token", context)


# -- what a configuration says of places


@dataclass(frozen=True, slots=True)
class Places:
    """Files of a service."""

    file: Path  # the configuration
    store: Path
    key: Path | None  # that signs test messages; None = it is in no file


def places_of(file: str) -> Places:
    """Return where the files of a configuration are, whatever else is wrong with it. Raises: click.ClickException."""
    written, path = written_in(file), Path(file).absolute()
    store, key = _part(written, "store").get("path", STORE), _part(written, "identity").get("key", {"file": KEY})
    if not isinstance(store, str) or not isinstance(key, dict):
        raise _wrong(file)
    key_file = key.get("file")
    return Places(path, _path(path, store), _path(path, key_file) if isinstance(key_file, str) else None)


def written_in(file: str) -> dict[str, Any]:
    """Return what stands in a configuration, as text, lists and mappings. Raises: click.ClickException."""
    from config import nodes  # noqa: PLC0415 - `--help` needs none of it

    try:
        tree = nodes.read(Path(file).read_text("utf-8-sig"), file)
    except (OSError, UnicodeDecodeError):
        raise _wrong(file) from None
    if tree.problems or not tree.value or not isinstance(tree.value, dict):
        raise _wrong(file)
    return tree.value


def _part(written: dict[str, Any], name: str) -> dict[str, Any]:
    part = written.get(name)
    return part if isinstance(part, dict) else {}


def _path(file: Path, written: str) -> Path:
    return file.parent / Path(written).expanduser()


def _wrong(file: str) -> click.ClickException:
    """Return what is wrong with a configuration, in the words of who reads all of it."""
    from service.commands.gather import load_settings  # noqa: PLC0415 - only who is wrong pays for it

    try:
        load_settings(file)
    except click.ClickException as error:
        return error
    return click.ClickException(f"{file}: store.path or identity.key cannot be read: probe check-config {file}")


# -- the service itself


def control_of(where: Where) -> Control:
    """Return the service that is meant. Raises: click.ClickException."""
    from service.control_client import ControlError, at_socket, at_url, socket_of  # noqa: PLC0415 - `--help` needs none of it

    if not where.url:
        return at_socket(socket_of(places_of(where.file).store))
    try:
        return at_url(where.url, _token(where))
    except ControlError as error:
        raise click.UsageError(str(error)) from error


def _token(where: Where) -> Secret | None:
    """Return the token, None where none is given. Raises: click.UsageError."""
    if not where.token_file and not where.token_env:
        return None
    from config.secret_sources import Sources, secret  # noqa: PLC0415 - as above

    sources = Sources(Path.cwd())
    try:
        found = secret({"file": where.token_file} if where.token_file else {"env": where.token_env}, sources)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for warning in sources.warnings:
        click.echo(f"probe: warning: {warning}", err=True)
    return found
