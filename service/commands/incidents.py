"""`probe incidents list | show | ack | close`: what is wrong, its story, and who takes it on. Reads the store where no service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service.commands.alarm_options import by_option, cause_of, reaching, show, where_of

if TYPE_CHECKING:
    from rich.console import Console

    from service.commands.alarms_ask import Shape
    from service.commands.reach import Where

EXAMPLES = """\b
Examples:
  probe incidents list                          what is wrong now
  probe incidents list --since 7d --domain abc.example
  probe incidents show i1f0c2a9b                its story: opened, told to whom, closed
  probe incidents ack i1f0c2a9b --why 'at it' --until 2h
  probe incidents close i1f0c2a9b --why 'the disk was replaced'
  probe incidents dependencies                  what fails together: depends_on
  probe incidents list --format json | jq '.[].cause.name'

\b
Times: 2026-11-20 09:00 (in the configuration's timezone), 2026-11-20T09:00+01:00,
or a duration: --since 7d is so long ago, --until 2h from now.
list and show read the store where the service does not run.
Exit code: 0, or 3 where nothing could be said or done.
"""


@click.group("incidents", epilog=EXAMPLES)
def command() -> None:
    """Say what is wrong and who was told, take an incident on, or close it by hand."""


@command.command("list", short_help="List what is wrong now, or what was.")
@reaching
@click.option("--since", metavar="TIME", help="Those that opened since then, closed ones too.")
@click.option("--until", metavar="TIME", help="Those that opened before.")
@click.option("--closed", is_flag=True, help="Those alone that are closed.")
@click.option("--domain", default="", metavar="NAME", help="That touch this domain.")
@click.option("--cause", default="", metavar="KIND[:NAME]", help="Of this cause: server:imap, or any server.")
@click.option("--level", type=click.Choice(["warning", "critical"]), default="warning", show_default=True, help="At least as bad.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many, the newest.")
@click.pass_context
def list_(context: click.Context, /, form: str, limit: int, **words: Any) -> int:
    """List what is wrong now; with --since, --until or --closed what was."""
    where = where_of(context, words)
    cause_of(context, words["cause"])
    from service.commands.alarms_ask import time_past  # noqa: PLC0415 - `--help` needs none of it
    from service.show.incidents_show import print_incidents  # noqa: PLC0415 - as above

    times = {name: time_past(f"--{name}", words.pop(name), where) for name in ("since", "until")}
    closed, level = words.pop("closed"), words.pop("level").upper()
    only = False if closed else (None if any(times.values()) else True)
    found = _listed(where, {"open": only, "level": level, **times, **words}, limit)
    show(form, found, lambda console: print_incidents(found, console, _now()))
    return 0


def _now() -> Any:
    from probe.clock import utc_now  # noqa: PLC0415 - as above

    return utc_now()


def _listed(where: Where, query: dict[str, Any], limit: int) -> list[Shape]:
    from itertools import islice  # noqa: PLC0415 - as above

    from service.commands.alarms_ask import PAGE, read  # noqa: PLC0415 - as above
    from service.commands.alarms_remembered import incidents  # noqa: PLC0415 - as above

    pages = min(limit, PAGE)
    return read(
        where,
        lambda control: list(islice(control.items("/incidents", limit=pages, **query), limit)),
        lambda store: incidents(store, query, limit),
    )


@command.command("show", short_help="Tell the story of one, from its opening to its end.")
@click.argument("incident")
@reaching
@click.pass_context
def show_(context: click.Context, /, incident: str, form: str, **words: Any) -> int:
    """Tell the story of one: why it opened, whom it was told over what with which proof, and how it ended."""
    where = where_of(context, words)
    from urllib.parse import quote  # noqa: PLC0415 - as above

    from service.commands.alarms_ask import read  # noqa: PLC0415 - as above
    from service.commands.alarms_remembered import story  # noqa: PLC0415 - as above
    from service.show.incidents_show import print_story  # noqa: PLC0415 - as above

    found: Shape = read(where, lambda control: control.get(f"/incidents/{quote(incident, safe='')}"), lambda store: story(store, incident))
    show(form, found, lambda console: print_story(found, console, _now()))
    return 0


@command.command("ack", short_help="Take incidents on: no reminders, no escalation.")
@click.argument("incidents", nargs=-1, required=True, metavar="INCIDENT..")
@reaching
@click.option("--why", default="", metavar="WORDS", help="What you do about it.")
@click.option("--until", metavar="TIME", help="Then it reminds again [as long as it lasts].")
@by_option
@click.pass_context
def ack(context: click.Context, /, incidents: tuple[str, ...], form: str, until: str | None, **words: Any) -> int:
    """Take incidents on: nobody is reminded of them and they go no further, until they end."""
    where = where_of(context, words)
    from service.commands.alarms_ask import speaker, time_to_come  # noqa: PLC0415 - as above

    body = {"why": words["why"], "until": time_to_come("--until", until, where), "by": speaker(words["by"])}
    return _do(where, form, ("acknowledge", incidents), body)


@command.command("close", short_help="Close incidents by hand.")
@click.argument("incidents", nargs=-1, required=True, metavar="INCIDENT..")
@reaching
@click.option("--why", required=True, metavar="WORDS", help="Why it is over.")
@by_option
@click.pass_context
def close(context: click.Context, /, incidents: tuple[str, ...], form: str, **words: Any) -> int:
    """Close incidents by hand; whoever was told of one is told of its end. They close by themselves once all is well.

    Of checks that still fail nothing is told before they have been well once: to be quiet for a while take `ack` or `probe silence add`.
    """
    where = where_of(context, words)
    from service.commands.alarms_ask import speaker  # noqa: PLC0415 - as above

    return _do(where, form, ("close", incidents), {"why": words["why"], "by": speaker(words["by"])})


def _do(where: Where, form: str, deed: tuple[str, tuple[str, ...]], body: dict[str, Any]) -> int:
    """Do a deed on each of these incidents, and print them as they are then."""
    from urllib.parse import quote  # noqa: PLC0415 - as above

    from service.commands.alarms_ask import done  # noqa: PLC0415 - as above

    verb, incidents = deed
    found = [done(where, f"/incidents/{quote(incident, safe='')}/{verb}", **body) for incident in incidents]
    show(form, found, lambda console: _print_done(verb, found, console))
    return 0


def _print_done(verb: str, found: list[Shape], console: Console) -> None:
    from service.show.incidents_show import print_dismissed, print_incidents  # noqa: PLC0415 - as above

    print_incidents(found, console, _now())
    if verb == "close":
        print_dismissed(found, console)


@command.command("dependencies", short_help="Suggest `depends_on` from what has failed together.")
@reaching
@click.option("--since", default="30d", show_default=True, metavar="TIME", help="How far to look back.")
@click.pass_context
def dependencies_(context: click.Context, /, since: str, form: str, **words: Any) -> int:
    """Suggest `depends_on` from what has failed together: blame and channels go by it."""
    where = where_of(context, words)
    from dataclasses import asdict  # noqa: PLC0415 - as above

    from service.commands.alarms_ask import time_past  # noqa: PLC0415 - as above
    from service.commands.dependencies import dependencies  # noqa: PLC0415 - as above

    found = dependencies(where, time_past("--since", since, where) or "")
    said = "\n".join(one.words for one in found) or "nothing to suggest: no server fails, at least three times, only when another one does"
    show(form, [asdict(one) for one in found], lambda console: console.print(said, markup=False))
    return 0
