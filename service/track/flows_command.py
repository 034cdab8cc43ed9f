"""`probe track flows`: every flow of a span, one object per message and final recipient, for programs and for whole reports."""

from __future__ import annotations

from typing import Any

import click

from service.track.find_command import FORMATS
from service.track.options import lake_of, placed, scope_of, searching, wanted_of

EXAMPLES = """\b
Examples:
  probe track flows --since today | jq 'select(.end_to_end_seconds > 60)'
  probe track flows --outcome bounced --outcome rejected --format csv --out refused.csv
  probe track flows --since 7d --format parquet --out week.parquet
  probe track flows --domain abc.example      what its administrator may see

\b
Times are corrected by each server's clock. A lake of pseudonyms is asked for
people with their key (--pseudonym-key). The order is stable: by the time of
entrance. Addresses of other domains are masked where --domain is given.
Who looked for what is recorded in the lake (looked.jsonl).
"""


@click.command("flows", epilog=EXAMPLES)
@searching
@placed
@click.option("--limit", type=click.IntRange(1), help="At most so many, the first.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True, help="For programs, for people.")
@click.option("--out", metavar="FILE", help="Where to write it [the screen].")
def command(
    *, lake: str | None, config_file: str | None, domains: tuple[str, ...], key_file: str | None, form: str, out: str | None, **words: Any
) -> int:
    """Print every flow of a span of time, one per message and final recipient."""
    wanted = wanted_of(config_file, **words)
    from service.track.look import Look, look  # noqa: PLC0415 - `--help` needs none of it

    look(Look("flows", lake_of(lake, config_file), scope_of(domains), wanted, form, out, key_file))
    return 0
