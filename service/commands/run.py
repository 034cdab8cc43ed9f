"""`probe run`: from the command line to a report and its exit code. Refuses options that say nothing about what is run."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click

from service.commands.alarms_ask import zone_of
from service.commands.options import CONFIG_FILE, CONFIG_VARIABLE, Wanted, as_seconds
from service.commands.reach import Where
from service.show.show import FORMATS
from service.words import shown_in

if TYPE_CHECKING:
    from collections.abc import Sequence

URL_ONLY = ("password_file", "password_env", "ca_file", "insecure", "timeout_seconds")
CONFIG_ONLY = ("config_file", "domains", "servers", "kinds", "no_trip", "wait_seconds", "like")
CHOOSING = ("domains", "servers", "kinds", "no_trip", "wait_seconds", "talk", "watch", "every_seconds", "everything")
LEAST_EVERY_SECONDS = 1.0
EXAMPLES = """\b
Examples:
  probe run                                        everything in mailsonde.yml
  probe run --domain 'abc.*' --kind imap --talk    with the conversations
  probe run --no-trip --format nagios              as a monitoring plugin
  probe run --watch --every 10s --server imap      again and again
  probe run imaps://user@mail.abc.example --password-file secret
  probe run smtp://mx.abc.example:25
  probe run 'ldap://ldap.isp.example/dc=isp?associatedDomain?sub?(dc=abc)'
  probe run 'dns://192.0.2.53/abc.example?type=MX'
  probe run --like abc.example/imap:first_bad      again, held against then

\b
A URL is probed as it is written: imap:// in clear, imap+starttls:// with
STARTTLS, imaps:// with TLS from the first byte; likewise the other kinds.
Exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN or nothing could be run.
"""


def _option(name: str) -> str:
    """Return an option as the user writes it."""
    option = next(param for param in command.params if param.name == name)
    return option.opts[0]


def _given(context: click.Context, names: Sequence[str]) -> list[str]:
    """Return those of these options that stand on the command line itself, not in the environment."""
    return [_option(name) for name in names if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]


def _refuse_mixtures(context: click.Context, wanted: Wanted) -> None:
    """Say which options mean nothing together. Raises: click.UsageError."""
    strange = _given(context, CONFIG_ONLY if wanted.url else URL_ONLY)
    if strange and wanted.url:
        raise click.UsageError(f"{strange[0]} chooses from a configuration, and a URL has none", context)
    if strange:
        raise click.UsageError(f"{strange[0]} goes with a URL; a configuration says it itself", context)
    _refuse_beside_like(context, wanted)
    if wanted.talk and wanted.form != "table":
        raise click.UsageError("--talk is for people: it goes with --format table alone", context)
    if wanted.every_seconds is not None and not wanted.watch:
        raise click.UsageError("--every says how often --watch repeats; give both", context)
    if wanted.every_seconds is not None and wanted.every_seconds < LEAST_EVERY_SECONDS:
        raise click.UsageError(f"--every is at least {LEAST_EVERY_SECONDS:g}s: more often would be a load, not a probe", context)


def _refuse_beside_like(context: click.Context, wanted: Wanted) -> None:
    if wanted.like is None:
        return
    if strange := _given(context, CHOOSING):
        raise click.UsageError(f"--like names the one check that is repeated: {strange[0]} means nothing beside it", context)
    if wanted.form == "nagios":
        raise click.UsageError("--like compares two runs, and a monitoring plugin has one: use --format table or json", context)


@click.command("run", epilog=EXAMPLES)
@click.argument("url", required=False)
@click.option(
    "--config", "config_file", envvar=CONFIG_VARIABLE, metavar="FILE", help=f"The configuration [{CONFIG_FILE}; {CONFIG_VARIABLE}]."
)
@click.option("--domain", "domains", multiple=True, metavar="GLOB", help="Only these domains (may repeat).")
@click.option("--server", "servers", multiple=True, metavar="GLOB", help="Only these servers; trips only where both ends fit (may repeat).")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only these kinds: smtp, imap, .. (may repeat).")
@click.option("--no-trip", is_flag=True, help="Send no test message.")
@click.option(
    "--wait", "wait_seconds", callback=as_seconds, metavar="TIME", help="How long to wait for test messages [roundtrip.late_after]."
)
@click.option("--talk", is_flag=True, help="Show the conversations; secrets are left out.")
@click.option("--watch", is_flag=True, help="Repeat until Ctrl-C.")
@click.option("--every", "every_seconds", callback=as_seconds, metavar="TIME", help="How often --watch repeats [checks.every].")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="table", show_default=True, help="For people, programs, monitoring."
)
@click.option("--all", "everything", is_flag=True, help="List every check, however many.")
@click.option(
    "--like", metavar="RUN", help="Repeat a stored run and compare: its id, CHECK:last_good or CHECK:first_bad (with its conversation)."
)
@click.option("--password-file", metavar="FILE", help="URL: the password's file, - for standard input.")
@click.option("--password-env", metavar="NAME", help="URL: the environment variable that holds the password.")
@click.option("--ca-file", metavar="FILE", help="URL: trust these certificates (PEM) and no others.")
@click.option("--insecure", is_flag=True, help="URL: do not verify the certificate.")
@click.option("--timeout", "timeout_seconds", callback=as_seconds, metavar="TIME", help="URL: time for the conversation [10s].")
@click.pass_context
def command(context: click.Context, /, **words: Any) -> int:
    """Run every selected check once, and the trips; or probe one server given as a URL, without a configuration."""
    wanted = Wanted(**words)
    _refuse_mixtures(context, wanted)
    if not wanted.url:
        context.with_resource(shown_in(cache(partial(zone_of, Where(wanted.config_file)))))  # read when the first time is shown
    from service.commands.session import session  # noqa: PLC0415 - a wrong command line need not load the probes

    return session(wanted)
