"""A field of a channel's settings (a dataclass of notifier.channels) as a setting of the file: its type, its default, what it means.

What it means is the comment behind the field; it is looked up only when the documentation is made.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, Field, WithJsonSchema

from config.fields import Count, Duration, Host, Port, ReadableFile, SecretSource, Text, Truth, choice
from config.notify_fields import Topic, Url, UrlOrSecret
from config.scalars import duration_text
from probe.values import Secret


def _path(there: str) -> Path:
    return Path(there)


SUFFIX = "_seconds"
NAMES: dict[str, Any] = {"port": Port, "host": Host, "url": Url, "topic": Topic}
TYPES: dict[Any, Any] = {
    str: Text,
    bool: Truth,
    int: Count,
    float: Duration,
    Secret: SecretSource,
    Path: Annotated[ReadableFile, AfterValidator(_path)],
}


def field_of(owner: type, field: dataclasses.Field[Any]) -> tuple[Any, Any]:
    """Return the type and the pydantic field of one field of a channel's settings."""
    hint = get_type_hints(owner)[field.name]
    alias = field.name.removesuffix(SUFFIX) if field.name.endswith(SUFFIX) else None
    given = _default(field)
    explained = _explained(owner, field.name)
    return _read(hint, field.name), Field(given, alias=alias, validate_default=given is not ..., json_schema_extra=explained)


def _default(field: dataclasses.Field[Any]) -> Any:
    """Return a default as the file would write it; ... = there is none."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    if field.default is dataclasses.MISSING:
        return ...
    return duration_text(field.default) if field.name.endswith(SUFFIX) and field.default is not None else field.default


def _read(hint: Any, name: str) -> Any:
    """Return the type that reads the text of a field."""
    parts = [part for part in get_args(hint) if part is not NoneType]
    kind = get_origin(hint)
    if kind in (Union, UnionType):
        inner = UrlOrSecret if set(parts) == {str, Secret} else _read(parts[0], name)
        return inner | None if NoneType in get_args(hint) else inner
    if kind is tuple:
        return tuple[_read(parts[0], name), ...]  # type: ignore[misc] # a type made at run time
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return dict[Text, _read(parts[1], name)]  # type: ignore[misc] # as above
    words = list(parts) if kind is Literal else [str(one) for one in hint] if isinstance(hint, type) and issubclass(hint, Enum) else []
    if words:
        return Annotated[hint, choice(words), WithJsonSchema({"enum": words})]
    return NAMES.get(name, TYPES[hint]) if hint is str or hint is int else TYPES[hint]


def _explained(owner: type, name: str) -> Callable[[dict[str, Any]], None]:
    """Return what writes the meaning of a field into its JSON Schema."""

    def explain(schema: dict[str, Any]) -> None:
        schema["description"] = _comment(owner, name)

    return explain


def _comment(owner: type, name: str) -> str:
    """Return the comment behind a field, as a sentence."""
    found = re.search(rf"^ +{name}: .*?  # (.+)$", inspect.getsource(owner), re.MULTILINE)
    words = found[1] if found else name.replace("_", " ")
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."
