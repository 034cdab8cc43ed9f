"""What libyaml complains of, in words for those who write the file. The C loader's marks count from 0; ours from 1. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import Mark, Problem

if TYPE_CHECKING:
    from yaml import YAMLError

TOO_DEEP = "is nested too deeply; a configuration has few levels"
TAB = "a tab stands where only spaces can; indent with spaces"

# The start of libyaml's own words -> ours. The first that fits is taken.
WORDS: tuple[tuple[str, str], ...] = (
    (
        "mapping values are not allowed",
        "a second `key:` in one line, or an indent that fits nothing above; text with `: ` in it wants quotes",
    ),
    ("block sequence entries are not allowed", "a list item (`- `) begins on a line of its own"),
    ("did not find expected ',' or ']'", "a list in [brackets] is not closed"),
    ("did not find expected ',' or '}'", "a mapping in {braces} is not closed"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("found undefined alias", "the alias (*name) has no anchor (&name) before it; text that begins with * wants quotes"),
    ("second occurrence", "the anchor (&name) is given twice"),
    ("but found another document", "a second document (`---`) begins here; one file holds one configuration"),
    (TOO_DEEP, TOO_DEEP),
    ("found a tab character", TAB),
    ("found character that cannot start any token", "a value cannot begin with this character; put the text into quotes"),
    ("found unknown escape character", 'this \\ escape does not exist; text in "double quotes" wants \\\\ for one \\'),
    ("control characters are not allowed", "a control character stands here; this is no text file, or it is damaged"),
    ("could not find expected ':'", "a `key` without its `:`"),
    ("did not find expected key", "the indent fits nothing above, or a quote or bracket before is not closed"),
    ("did not find expected '-' indicator", "an item of the list above begins with `- ` at the same indent"),
)


def _words(said: str) -> str:
    return next((ours for theirs, ours in WORDS if said.startswith(theirs)), f"cannot be read as YAML: {said}")


def _at_position(text: str, position: int) -> Mark:
    before = text[:position]
    return Mark(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def syntax_problem(error: YAMLError, text: str, file: str) -> Problem:
    """Return libyaml's complaint in our words, with its place."""
    spot = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if spot is None:  # a ReaderError counts bytes of the text's UTF-8 form
        position = len(text.encode()[: getattr(error, "position", 0)].decode(errors="ignore"))
        return Problem(file, _at_position(text, position), (), _words(getattr(error, "reason", str(error))))
    line = text.split("\n")[spot.line] if spot.line < text.count("\n") + 1 else ""
    tab = line[spot.column : spot.column + 1] == "\t" or (not line[: spot.column].strip() and "\t" in line[: spot.column + 1])
    says = TAB if tab else _words(str(getattr(error, "problem", "") or error))
    return Problem(file, Mark(spot.line + 1, spot.column + 1), (), says)
