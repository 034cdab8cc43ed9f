"""From the command line of `probe run` to the work that it means: out of a configuration (and its directory), or of one URL.

The border at which what is wrong with either becomes one line for the user.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING

import click

from probe.kinds import KINDS
from probe.values import Endpoint
from service.addresses import spread
from service.commands.options import CONFIG_FILE, read_password
from service.rounds.work import NothingSelected, Selection, Work, select
from service.words import harmless
from thresholds.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config import ConfigErrors
    from config.plan import Discovered
    from config.settings import Settings
    from service.commands.options import Wanted

WARNINGS = 20  # lines that a run may begin with
IN_CLEAR = "warning: the password goes over the network in clear; {kind}+starttls:// or {kind}s:// protects it"


async def gather(wanted: Wanted) -> Work:
    """Return what the command line wants done. Raises: click.ClickException with one line for the user."""
    return from_url(wanted, wanted.url) if wanted.url else await from_config(wanted)


def from_url(wanted: Wanted, url: str) -> Work:
    """Return the one check that the URL means. Raises: click.UsageError."""
    from service.commands.url import BadUrl, Terms, check_of  # noqa: PLC0415 - a configuration needs none of it

    password = read_password(wanted.password_file, wanted.password_env)
    if wanted.ca_file and not Path(wanted.ca_file).is_file():
        raise click.UsageError(f"there is no file {wanted.ca_file}: --ca-file takes a file of certificates (PEM)")
    terms = Terms(password, wanted.ca_file, not wanted.insecure, wanted.timeout_seconds or 10.0)
    try:
        check = check_of(url, terms)
    except BadUrl as error:
        raise click.UsageError(str(error)) from error
    if password is not None and check.endpoint.security.value == "none":
        click.echo(f"probe: {IN_CLEAR.format(kind=check.kind)}", err=True)
    return Work((check,), site=gethostname())


async def from_config(wanted: Wanted) -> Work:
    """Return the selected part of what the configuration asks for. Raises: click.ClickException."""
    _refuse_unknown_kinds(wanted.kinds)
    settings = load_settings(wanted.config_file or CONFIG_FILE)
    warn(settings.warnings)
    chosen = Selection(wanted.domains, wanted.servers, wanted.kinds, trips=not wanted.no_trip)
    try:
        return _signed(select(await _planned(settings, wanted.wait_seconds), chosen), settings)
    except NothingSelected as error:
        raise click.ClickException(str(error)) from error


async def one_check(file: str, name: str) -> Work:
    """Return the one check of this name. Raises: click.ClickException, also where the configuration has none of it."""
    settings = load_settings(file)
    warn(settings.warnings)
    work = await _planned(settings, None)
    checks = tuple(check for check in work.checks if check.name == name)
    if not checks:
        raise click.ClickException(f"{name} is configured no more, so there is nothing to repeat: {file} has no such check")
    return _signed(replace(work, checks=checks, journeys=()), settings)


def _refuse_unknown_kinds(kinds: Sequence[str]) -> None:
    """Raise click.UsageError for what is no kind: `imaps` is a way to speak one."""
    from config.errors import did_you_mean, listed  # noqa: PLC0415 - as below

    for kind in kinds:
        if kind not in KINDS:
            raise click.UsageError(f"--kind {kind}: the kinds are {listed(KINDS, 'and')}{did_you_mean(kind, KINDS)}")


def load_settings(file: str) -> Settings:
    """Return the settings in a file. Raises: click.ClickException with the first of what is wrong."""
    from config import ConfigErrors  # noqa: PLC0415 - pydantic costs 80 ms; a URL needs none of it
    from config.load import load  # noqa: PLC0415 - as above

    try:
        return load(file)
    except ConfigErrors as wrong:
        raise click.ClickException(_first(wrong, file)) from wrong


def _first(wrong: ConfigErrors, file: str) -> str:
    """Return the first error in one line, and how to see the others."""
    others = len(wrong.problems) - 1
    return f"{wrong.problems[0]}{f' (and {others} more: probe check-config {file})' if others else ''}"


async def _planned(settings: Settings, wait_seconds: float | None) -> Work:
    """Return all the work of a configuration, its directory asked and its addresses looked up."""
    from config.plan import plan  # noqa: PLC0415 - as above

    resolver = Endpoint(settings.resolver.host, settings.resolver.port) if settings.resolver else None
    checks, journeys = plan(settings, await _discovered(settings, resolver))
    each = {name for name, server in settings.servers.items() if server.addresses == "each"}
    return Work(
        checks=await spread(checks, each, resolver),
        journeys=journeys,
        limits=Limits(settings.limits),
        site=settings.site,
        resolver=resolver,
        ledger=settings.store.path.with_suffix(".trips"),
        every_seconds=settings.checks.every_seconds,
        wait_seconds=wait_seconds,
    )


async def _discovered(settings: Settings, resolver: Endpoint | None) -> tuple[Discovered, ...]:
    """Return the domains that the directory knows, where the configuration asks it. Raises: click.ClickException."""
    if settings.discovery is None:
        return ()
    from probe.wire import Wire  # noqa: PLC0415 - as above
    from service.discovery import NotDiscovered, discover  # noqa: PLC0415 - as above

    wire = Wire(resolver)
    try:
        found, warnings = await discover(settings, wire)
    except NotDiscovered as error:
        raise click.ClickException(str(error)) from error
    finally:
        await wire.close()
    warn(warnings)
    return found


def warn(warnings: Sequence[str]) -> None:
    """Say the first few warnings, and how many more there are."""
    for warning in warnings[:WARNINGS]:
        click.echo(f"probe: warning: {harmless(warning)}", err=True)
    if len(warnings) > WARNINGS:
        click.echo(f"probe: warning: and {len(warnings) - WARNINGS:,} more", err=True)


def _signed(work: Work, settings: Settings) -> Work:
    """Return the work with the key that signs its test messages, where it sends any. Raises: click.ClickException."""
    if not work.journeys and all(check.send != "message" for check in work.checks):
        return work
    from service.identity import NoKey, signing_key  # noqa: PLC0415 - as above

    try:
        return replace(work, key=signing_key(settings.identity.key))
    except NoKey as error:
        raise click.ClickException(str(error)) from error
