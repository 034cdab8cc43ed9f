"""`probe thresholds show | backtest | suggest`: which limit is in force and why, what others would have said, what history supports."""

from __future__ import annotations

from typing import Any

import click

from probe.values import FaultKind, Outcome
from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE
from thresholds.values import TRIP_PARTS, Aspect

EXAMPLES = """\b
Examples:
  probe thresholds show                                      of every check, now
  probe thresholds show --domain abc.example --server imap   why, and the week
  probe thresholds show --at '2026-12-24 09:00' --step login
  probe thresholds backtest --config new.yml --since 7d
  probe thresholds backtest --config new.yml --old mailsonde.yml --since 7d
  probe thresholds suggest --since 14d

\b
Times: 2026-11-20T09:00+01:00, 2026-11-20 09:00 (in the configuration's
timezone), now, today, yesterday, or how long ago: 90m, 7d.
backtest and suggest read the store, which a running service holds: ask a copy
with --store. Exit code: 0, or 3 where nothing could be said.
"""
_config = click.option(
    "--config", "config_file", envvar=CONFIG_VARIABLE, metavar="FILE", help=f"The configuration [{CONFIG_FILE}; {CONFIG_VARIABLE}]."
)
_since = click.option("--since", metavar="TIME", required=True, help="From when on.")
_until = click.option("--until", metavar="TIME", default="now", show_default=True, help="Up to when.")
_store = click.option("--store", metavar="FILE", help="Another store, such as a copy made by `probe backup` [store.path].")
_every = click.option("--all", "every", is_flag=True, help="List everything, however much.")


@click.group("thresholds", epilog=EXAMPLES)
def command() -> None:
    """Say which threshold is in force, try others on what was measured, or have some suggested."""


def _aspect(words: dict[str, Any]) -> tuple[str, str]:
    """Return the one aspect that the options name, and its name. Raises: click.UsageError."""
    given = {name: words.pop(name) for name in ("step", "trip", "hop", "link", "queue", "resource", "certificate", "fault", "outcome")}
    named = [(name, value) for name, value in given.items() if value]
    if len(named) > 1:
        raise click.UsageError(f"--{named[0][0]} and --{named[1][0]} are two aspects; ask of one at a time")
    aspect, value = named[0] if named else ("total", "")
    return aspect, "" if value is True else value


@command.command("show", short_help="Say which threshold is in force.")
@_config
@click.option("--at", "at", metavar="TIME", default="now", show_default=True, help="When.")
@click.option("--domain", default="*", metavar="GLOB", help="Of these domains.")
@click.option("--server", default="*", metavar="GLOB", help="Of these servers; with --trip and the like of these trips.")
@click.option("--site", metavar="NAME", help="As another prober would judge [site].")
@click.option("--step", metavar="NAME", help="A step: connect, tls, login, ..")
@click.option("--trip", type=click.Choice(TRIP_PARTS), help="A part of a trip.")
@click.option("--hop", metavar="SERVER", help="A test message's stay in this server, or its way there, where its log is not followed.")
@click.option("--link", metavar="LINK", help="The way of test messages from one server to the next: 'mx1 -> hub1'.")
@click.option("--queue", metavar="NAME", help="Messages that wait: `mailbox` is the test mailbox.")
@click.option("--resource", metavar="NAME", help="A share of what there is: `quota` is the test mailbox's.")
@click.option("--certificate", is_flag=True, help="The days that certificates have left.")
@click.option("--fault", type=click.Choice([str(kind) for kind in FaultKind]), help="A kind of fault.")
@click.option("--outcome", type=click.Choice([str(one) for one in Outcome]), help="An outcome of trips.")
@_every
def show(config_file: str | None, at: str, every: bool, **words: Any) -> int:
    """Say which threshold is in force: of every check, or of one with the reasons and the week."""
    aspect, name = _aspect(words)
    from service.commands.thresholds_choose import Chosen  # noqa: PLC0415 - `--help` needs none of it
    from service.commands.thresholds_work import show as work  # noqa: PLC0415 - as above

    work(config_file, at, Chosen(Aspect(aspect), name, **words), every=every)
    return 0


@command.command("backtest", short_help="Judge anew what was measured, and say what changes.")
@click.option("--config", "new_file", metavar="FILE", envvar=CONFIG_VARIABLE, help="The new configuration.")
@click.option("--old", "old_file", metavar="FILE", help="The old one [the verdicts as they were stored].")
@_since
@_until
@_store
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="For people, for programs."
)
@_every
def backtest(new_file: str | None, old_file: str | None, form: str, every: bool, **span: Any) -> int:
    """Judge what was measured again: how often each check would have been bad, which troubles are gained and lost."""
    from service.commands.thresholds_work import Span  # noqa: PLC0415 - as above
    from service.commands.thresholds_work import backtest as work  # noqa: PLC0415 - as above

    work(new_file, old_file, Span(**span), form, every=every)
    return 0


@command.command("suggest")
@_config
@_since
@_until
@_store
def suggest(config_file: str | None, **span: Any) -> int:
    """Write thresholds from what was measured, each with its reason."""
    from service.commands.thresholds_work import Span  # noqa: PLC0415 - as above
    from service.commands.thresholds_work import suggest as work  # noqa: PLC0415 - as above

    work(config_file, Span(**span))
    return 0
