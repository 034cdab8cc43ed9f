"""`probe check-config F`: every error of a configuration at once, or a summary of what it asks for. Exit code 0 or 2, never another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE
from service.report import plural

if TYPE_CHECKING:
    from config.settings import Settings
    from probe import Check, Journey

WRONG = 2
EXAMPLES = """\b
Examples:
  probe check-config mailsonde.yml
  probe check-config && systemctl reload mailsonde

\b
Each error stands in a line of its own: file:line:column: path: what is wrong,
what is allowed. Exit code: 0 it can be used, 2 it cannot.
"""


def summary(file: str, settings: Settings, checks: tuple[Check, ...], journeys: tuple[Journey, ...]) -> str:
    """Return what the configuration asks for, in one sentence."""
    counted = (
        (len(settings.domains), "domain"),
        (len(settings.servers), "server"),
        (len(checks), "check"),
        (len(journeys), "trip"),
        (len(settings.thresholds), "threshold"),
    )
    more = ", and the domains that discovery finds" if settings.discovery else ""
    return f"{file}: right: {', '.join(plural(count, noun) for count, noun in counted)}{more}"


@click.command("check-config", epilog=EXAMPLES)
@click.argument("file", required=False)
def command(file: str | None) -> int:
    """Say everything that is wrong with a configuration."""
    from config import ConfigErrors  # noqa: PLC0415 - `--help` needs none of it
    from config.load import load  # noqa: PLC0415 - as above

    name = file or os.environ.get(CONFIG_VARIABLE) or CONFIG_FILE
    try:
        settings = load(name)
    except ConfigErrors as wrong:
        click.echo(str(wrong), err=True)
        click.echo(f"{name}: {plural(len(wrong.problems), 'error')}", err=True)
        return WRONG
    return _tell(name, settings)


def _tell(name: str, settings: Settings) -> int:
    """Say what is odd about a right configuration, and what it asks for."""
    from config.plan import plan  # noqa: PLC0415 - an unreadable file needs no plan
    from service.rounds.round_plan import budgets_of  # noqa: PLC0415 - as above
    from service.rounds.shortfall import shortfalls  # noqa: PLC0415 - as above

    checks, journeys = plan(settings)
    warnings = [*settings.warnings, *(f"{name}: {says}" for says in shortfalls(checks, budgets_of(settings)))]
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    warned = f"; {plural(len(warnings), 'warning')}" if warnings else ""
    click.echo(f"{summary(name, settings, checks, journeys)}{warned}")
    return 0
