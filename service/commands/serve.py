"""`probe serve`: the service in the foreground, as systemd and containers want it."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click

from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE

LEAVE_SECONDS = 0.5  # all that counts is on the disk by then; a thread may hang in a read or in a secret's command, and Python would wait

EXAMPLES = """\b
Examples:
  probe serve --config /etc/mailsonde/mailsonde.yml
  kill -HUP PID        read the configuration again (a changed file is noticed anyway)
  kill -TERM PID       end within five seconds, conversations said farewell to

\b
It logs one event a line on standard error (`log:` in the configuration), serves
Prometheus at metrics.listen, and is steered through the unix socket beside the
store. Exit code: 0 ended as told, 3 could not start.
"""


@click.command("serve", epilog=EXAMPLES)
@click.option(
    "--config",
    "config_file",
    envvar=CONFIG_VARIABLE,
    default=CONFIG_FILE,
    metavar="FILE",
    help=f"The configuration [{CONFIG_FILE}; {CONFIG_VARIABLE}].",
)
def command(config_file: str) -> int:
    """Probe every check at its time, remember and judge what came of it, and show it to Prometheus."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it can reload: a change that is told so early is read at the start anyway
    from service.commands.loop import run_loop  # noqa: PLC0415 - `--help` needs none of it

    return run_loop(_serve(Path(config_file)))


async def _serve(file: Path) -> int:
    """Serve, and let no thread keep the process from ending."""
    from service.serve import serve  # noqa: PLC0415 - `--help` needs none of it

    code = await serve(file)
    leaving = threading.Timer(LEAVE_SECONDS, os._exit, [code])
    leaving.daemon = True
    leaving.start()
    return code
