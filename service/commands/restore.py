"""`probe restore FILE --into FOLDER`: puts a backup into a folder and says what is to be done before it can be served from there."""

from __future__ import annotations

from pathlib import Path

import click

EXAMPLES = """\b
Examples:
  probe restore saved.tar --into /srv/mailsonde
  probe restore saved.tar --into /var/lib/mailsonde --force

\b
The folder must be empty or new, unless --force replaces what is there; a store
that a service holds is never replaced. The backup is looked through first: one
that is damaged, not whole or of a newer Mailsonde leaves the folder as it was.
Exit code: 0 restored, 3 not restored.
"""


@click.command("restore", epilog=EXAMPLES)
@click.argument("file")
@click.option("--into", "folder", required=True, metavar="FOLDER", help="Where to put it.")
@click.option("--force", is_flag=True, help="Replace files of the same names.")
def command(file: str, folder: str, force: bool) -> int:
    """Put store, key and configuration of a backup into a folder."""
    from service.commands.backup_work import bring_back  # noqa: PLC0415 - `--help` needs none of it
    from service.commands.loop import run_loop  # noqa: PLC0415 - as above
    from service.commands.restore_words import told  # noqa: PLC0415 - as above

    placed = run_loop(bring_back(Path(file), Path(folder), force=force))
    for line in told(file, [path.absolute() for path in placed]):
        click.echo(line)
    return 0
