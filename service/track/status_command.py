"""`probe track status`: how far each log is read, how old its last line is, what was not understood, and the history of imports."""

from __future__ import annotations

import click

from service.track.import_command import config_option, lake_option
from service.track.options import lake_of, zone_option

EXAMPLES = """\b
Examples:
  probe track status
  probe track status --format json | jq '.files[] | select(.unparsed > 0)'

\b
Where a service follows logs into this lake, it says how far it is with each source.
"""


@click.command("status", epilog=EXAMPLES)
@lake_option
@config_option
@zone_option
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="For people, for programs."
)
@click.option("--all", "every", is_flag=True, help="List every file and every import.")
def command(lake: str | None, config_file: str | None, form: str, every: bool) -> int:
    """Say how far each log is read, what was not understood, and what was imported."""
    from service.track.status import run  # noqa: PLC0415 - `--help` needs none of it

    return run(lake_of(lake, config_file), form, config_file, every=every)
