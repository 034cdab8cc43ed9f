"""From a stored change to the words of one channel: subject, plain text, HTML, a text message, and facts for machines. Pure; never raises.

The first line says what is broken for whom since when. Servers' words are cleaned and bounded before they stand anywhere; a template that
fails gives way to our own words, which say so at their end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from notifier.values import NO_LINKS, Links, Notice, Stored
from notifier.words_clean import line
from notifier.words_facts import facts
from notifier.words_html import html
from notifier.words_matter import TEST, Matter
from notifier.words_parts import page
from notifier.words_says import short, subject
from notifier.words_text import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

NO_TEMPLATES: Mapping[str, str] = {}


def notice(  # noqa: PLR0913 - what a notice is made of comes from five places: the outbox, the delivery, the plan, the links and the drill
    stored: Stored,
    *,
    channel: str,
    key: str,
    zone: ZoneInfo,
    first_key: str = "",
    links: Links = NO_LINKS,
    site: str = "",
    templates: Mapping[str, str] = NO_TEMPLATES,
    more: Sequence[Stored] = (),
    mark: str = "",
    partial: bool = False,
) -> Notice:
    """Return what is told of a change over one channel.

    Args:
        stored: the change.
        channel: its name, which the notice says.
        key: idempotence: the same for each try.
        zone: of the times in words.
        first_key: of the incident's first notice over this channel; "" = this one is it.
        links: where a reader may go.
        site: where this prober stands.
        templates: "subject", "text", "html", "short" -> Jinja; what is missing is ours.
        more: changes that are told with it, in one summary.
        mark: DRILL, TEST (words_matter) or "".
        partial: it is for somebody who sees some domains only: he is not told how to acknowledge, which would silence it for all.
    """
    links = replace(links, acknowledge="") if mark else links  # behind a test or a drill is nothing to acknowledge
    matter = Matter(stored, channel, zone, site, links, mark, more, partial)
    words = _words(matter, templates)
    change, incident = stored.change, stored.change.incident
    return Notice(
        key=key,
        kind=change.kind,
        incident=incident.id,
        number=change.number,
        level=incident.level,
        cause=line(incident.cause.key),
        began_at=incident.began_at,
        at=change.at,
        **words,
        facts=facts(matter),
        links=links,
        first_key=first_key or key,
    )


def _words(matter: Matter, templates: Mapping[str, str]) -> dict[str, str]:
    """Return subject, text, html and short: those of the templates, ours for the rest; at the end, why a template made nothing."""
    said, problems = _by_templates(matter, templates) if templates else ({}, [])
    note = f"{line('; '.join(problems))}: these words are our own instead." if problems else ""
    told, over = page(matter), matter.ends or matter.mark == TEST
    ours = {
        "subject": subject(matter),
        "text": text(told, note),
        "html": html(told, matter.incident.level, over=over, note=note),
        "short": short(matter),
    }
    return {**ours, **said}


def _by_templates(matter: Matter, templates: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    from notifier.templates import render  # noqa: PLC0415 - jinja takes a while to load, and few have templates

    return render(templates, matter)
