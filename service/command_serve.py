"""`probe serve`: the service in the foreground, as systemd and containers want it."""

from __future__ import annotations

from pathlib import Path

import click

from service.options import CONFIG_FILE, CONFIG_VARIABLE

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
    from service.loop import run_loop  # noqa: PLC0415 - `--help` needs none of it
    from service.serve import serve  # noqa: PLC0415 - as above

    return run_loop(serve(Path(config_file)))
