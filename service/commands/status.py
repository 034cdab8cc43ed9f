"""`probe status`: what the running service says now, to be read in ten seconds. It asks the service alone, and opens no store."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from service.commands.alarm_options import where_of, zone_option
from service.commands.reach import Where, control_of, service_options

if TYPE_CHECKING:
    from service.show.status_ask import Status

EXAMPLES = """\b
Examples:
  probe status                                   of the service of mailsonde.yml
  probe status --bad                             nothing, as long as all is well
  probe status --format json | jq .level
  probe status --url https://mon.isp.example:8025 --token-file token

\b
What is not OK stands below the headline, the worst first. JSON holds all checks,
with --bad those alone that are not OK.
Exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, or the service does not run.
"""


@click.command("status", epilog=EXAMPLES)
@service_options
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="For people, for programs."
)
@click.option("--bad", is_flag=True, help="Only what is not OK, without a headline.")
@zone_option
@click.pass_context
def command(context: click.Context, /, form: str, bad: bool, **words: Any) -> int:
    """Show what the running service says now."""
    where = where_of(context, words)
    status = _asked(where, every=form == "json" and not bad)
    if form == "json":
        click.echo(as_json(status, bad=bad))
    else:
        _print(status, headline=not bad)
    return status.exit_code


def _asked(where: Where, *, every: bool) -> Status:
    """Return what the service says. Raises: click.ClickException."""
    from service.control_client import ControlError, NotRunning  # noqa: PLC0415 - `--help` needs none of it
    from service.show.status_ask import ask  # noqa: PLC0415 - as above

    try:
        return ask(control_of(where), every=every)
    except NotRunning as error:
        raise click.ClickException(f"{error}: start it with `probe serve`") from error
    except ControlError as error:
        raise click.ClickException(str(error)) from error


def as_json(status: Status, *, bad: bool) -> str:
    """Return the status as one object: the service's own words, with its level beside them."""
    journeys = [one for one in status.journeys if not bad or one["level"] != "OK"]
    whole = {"level": status.level.name, "service": status.service, "checks": status.checks, "trips": journeys}
    return json.dumps(whole, indent=2 if sys.stdout.isatty() else None, allow_nan=False)


def _print(status: Status, *, headline: bool) -> None:
    from probe.clock import utc_now  # noqa: PLC0415 - for a screen alone
    from service.show.status_show import print_status  # noqa: PLC0415 - as above
    from service.show.table import make_console  # noqa: PLC0415 - as above

    print_status(status, make_console(), utc_now(), headline=headline)
