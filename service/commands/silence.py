"""`probe silence add | list | expire`: who wants to hear nothing of some incidents for a while. Reads the store where no service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service.commands.alarm_options import by_option, reaching, scene_of, scene_options, show, warned, where_of

if TYPE_CHECKING:
    from service.commands.alarms_ask import Shape

EXAMPLES = """\b
Examples:
  probe silence add --server imap --until 2h --reason 'disk is being replaced'
  probe silence add --domain '*.test' --until '2026-12-01 08:00' --reason 'not live yet'
  probe silence add --cause 'host:mail2.*' --until 30m --reason 'rebooting'
  probe silence list --past
  probe silence expire s1f0c2a9b

\b
Whatever fits is measured, opened, recorded and closed as ever; nobody is told.
What is still wrong when the silence ends is told then. For planned work, which
is to be no part of availability either: probe maintenance.
Times: 2026-12-01 08:00 (in the configuration's timezone), 2026-12-01T08:00+01:00,
or how long from now: 30m, 2h, 7d.
Exit code: 0, or 3 where nothing could be said or done.
"""


@click.group("silence", epilog=EXAMPLES)
def command() -> None:
    """Have nobody told of some incidents for a while."""


@command.command("add")
@scene_options
@click.option("--until", metavar="TIME", required=True, help="When it ends.")
@click.option("--reason", metavar="WORDS", required=True, help="Why.")
@by_option
@reaching
@click.pass_context
def add(context: click.Context, /, form: str, until: str, **words: Any) -> int:
    """Have nobody told of what fits, from now on."""
    where = where_of(context, words)
    scene = scene_of(context, words)
    from service.commands.alarms_ask import done, speaker, time_to_come  # noqa: PLC0415 - `--help` needs none of it

    ends = time_to_come("--until", until, where)
    made = [done(where, "/silences", **scene, until=ends, reason=words["reason"], by=speaker(words["by"]))]
    _show(form, made)
    warned(made)
    return 0


@command.command("list")
@click.option("--past", is_flag=True, help="Those that are over, too.")
@reaching
@click.pass_context
def list_(context: click.Context, /, form: str, past: bool, **words: Any) -> int:
    """List the silences that are in force."""
    where = where_of(context, words)
    from service.commands.alarms_ask import read  # noqa: PLC0415 - as above
    from service.commands.alarms_remembered import silences  # noqa: PLC0415 - as above

    _show(form, read(where, lambda control: list(control.items("/silences", past=past)), lambda store: silences(store, past=past)))
    return 0


@command.command("expire")
@click.argument("silences", nargs=-1, required=True, metavar="SILENCE..")
@by_option
@reaching
@click.pass_context
def expire(context: click.Context, /, silences: tuple[str, ...], form: str, **words: Any) -> int:
    """End silences now."""
    where = where_of(context, words)
    from urllib.parse import quote  # noqa: PLC0415 - as above

    from service.commands.alarms_ask import done, speaker  # noqa: PLC0415 - as above

    by = speaker(words["by"])
    _show(form, [done(where, f"/silences/{quote(silence, safe='')}/expire", by=by) for silence in silences])
    return 0


def _show(form: str, found: list[Shape]) -> None:
    from service.show.mutes_show import print_silences  # noqa: PLC0415 - as above

    show(form, found, lambda console: print_silences(found, console))
