"""docs/configuration.md and config/schema.json, made from the types: `python -m config.document` writes both, a test compares.

Nothing here is known twice: names, units, defaults and allowed words come from config.settings, the example is
config/example.yml, the words around them are config/page.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.fields import SOURCE_SCHEMA
from config.settings import LATER
from config.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
FRAME, EXAMPLE, SCHEMA = HERE / "page.md", HERE / "example.yml", HERE / "schema.json"
PAGE = HERE.parent / "docs" / "configuration.md"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration."""
    made = Whole.model_json_schema(by_alias=True)
    made["properties"] |= {name: {"description": "Known, but not in this version."} for name in LATER}
    return {"$schema": DIALECT, **made, "title": "Mailsonde's configuration"}


def _link(path: str) -> str:
    """Return a link to the heading of a section, by the anchor that Markdown viewers make of it."""
    return f"[`{path}`](#{''.join(char for char in path.lower().replace(' ', '-') if char.isalnum() or char in '_-')})"


def _type(part: dict[str, Any], places: dict[str, str]) -> str:
    """Return what a value looks like, in words."""
    if "oneOf" in part:
        return "secret" if part["oneOf"] == SOURCE_SCHEMA["oneOf"] else "one of " + ", ".join(_type(one, places) for one in part["oneOf"])
    if "enum" in part:
        return ", ".join(f"`{word}`" for word in part["enum"])
    if "anyOf" in part:
        return _type(next(one for one in part["anyOf"] if one.get("type") != "null"), places)
    if "$ref" in part:
        return _link(places[part["$ref"].rpartition("/")[2]])
    if part.get("type") in {"array", "object"}:
        return f"list of {_type(part['items'], places)}" if "items" in part else f"names, each with {_type(_values(part), places)}"
    return _SHAPES.get(part.get("type", ""), _text)(part)


def _text(part: dict[str, Any]) -> str:
    pattern = str(part.get("pattern", ""))
    return "duration" if "ms|s|m" in pattern else {"date": "date", "email": "address"}.get(str(part.get("format", "")), "text")


def _values(part: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping's values, whatever its names must look like."""
    named: list[dict[str, Any]] = list(part.get("patternProperties", {}).values())
    return named[0] if named else dict(part["additionalProperties"])


_SHAPES: dict[str, Callable[[dict[str, Any]], str]] = {
    "integer": lambda part: f"{part['minimum']} to {part['maximum']}",
    "number": lambda _: "number",
    "boolean": lambda _: "`true`, `false`",
}


def _default(part: dict[str, Any]) -> str:
    value = part.get("default")
    if value in (None, "", 0, [], {}) and not isinstance(value, bool):
        return ""
    if isinstance(value, bool):
        return f"`{json.dumps(value)}`"
    return f"`{{file: {value['file']}}}`" if isinstance(value, dict) else f"`{', '.join(value) if isinstance(value, list) else value}`"


def _rows(section: dict[str, Any], places: dict[str, str]) -> Iterator[str]:
    """Yield a table of a section's keys: what is needed first."""
    needed = section.get("required", [])
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for key, part in sorted(section["properties"].items(), key=lambda item: item[0] not in needed):
        default = "*needed*" if key in needed else _default(part)
        cells = (f"`{key}`", _type(part, places), default, part.get("description", ""))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _inside(part: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield (section's name, where it stands in the file) for each section that a schema speaks of, in its order."""
    if "$ref" in part:
        yield part["$ref"].rpartition("/")[2], path
    for inner in part.get("anyOf", ()):
        yield from _inside(inner, path)
    for inner in part.get("oneOf", ()) if part.get("oneOf") != SOURCE_SCHEMA["oneOf"] else ():
        yield from ((name, f"{where} ({name.removesuffix('Channel').lower()})") for name, where in _inside(inner, path))
    if "items" in part:
        yield from _inside(part["items"], f"{path}[]")
    if part.get("type") == "object" and "oneOf" not in part and "properties" not in part:
        yield from _inside(_values(part), f"{path}.NAME")


def _places(made: dict[str, Any]) -> dict[str, str]:
    """Return section -> where it stands in the file; each behind the one that first speaks of it."""
    places: dict[str, str] = {}
    waiting = [found for key, part in made["properties"].items() for found in _inside(part, key)]
    while waiting:
        name, path = waiting.pop(0)
        if name not in places:
            places[name] = path
            path = path.partition(" (")[0]
            properties = made["$defs"][name]["properties"].items()
            waiting = [*(found for key, part in properties for found in _inside(part, f"{path}.{key}")), *waiting]
    return places


def page() -> str:
    """Return docs/configuration.md."""
    made = Whole.model_json_schema(by_alias=True)
    places = _places(made)
    parts = [*_rows(made, places)]
    for name, path in places.items():
        section = made["$defs"][name]
        parts += [f"\n## `{path}`\n", section["description"] + "\n", *_rows(section, places)]
    filled = {"example": EXAMPLE.read_text("utf-8").rstrip(), "keys": "\n".join(parts), "later": ", ".join(f"`{name}`" for name in LATER)}
    text = FRAME.read_text("utf-8")
    for name, words in filled.items():
        text = text.replace(f"<!-- {name} -->", words)
    return text


def schema_text() -> str:
    """Return config/schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, default=str) + "\n"


def main() -> None:
    """Write both files."""
    SCHEMA.write_text(schema_text(), "utf-8")
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
