"""A notice as one HTML page for mail readers and telephones: tables, inline styles, no script, nothing fetched, everything escaped. Pure.

Colours never say anything that words do not; text takes the reader's own colours, so that a dark screen stays dark.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from thresholds.values import Level

if TYPE_CHECKING:
    from notifier.words_parts import Link, Page, Part

GOOD, QUIET = "#1b6e3c", "#3a4a63"
COLOURS: dict[Level, str] = {Level.CRITICAL: "#b3141d", Level.WARNING: "#8a5200", Level.UNKNOWN: QUIET, Level.OK: GOOD}
FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
CODE = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:14px"
BREAK = "overflow-wrap:anywhere;word-break:break-word"  # long names and addresses never widen a telephone's page
SMALL = '<span style="font-size:13px;opacity:0.8">{}</span>'
TABLE = "border-collapse:collapse;table-layout:fixed"
BUTTON = f"display:inline-block;padding:13px 22px;border-radius:6px;background:{QUIET};color:#ffffff;text-decoration:none;font-weight:600"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
a {{ color: #2f6fd0; }}
@media (prefers-color-scheme: dark) {{ a {{ color: #8ab4f8; }} }}
</style>
</head>
<body style="margin:0;padding:0;{font};font-size:16px;line-height:1.45">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse">
<tr><td align="center" style="padding:0">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:680px;{table}">
<tr><td style="background:{colour};color:#ffffff;padding:16px 18px;font-size:18px;font-weight:600;{wrap}">{first}</td></tr>
{rows}
</table>
</td></tr>
</table>
</body>
</html>
"""


def html(page: Page, level: Level, *, over: bool, note: str = "") -> str:
    """Return a page as HTML.

    Args:
        page: what it says.
        level: whose colour the first line stands on.
        over: the incident has closed, or nothing is broken: the colour of what is good.
        note: a sentence at the very end; "" = none.
    """
    above, below = ([_part(part) for part in page.parts if part.below is low] for low in (False, True))
    ends = [_row(SMALL.format(escape(page.foot))), *([_row(f"<em>{escape(note)}</em>")] if note else [])]
    colour = GOOD if over else COLOURS[level]
    body = "\n".join(row for row in (*above, _ways(page), *below, *ends) if row)
    return PAGE.format(title=escape(page.first), first=escape(page.first), rows=body, colour=colour, font=FONT, wrap=BREAK, table=TABLE)


def _row(inner: str) -> str:
    return f'<tr><td style="padding:9px 18px;{BREAK}">{inner}</td></tr>'


def _part(part: Part) -> str:
    title = f"<strong>{escape(part.title)}:</strong> " if part.title else ""
    return _row(f"{title}{_listed(part) if part.listed else ' '.join(map(escape, part.says))}")


def _listed(part: Part) -> str:
    items = "".join(f'<li style="margin:0 0 3px">{escape(said)}</li>' for said in part.says)
    return f'<ul style="margin:0;padding:0 0 0 20px">{items}</ul>'


def _ways(page: Page) -> str:
    """Return the links, the one that acknowledges as a button that a thumb finds, and the command that does the same."""
    rows = [_row(_link(link)) for link in page.links]
    if page.command:
        rows.append(_row(f'To acknowledge on a command line:<br><code style="{CODE}">{escape(page.command)}</code>'))
    return "\n".join(rows)


def _link(link: Link) -> str:
    url, title = escape(link.url), escape(link.title)
    if link.hint:
        return f'<a href="{url}" style="{BUTTON}">{title}</a><br>{SMALL.format(escape(link.hint))}'
    return f'{title}: <a href="{url}">{url}</a>'
