"""`probe track find`: which messages went where. One line each, the newest first; looking is recorded in the lake."""

from __future__ import annotations

from typing import Any

import click

from service.track.options import lake_of, placed, scope_of, searching, wanted_of

EXAMPLES = """\b
Examples:
  probe track find --recipient anna@abc.example --since today
  probe track find --sender '*@partner.example' --outcome bounced --since 7d
  probe track find --server hub1 --min-delay 5m --since '2026-11-20 08:00 Europe/Berlin'
  probe track find --subject invoice --format csv > found.csv

\b
* and ? stand for any letters and for one. Times: 2026-11-20 09:00 (in --zone,
else the configuration's timezone, else UTC; times are shown in the same), with a
zone behind it, now, today, 90m, 7d. A lake of pseudonyms is asked with their key.
Who looked for what is recorded in the lake (looked.jsonl).
Exit code: 0, or 1 where nothing was found.
"""
FORMATS = ("table", "json", "jsonl", "csv", "parquet")


@click.command("find", epilog=EXAMPLES)
@searching
@placed
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many, the newest.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="For people, for programs.")
@click.option("--out", metavar="FILE", help="Where to write it [the screen].")
def command(
    *, lake: str | None, config_file: str | None, domains: tuple[str, ...], key_file: str | None, form: str, out: str | None, **words: Any
) -> int:
    """Find messages by id, addresses, subject, time, server, outcome, delay."""
    wanted = wanted_of(config_file, newest=True, **words)
    from service.track.look import Look, look  # noqa: PLC0415 - `--help` needs none of it

    found = look(Look("find", lake_of(lake, config_file), scope_of(domains), wanted, form, out, key_file))
    return 0 if found else 1
