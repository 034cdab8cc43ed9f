"""The command `probe`: finds the subcommand, loads it alone, and turns whatever ends it into one line and an exit code.

Exit codes are those of the monitoring plugins: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. A wrong command line or a configuration that
cannot be read is UNKNOWN: nothing was measured, so nothing may page as an outage. `check-config` knows only 0 and 2.
"""

from __future__ import annotations

import os
import sys
from contextvars import copy_context
from errno import EDQUOT, EIO, ENOSPC
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = 3
INTERRUPTED = 130  # 128 + SIGINT, as every shell says it
PIPE_CLOSED = 141  # 128 + SIGPIPE
OUTPUT_FULL = frozenset({ENOSPC, EDQUOT, EIO})  # what a write to standard output says when its file takes no more
DEBUG = "MAILSONDE_DEBUG"

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("service.commands.init", "Write a first configuration from an address's MX and SRV records."),
    "run": ("service.commands.run", "Run every selected check once, and the trips."),
    "serve": ("service.commands.serve", "Probe every check at its time, and show it to Prometheus."),
    "status": ("service.commands.status", "Show what the running service says now."),
    "thresholds": ("service.commands.thresholds", "Say which threshold is in force, try others on what was measured, suggest some."),
    "track": ("service.track.group", "Read servers' logs, and follow each message through them."),
    "drill": ("service.commands.drill", "Try the alarms: on a lab that is broken, or with your own channels."),
    "incidents": ("service.commands.incidents", "Say what is wrong and who was told; take an incident on, or close it."),
    "silence": ("service.commands.silence", "Have nobody told of some incidents for a while."),
    "maintenance": ("service.commands.maintenance", "Plan work: it is measured, and nobody is told."),
    "notify": ("service.commands.notify", "Say who would be told of what, and try whether notices arrive."),
    "backup": ("service.commands.backup", "Save what the prober remembers, its key and its configuration."),
    "restore": ("service.commands.restore", "Put a backup into a folder."),
    "check-config": ("service.commands.check_config", "Say everything that is wrong with a configuration."),
}
EXIT_CODES_OF_ERRORS = {"check-config": 2}  # all others: UNKNOWN

EXAMPLES = """\b
Examples:
  probe init postmaster@abc.example       a first mailsonde.yml
  probe check-config mailsonde.yml        is it right?
  probe run                               run everything in mailsonde.yml once
  probe run imaps://user@host --password-file secret
"""


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command that is called; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the help from the table alone, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in COMMANDS.items()])


def _version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """Print the version of the installed distribution, and end."""
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only here is it needed; it costs 10 ms

    try:
        click.echo(f"mailsonde {version('mailsonde')}")
    except PackageNotFoundError:
        click.echo("mailsonde (run from its source, not installed)")
    context.exit()


@click.group(cls=LazyGroup, epilog=EXAMPLES, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and exit.")
@click.pass_context
def cli(context: click.Context) -> None:
    """Mailsonde sends test mail through a mail system, times every component on the way and names the one to blame."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _complete() -> None:
    """Answer the shell's question for completions, where it asks (`_PROBE_COMPLETE=bash_source probe`)."""
    if instruction := os.environ.get("_PROBE_COMPLETE"):
        from click.shell_completion import shell_complete  # noqa: PLC0415 - needed by the shell's completion alone

        raise SystemExit(shell_complete(cli, {}, "probe", "_PROBE_COMPLETE", instruction))


def _invoke(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return its exit code."""
    try:
        with cli.make_context("probe", arguments) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as end:
        code = end.exit_code
    sys.stdout.flush()  # here, where a closed pipe is still ours to handle
    return code if isinstance(code, int) else 0


def _explain(error: click.ClickException) -> int:
    """Print one line (or the lines that the error brings) and return the exit code."""
    context = getattr(error, "ctx", None)
    hint = f" (see: {context.command_path} --help)" if isinstance(error, click.UsageError) and context else ""
    click.echo(f"probe: {error.format_message().removesuffix('.')}{hint}", err=True)
    command = context.info_name if context else None
    return EXIT_CODES_OF_ERRORS.get(str(command), UNKNOWN)


def _unexpected(error: Exception) -> int:
    """Say which file the system refused, else that the bug is ours; the traceback only for who asks for it."""
    if os.environ.get(DEBUG):
        raise error
    if isinstance(error, OSError) and error.filename:
        click.echo(f"probe: {os.fsdecode(error.filename)}: {(error.strerror or 'unknown reason').lower()}", err=True)
        return UNKNOWN
    click.echo(f"probe: internal error: {type(error).__name__}; run again with {DEBUG}=1 for the traceback, and report it", err=True)
    return UNKNOWN


def _close_quietly() -> int:
    """Let the reader of our output go: nothing more is written, not even by the interpreter at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _unwritten(error: OSError) -> int:
    """Say that the output did not get to where it was sent."""
    _close_quietly()
    click.echo(f"probe: the output cannot be written: {(error.strerror or 'unknown reason').lower()}", err=True)
    return UNKNOWN


def run(arguments: Sequence[str]) -> int:
    """Run `probe` with these arguments and return the exit code; no exception leaves it, except with MAILSONDE_DEBUG set."""
    try:
        return copy_context().run(_invoke, list(arguments))  # what a command sets for its screen ends with it, also when it is cut short
    except click.ClickException as error:
        return _explain(error)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _close_quietly()
    except OSError as error:
        return _unwritten(error) if error.errno in OUTPUT_FULL and not error.filename else _unexpected(error)
    except Exception as error:  # noqa: BLE001 - the one border: whatever arrives here is our own bug
        return _unexpected(error)


def _never_fail_to_print() -> None:
    """Let a terminal without UTF-8 show a peer's letters as escapes, where it would end us."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main() -> NoReturn:
    """Be the console script."""
    _never_fail_to_print()
    _complete()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
