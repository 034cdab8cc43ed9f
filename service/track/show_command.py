"""`probe track show`: one message's whole way, as a waterfall; by its Message-ID, by a server's id of it, or by a flow's."""

from __future__ import annotations

from typing import Any

import click

from service.track.options import lake_of, placed, scope_of

EXAMPLES = """\b
Examples:
  probe track show '<20261120080000.1234@mail.abc.example>'
  probe track show 4jW76S0sf8zRhS4           a queue id, or any server's id of it
  probe track show f40b9137 --lines          a flow as `probe track find` lists it

\b
Times are corrected by each server's clock, and shown in --zone, else in the
configuration's timezone, else in UTC.
Between the servers stands the rule that tied them, and how sure it is.
Of a test message of ours the prober's own part is shown before and after the
servers', where a configuration (--config) says in which store it is.
Who looked for what is recorded in the lake (looked.jsonl).
"""


@click.command("show", epilog=EXAMPLES)
@click.argument("id_", metavar="ID")
@placed
@click.option("--lines", "with_lines", is_flag=True, help="Print the raw lines of the logs too.")
@click.option("--limit", type=click.IntRange(1), default=5, show_default=True, help="The ways of so many recipients.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="For people, for programs."
)
def command(*, id_: str, lake: str | None, config_file: str | None, domains: tuple[str, ...], form: str, **words: Any) -> int:
    """Show one message's whole way: its hops, links, delays, and the lines that prove it."""
    from service.track.show import Asked, run  # noqa: PLC0415 - `--help` needs none of it

    return run(Asked(id_.strip(), lake_of(lake, config_file), scope_of(domains), config_file, **words), form)
