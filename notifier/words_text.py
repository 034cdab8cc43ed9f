"""A notice as plain text: short lines, the first one first, addresses alone on theirs. Pure."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifier.words_parts import Page, Part

WIDTH = 78  # of a line, as mail is read (RFC 5322, 2.1.1)


def text(page: Page, note: str = "") -> str:
    """Return a page as plain text; its lines end in LF. The first line is never wrapped.

    Args:
        page: what it says.
        note: a sentence at the very end; "" = none.
    """
    above, below = ([_part(part) for part in page.parts if part.below is low] for low in (False, True))
    blocks = [page.first, *above, _ways(page), *below, *_wrapped(page.foot), *_wrapped(note)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _wrapped(said: str, first: str = "", rest: str = "") -> list[str]:
    """Return a sentence in lines; a word that is too long, such as an address, is not broken."""
    rows = wrap(said, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
    return ["\n".join(rows)] if rows else []


def _part(part: Part) -> str:
    if part.title and not part.listed:
        return "\n".join(_wrapped(f"{part.title}: {' '.join(part.says)}", "", "  "))
    indents = ("  - ", "    ") if part.listed else ("", "")
    rows = [row for said in part.says for row in _wrapped(said, *indents)]
    return "\n".join([f"{part.title}:", *rows] if part.title else rows)


def _ways(page: Page) -> str:
    """Return where to go, and how to acknowledge without a link."""
    return "\n".join(_way(page))


def _way(page: Page) -> Iterator[str]:
    for link in page.links:
        yield f"{link.title}{f' ({link.hint})' if link.hint else ''}:\n  {link.url}"
    if page.command:
        yield f"To acknowledge on a command line:\n  {page.command}"
