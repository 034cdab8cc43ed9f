"""The page behind a link that acknowledges: an incident in plain words and one button, for a telephone at night. Pure; no script, no image.

Whatever servers said stands in it escaped. It tells no more of an incident than the notice did that brought the link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from notifier.words_matter import moment
from probe.dialogue import printable
from thresholds.incident_values import CauseKind
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from thresholds.incident_values import Incident

CELLS = 10  # that are named
SENTENCES = 6  # of evidence and of reasons, each
COLOURS = {Level.CRITICAL: "#b00020", Level.WARNING: "#8a5a00"}
NOUNS = {CauseKind.PROBER: "the prober itself", CauseKind.RESOLVER: "name resolution"}
STYLE = """
:root { color-scheme: light dark }
body { font: 18px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 20px; max-width: 34em; overflow-wrap: anywhere }
h1 { font-size: 24px; line-height: 1.25; margin: 12px 0 }
.level { display: inline-block; color: #fff; padding: 2px 12px; border-radius: 4px; font-weight: 700 }
ul { padding-left: 1.2em } li { margin: 4px 0 }
.small { font-size: 15px; opacity: .8 }
label { display: block; margin: 24px 0 12px }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: 14px; border-radius: 8px; border: 1px solid #888 }
button { background: #0b57d0; color: #fff; border: 0; font-weight: 700; min-height: 56px }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body>
{body}
</body></html>
"""
FORM = """<form method="post">
<label>Your name, if you like: it is shown to the others
<input name="name" maxlength="60" autocomplete="name"></label>
<button type="submit">Acknowledge</button>
</form>
<p class="small">Then nobody is reminded, and it goes no further, until it ends. The checks go on. This link works once.</p>"""


def said(title: str, *sentences: str) -> str:
    """Return a page that says something, without a button."""
    return _page(title, "\n".join([f"<h1>{escape(title)}</h1>", *(f"<p>{_marked(sentence)}</p>" for sentence in sentences)]))


def _marked(sentence: str) -> str:
    """Return a sentence as HTML; what stands between backticks is set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence))


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when a page is shown."""

    site: str  # of the prober
    zone: ZoneInfo  # of the configuration: that of the notices, for nobody knows where the telephone is
    now: datetime  # aware

    def stamp(self, at: datetime) -> str:
        """Return an aware time as notices say it, with spaces at which no line breaks."""
        return moment(at, self.zone).replace(" ", "\N{NO-BREAK SPACE}")


def question(incident: Incident, here: Here) -> str:
    """Return the page that shows an open incident and asks to take it on."""
    ack = incident.acknowledged
    taken = [f"<p><b>{escape(ack.by)} took it on</b>, {here.stamp(ack.at)}.</p>"] if ack is not None else []
    return _page(_title(incident), "\n".join([*_head(incident, here), *taken, FORM, *_details(incident)]))


def thanks(incident: Incident, here: Here) -> str:
    """Return the page that says that it was acknowledged, and what it is."""
    ack = incident.acknowledged
    by = f"<p>By {escape(ack.by)}, {here.stamp(ack.at)}.</p>" if ack is not None else ""
    return _page("Acknowledged", "\n".join(["<h1>Acknowledged</h1>", by, *_head(incident, here), *_details(incident)]))


def _page(title: str, body: str) -> str:
    return PAGE.format(title=escape(title), style=STYLE, body=body)


def _title(incident: Incident) -> str:
    return f"{incident.level.name}: {_what(incident)}"


def _what(incident: Incident) -> str:
    kind, name = incident.cause.kind, printable(incident.cause.name)
    return NOUNS.get(kind, f"{kind} {name}")


def _head(incident: Incident, here: Here) -> Iterator[str]:
    """Yield what is wrong since when, and why we think so: all that one needs to press the button."""
    minutes = max(0, int((here.now - incident.began_at).total_seconds() // 60))
    colour = COLOURS.get(incident.level, "#555")
    yield f'<p><span class="level" style="background:{colour}">{incident.level.name}</span></p>'
    yield f"<h1>{escape(_what(incident))}</h1>"
    yield f"<p>Since {here.stamp(incident.began_at)}, {minutes} min ago, seen from {escape(printable(here.site) or 'here')}.</p>"
    yield from _listed("", [*incident.cause.evidence[:SENTENCES], *([incident.cause.doubt] if incident.cause.doubt else [])])


def _details(incident: Incident) -> Iterator[str]:
    yield from _listed("What the worst of it says", incident.reasons[:SENTENCES])
    yield from _listed(f"Failing ({len(incident.failing):,})", _named(incident.failing))
    yield f'<p class="small">Incident {escape(incident.id)}</p>'


def _named(cells: tuple[str, ...]) -> list[str]:
    more = [f"and {len(cells) - CELLS:,} more"] if len(cells) > CELLS else []
    return [*cells[:CELLS], *more]


def _listed(head: str, sentences: list[str] | tuple[str, ...]) -> Iterator[str]:
    if not sentences:
        return
    if head:
        yield f"<p><b>{escape(head)}</b></p>"
    yield f"<ul>{''.join(f'<li>{escape(printable(sentence))}</li>' for sentence in sentences)}</ul>"
