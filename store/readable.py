"""Rows as people and other versions left them: what cannot be read is said in the log, and left alone; it never hides what can."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
Row = TypeVar("Row")  # one line of JSON, or columns
log = logging.getLogger("mailsonde.store")


def readable(rows: Iterable[tuple[Any, Row]], of: Callable[[Row], T]) -> list[T]:
    """Return what `of` makes of these rows (name, row); of those that cannot be read, one line in the log each."""
    return [value for _, value in paired(rows, of)]


def paired(rows: Iterable[tuple[Any, Row]], of: Callable[[Row], T]) -> list[tuple[Any, T]]:
    """Return likewise, with each one's name."""
    found = []
    for name, row in rows:
        try:
            found.append((name, of(row)))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            log.error("a row of the store, %s, cannot be read (%s): it is left alone", name, error)  # noqa: TRY400 - the line says all
    return found
