"""`probe track erase`: one person's traces out of the lake, for good. Asks first; what stands in the logs is not ours to erase."""

from __future__ import annotations

import sys

import click

from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE
from service.track.options import LAKE, LAKE_VARIABLE, lake_of

EXAMPLES = """\b
Examples:
  probe track erase anna@abc.example
  probe track erase anna@abc.example --pseudonym-key pseudonyms.key --yes

\b
The address becomes erased@abc.example wherever it stands; its plus addresses and
its SRS and VERP forms too. Raw lines that name it go whole, and the subjects of
its messages. Delete the logs that it stands in as well: an import of a log that
the lake does not know yet brings it back. A service that follows logs into this
lake has to be stopped for it. Exit code: 0, or 1 where nothing named it.
"""


@click.command("erase", epilog=EXAMPLES)
@click.argument("address")
@click.option("--lake", envvar=LAKE_VARIABLE, metavar="FOLDER", help=f"[as the configuration says, else {LAKE}; {LAKE_VARIABLE}]")
@click.option("--config", "config_file", envvar=CONFIG_VARIABLE, metavar="FILE", help=f"Its tracking.lake is meant [{CONFIG_FILE}].")
@click.option("--pseudonym-key", "key_file", metavar="FILE", help="The key of the lake's pseudonyms, if it has some.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def command(address: str, lake: str | None, config_file: str | None, key_file: str | None, yes: bool) -> int:
    """Erase one person's traces from the lake, for good."""
    from service.track.erase_work import run  # noqa: PLC0415 - `--help` needs none of it

    folder = lake_of(lake, config_file)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here: --yes erases without asking")
        click.confirm(f"Erase {address!r} from {folder}? It cannot be undone", abort=True)
    return run(folder, address, key_file)
