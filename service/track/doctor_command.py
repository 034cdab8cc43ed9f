"""`probe track doctor`: what logs do not tell, and the commands that make their servers tell it. Needs no lake and keeps nothing."""

from __future__ import annotations

import click

from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE

EXAMPLES = """\b
Examples:
  probe track doctor                                the configured sources, else the usual places
  probe track doctor /var/log/mail.log* /var/log/dovecot.log
  probe track doctor --server hub1 '//hub1/c$/.../MessageTracking'
  probe track doctor --format json | jq '.sources[].findings[]'

\b
It looks at the first and the last 2,000 lines of each log's newest files.
critical: nothing of it can be followed; warning: some messages cannot, or not
surely; hint: it could be told better. Commands are printed, never run.
Exit code: 0, or 1 where something is critical or a warning.
"""


@click.command("doctor", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]..")
@click.option(
    "--config",
    "config_file",
    envvar=CONFIG_VARIABLE,
    metavar="FILE",
    help=f"Look at its tracking.sources [{CONFIG_FILE}; {CONFIG_VARIABLE}].",
)
@click.option("--server", default="", metavar="NAME", help="Whose logs the paths are [as the lines say].")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="Of the paths' stamps that name none.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="For people, for programs."
)
def command(paths: tuple[str, ...], config_file: str | None, server: str, timezone: str, form: str) -> int:
    """Say what the servers' logs do not tell, and the commands that change it."""
    from service.track.doctor_show import show  # noqa: PLC0415 - `--help` needs none of it
    from service.track.doctor_work import configured, named, run, usual  # noqa: PLC0415 - as above

    sources = [named(paths, server, timezone)] if paths else configured(config_file) or usual()
    blocks = run(sources)
    return show(blocks, form)
