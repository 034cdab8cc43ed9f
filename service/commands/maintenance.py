"""`probe maintenance add | list | cancel`: planned work: measured, muted, no part of availability. Reads the store where none runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service.commands.alarm_options import by_option, reaching, scene_of, scene_options, show, warned, where_of

if TYPE_CHECKING:
    from service.commands.alarms_ask import Shape

EXAMPLES = """\b
Examples:
  probe maintenance add --server imap --until 2h --reason 'new disks'
  probe maintenance add --cause 'host:mail2.isp.example' --reason 'new kernel' \\
        --from '2026-12-01 22:00' --until '2026-12-02 02:00'
  probe maintenance list
  probe maintenance cancel m1f0c2a9b

\b
What comes again each week, or stands in a calendar, belongs into the
configuration (maintenance:) and is listed here too, while the service runs.
Times: 2026-12-01 22:00 (in the configuration's timezone), 2026-12-01T22:00+01:00,
or how long from now: 30m, 2h, 7d.
Exit code: 0, or 3 where nothing could be said or done.
"""


@click.group("maintenance", epilog=EXAMPLES)
def command() -> None:
    """Plan work on the mail system: it is measured, nobody is told, and it counts in no availability."""


@command.command("add")
@scene_options
@click.option("--from", "begin", metavar="TIME", help="When it begins [now].")
@click.option("--until", metavar="TIME", required=True, help="When it ends.")
@click.option("--reason", metavar="WORDS", required=True, help="What is done.")
@by_option
@reaching
@click.pass_context
def add(context: click.Context, /, form: str, begin: str | None, until: str, **words: Any) -> int:
    """Plan a window, or begin one now."""
    where = where_of(context, words)
    scene = scene_of(context, words)
    from service.commands.alarms_ask import done, speaker, time_to_come  # noqa: PLC0415 - `--help` needs none of it

    begins = None if begin == "now" else time_to_come("--from", begin, where)
    ends = time_to_come("--until", until, where)
    if begins and ends and ends <= begins:
        raise click.UsageError(f"--until: `{until}` is not after --from `{begin}`: nothing would be muted", context)
    named = {"reason": words["reason"], "by": speaker(words["by"])}
    made = [done(where, "/maintenance", **scene, begins_at=begins, ends_at=ends, **named)]
    _show(form, made)
    warned(made)
    return 0


@command.command("list")
@click.option("--past", is_flag=True, help="Those that are over, too.")
@reaching
@click.pass_context
def list_(context: click.Context, /, form: str, past: bool, **words: Any) -> int:
    """List the windows that are in force or to come."""
    where = where_of(context, words)
    from service.commands.alarms_ask import read  # noqa: PLC0415 - as above
    from service.commands.alarms_remembered import windows  # noqa: PLC0415 - as above

    _show(form, read(where, lambda control: list(control.items("/maintenance", past=past)), lambda store: windows(store, past=past)))
    return 0


@command.command("cancel")
@click.argument("windows", nargs=-1, required=True, metavar="WINDOW..")
@by_option
@reaching
@click.pass_context
def cancel(context: click.Context, /, windows: tuple[str, ...], form: str, **words: Any) -> int:
    """Call windows off, or end them now."""
    where = where_of(context, words)
    from urllib.parse import quote  # noqa: PLC0415 - as above

    from service.commands.alarms_ask import done, speaker  # noqa: PLC0415 - as above

    by = speaker(words["by"])
    _show(form, [done(where, f"/maintenance/{quote(window, safe='')}/cancel", by=by) for window in windows])
    return 0


def _show(form: str, found: list[Shape]) -> None:
    from service.show.mutes_show import print_windows  # noqa: PLC0415 - as above

    show(form, found, lambda console: print_windows(found, console))
