"""`probe backup FILE`: asks the service to pack its store, key and configuration; where none runs, packs them itself. Replaces no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from service.commands.reach import Where, refuse_mixtures, service_options

STANDARD_OUTPUT = "-"
EXAMPLES = """\b
Examples:
  probe backup /var/backups/mailsonde-2026-11-21.tar
  probe backup saved.tar --config /etc/mailsonde/mailsonde.yml
  probe restore saved.tar --into /srv/mailsonde

\b
The service goes on meanwhile; the backup is one moment of its store. It holds
the key that signs test messages and the configuration, but none of the secrets
that the configuration names: its owner alone can read it. A service elsewhere
writes no files for others: call this on its own host.
Exit code: 0 saved, 3 not saved; then there is no such file.
"""


@click.command("backup", epilog=EXAMPLES)
@click.argument("file")
@service_options
@click.pass_context
def command(context: click.Context, /, file: str, **words: Any) -> int:
    """Save store, key and configuration in FILE, a new tar, while the service runs or not."""
    where = Where(**words)
    refuse_mixtures(context, where)
    if file == STANDARD_OUTPUT:
        raise click.UsageError("a backup is a file, whole or not there at all: name one", context)
    from service.commands.backup_work import save  # noqa: PLC0415 - `--help` needs none of it
    from service.commands.loop import run_loop  # noqa: PLC0415 - as above

    click.echo(run_loop(save(where, Path(file).absolute())))
    return 0
