"""`probe track ...`: message tracking. Finds the subcommand in one table and loads it alone: DuckDB is large."""

from __future__ import annotations

from importlib import import_module

import click

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "import": ("service.track.import_command", "Read servers' logs into the lake, and follow each message through them."),
    "find": ("service.track.find_command", "Find messages by id, addresses, subject, time, server, outcome, delay."),
    "show": ("service.track.show_command", "Show one message's whole way: its hops, links, delays, and the lines that prove it."),
    "flows": ("service.track.flows_command", "Print every flow of a span of time, one per message and final recipient."),
    "status": ("service.track.status_command", "Say how far each log is read, what was not understood, and what was imported."),
    "doctor": ("service.track.doctor_command", "Say what the servers' logs do not tell, and the commands that change it."),
    "erase": ("service.track.erase_command", "Erase one person's traces from the lake, for good."),
}
EXAMPLES = """\b
Examples:
  probe track import /var/log/mail.log*
  probe track find --recipient '*@abc.example' --min-delay 1m
  probe track show 4jW76S0sf8zRhS4
  probe track doctor
"""


class LazySubgroup(click.Group):
    """A group that imports only the subcommand that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which people meet them."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the subcommand that is called; None where there is none of that name."""
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = import_module(SUBCOMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the help from the table alone, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in SUBCOMMANDS.items()])


@click.group("track", cls=LazySubgroup, epilog=EXAMPLES)
def command() -> None:
    """Follow each message through the servers' own logs."""
