"""What the command line's words mean: durations, and where a password is read from. Errors name the option and what it takes."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe import Secret

CONFIG_FILE = "mailsonde.yml"
CONFIG_VARIABLE = "MAILSONDE_CONFIG"
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command line of `probe run`."""

    url: str | None
    config_file: str | None
    domains: Sequence[str]
    servers: Sequence[str]
    kinds: Sequence[str]
    no_trip: bool
    wait_seconds: float | None
    talk: bool
    watch: bool
    every_seconds: float | None
    form: str
    everything: bool
    like: str | None
    password_file: str | None
    password_env: str | None
    ca_file: str | None
    insecure: bool
    timeout_seconds: float | None


def as_seconds(_context: click.Context, _parameter: click.Parameter, written: str | None) -> float | None:
    """Return a duration written as in the configuration (`500ms`, `30s`, `5m`) in seconds; None where none is given."""
    if written is None:
        return None
    from config.scalars import span  # noqa: PLC0415 - only who gives a duration pays for its grammar

    try:
        return span(written)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def read_password(file: str | None, variable: str | None) -> Secret | None:
    """Return the password from --password-file or --password-env, None where neither is given. Raises: click.UsageError."""
    if file and variable:
        raise click.UsageError("--password-file and --password-env are two places for one password: give one")
    if file == STANDARD_INPUT:
        return _from_standard_input()
    if not file and not variable:
        return None
    from config.secret_sources import Sources, secret  # noqa: PLC0415 - only who gives a password pays for it

    sources = Sources(Path.cwd(), os.environ)
    try:
        found = secret({"file": file} if file else {"env": variable}, sources)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for warning in sources.warnings:
        click.echo(f"probe: warning: {warning}", err=True)
    return found


def _from_standard_input() -> Secret:
    from probe.values import Secret  # noqa: PLC0415 - as above

    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError("--password-file - reads one line from standard input, and none came")
    return Secret(line)
