"""Rows whose line of JSON holds all: what cannot be read is said in the log, and left alone; it never hides what can."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
log = logging.getLogger("mailsonde.store")


def readable(rows: Iterable[tuple[Any, str]], of: Callable[[str], T]) -> list[T]:
    """Return what `of` makes of the lines of these rows (name, line); of those that cannot be read, one line in the log each."""
    return [value for _, value in paired(rows, of)]


def paired(rows: Iterable[tuple[Any, str]], of: Callable[[str], T]) -> list[tuple[Any, T]]:
    """Return likewise, with each one's name."""
    found = []
    for name, line in rows:
        try:
            found.append((name, of(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("a row of the store, %s, cannot be read (%s): it is left alone", name, error)  # noqa: TRY400 - the line says all
    return found
