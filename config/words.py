"""Pydantic's complaints in our words: one line per type of error. None of its jargon reaches a screen. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic_core import ErrorDetails

    from config.errors import Path


SHAPES: dict[type, str] = {dict: "a mapping", list: "a list"}
MARK = "\x00"  # begins what pydantic puts into a place to say which of several types was tried; no text of a configuration holds it
STRANGE = "is not what is wanted here; docs/configuration.md says what is"


def _shape(wanted: str) -> Callable[[ErrorDetails], str]:
    return lambda error: f"is {SHAPES.get(type(error['input']), 'text')}, but {wanted} is wanted"


def _ours(error: ErrorDetails) -> str:
    return str(error["ctx"]["error"])


WORDS: dict[str, Callable[[ErrorDetails], str]] = {
    "value_error": _ours,
    "missing": lambda error: f"has no `{error['loc'][-1]}`; it is needed",
    "dict_type": _shape("a mapping (`key: value` lines)"),
    "model_type": _shape("a mapping (`key: value` lines)"),
    "model_attributes_type": _shape("a mapping (`key: value` lines)"),
    "tuple_type": _shape("a list (lines that begin with `- `, or [a, b])"),
    "too_short": lambda _: "is empty; it needs at least one entry",
}


def says(error: ErrorDetails, known: Sequence[str]) -> str:
    """Return what is wrong; `known` are the keys that the mapping around it knows."""
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"is not known here; allowed: {listed(known)}{did_you_mean(key, known)}"
    word = WORDS.get(error["type"])
    return word(error) if word is not None else STRANGE


def path_of(error: ErrorDetails) -> Path:
    """Return where to point: at the value, or, for a key that is missing, at the mapping that should have it."""
    location = tuple(part for part in error["loc"] if part != "[key]" and not str(part).startswith(MARK))
    return location[:-1] if error["type"] == "missing" else location
