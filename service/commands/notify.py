"""`probe notify test | route | channels`: whether a notice arrives, who would be told of what, and how the channels do."""

from __future__ import annotations

from typing import Any

import click

from service.commands.alarm_options import reaching, show, where_of

EXAMPLES = """\b
Examples:
  probe notify channels
  probe notify test ops-mail
  probe notify test                             over every channel
  probe notify route --server imap              were it to fail for all
  probe notify route --domain abc.example --server imap --level warning \\
        --at '2026-12-24 03:00'

\b
A test says that it is one, and counts as arrived only when the far side has
acknowledged it: the proof is printed.
Exit code: 0, or 2 where a test did not arrive or nobody would be told, 3 where
nothing could be said. Where no service runs, `route` answers by the
configuration, and does not know which incidents are open.
"""
FAILED = 2


@click.group("notify", epilog=EXAMPLES)
def command() -> None:
    """Say whether notices arrive, and who would be told of what."""


@command.command("channels")
@reaching
@click.pass_context
def channels(context: click.Context, /, form: str, **words: Any) -> int:
    """Show how each channel has done since the service started."""
    where = where_of(context, words)
    from service.commands.alarms_ask import asked  # noqa: PLC0415 - `--help` needs none of it
    from service.show.mutes_show import print_channels  # noqa: PLC0415 - as above

    found = asked(where, lambda control: list(control.items("/notify/channels")))
    show(form, found, lambda console: print_channels(found, console))
    return 0


@command.command("route", short_help="Say who would be told, by what, and why.")
@click.option("--domain", metavar="NAME", help="Were it to fail for this domain alone [for all].")
@click.option("--server", metavar="NAME", help="What fails.")
@click.option("--level", type=click.Choice(["warning", "critical"]), default="critical", show_default=True, help="How badly.")
@click.option("--at", "at", metavar="TIME", help="When [now].")
@reaching
@click.pass_context
def route(context: click.Context, /, form: str, level: str, at: str | None, **words: Any) -> int:
    """Say who would be told, by what, and why; without a service, by the configuration alone."""
    where = where_of(context, words)
    from service.commands.alarms_ask import route_time  # noqa: PLC0415 - as above
    from service.commands.route_asked import routed  # noqa: PLC0415 - as above
    from service.show.mutes_show import print_route  # noqa: PLC0415 - as above

    found = routed(where, {**words, "level": level.upper(), "at": route_time("--at", at, where)})
    show(form, found, lambda console: print_route(found, console))
    return 0 if found["chains"] else FAILED


@command.command("test", short_help="Send a notice that is a test, and print its proof.")
@click.argument("channels", nargs=-1, metavar="[CHANNEL]..")
@reaching
@click.pass_context
def test(context: click.Context, /, channels: tuple[str, ...], form: str, **words: Any) -> int:
    """Send a notice that says that it is a test, and print the proof that it has arrived."""
    where = where_of(context, words)
    from service.commands.alarms_ask import asked  # noqa: PLC0415 - as above
    from service.commands.channel_tests import print_proofs, tried  # noqa: PLC0415 - as above

    found = asked(where, lambda control: tried(control, channels))
    show(form, found, lambda console: print_proofs(found, console))
    return FAILED if any(one["error"] for one in found) else 0
