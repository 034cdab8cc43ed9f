"""`probe track import`: files, folders, globs and packed files of logs into the lake. Needs no configuration."""

from __future__ import annotations

from typing import Any

import click

from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE
from service.track.options import LAKE, LAKE_VARIABLE, lake_of

EXAMPLES = """\b
Examples:
  probe track import /var/log/mail.log*
  probe track import --server hub1 --timezone Europe/Berlin logs/hub1/
  probe track import --format exchange 'MSGTRK*.LOG'
  probe track status

\b
What was read before is known again under any name, packed or not, and is not
read twice: run it as often as you like, and again after it was interrupted.
Exit code: 0 all was read, 1 some paths could not be read, 3 none could.
"""

lake_option = click.option(
    "--lake", envvar=LAKE_VARIABLE, metavar="FOLDER", help=f"[as the configuration says, else {LAKE}; {LAKE_VARIABLE}]"
)
config_option = click.option(
    "--config", "config_file", envvar=CONFIG_VARIABLE, metavar="FILE", help=f"Its tracking.lake is meant [{CONFIG_FILE}]."
)


@click.command("import", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH..")
@lake_option
@config_option
@click.option("--format", "form", default="auto", show_default=True, metavar="NAME", help="What wrote the logs: postfix, exchange, ..")
@click.option("--server", default="", metavar="NAME", help="Whose logs they are [as the lines say].")
@click.option("--group", default="", metavar="NAME", help="The group of servers they belong to.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="Of stamps that name none: Europe/Berlin.")
@click.option("--year", type=int, metavar="YEAR", help="Of stamps without one [as the file's date says].")
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), help="Of exports' stamps like 05/11/2026 [told apart].")
@click.option("--options", default="", metavar="TEXT", help="What the format wants: the expression of `generic`.")
@click.option("--memory", default="1GiB", show_default=True, metavar="SIZE", help="How much memory it may take.")
@click.option("--pseudonym-key", "key_file", metavar="FILE", help="Keep no addresses, but names for them, made with this key.")
@click.option("--subjects", type=click.Choice(["keep", "pseudonym", "drop"]), default="keep", show_default=True, help="Kept or not.")
def command(paths: tuple[str, ...], lake: str | None, config_file: str | None, form: str, **words: Any) -> int:
    """Read servers' logs into the lake, and follow each message through them.

    Where `probe serve` follows logs into this lake, it does the work: a lake has
    one writer.
    """
    from service.track.import_work import Wanted, run  # noqa: PLC0415 - `--help` needs none of it

    return run(Wanted(paths, lake_of(lake, config_file), form, **words, config_file=config_file))
