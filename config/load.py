"""A configuration file to Settings, or ConfigErrors with all that is wrong with it. The one file of config/ that reads the configuration.

Three sieves: YAML (config.nodes), types (pydantic, in our words), coherence. When a type is wrong, what is sound is still read (leniently)
and checked as a whole, so that everything is said at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from config import coherence, fitting, nodes, words
from config.coherence import WALL
from config.errors import ConfigErrors, Problem, in_order
from config.fields import Section
from config.idle_programs import unstartable, untrustable
from config.secret_sources import Sources
from config.settings import LATER, Settings
from probe.clock import utc_now
from thresholds.calendars import prepare

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from datetime import datetime

    from pydantic_core import ErrorDetails

    from config.errors import Path as Place
    from config.nodes import Tree

NOT_YET = "is known, but this version does nothing with it"
LENIENT = frozenset(
    {"servers", "domains", "trips", "discovery", "calendars", "thresholds", "maintenance", "notify", "tracking"}
)  # sections read part by part


def load(path: str | Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in a file, its secrets resolved. Raises: ConfigErrors with everything that is wrong.

    Args:
        path: the YAML file; relative paths in it begin at its folder.
        environ: where `{env: NAME}` looks; None = the process's environment.
    """
    file = Path(path)
    tree = nodes.read(_text(file), str(path))
    sources = Sources(file.absolute().parent)
    if environ is not None:
        sources.environ = environ
    return _settings(tree, sources)


def _text(file: Path) -> str:
    """Return the file's text. Raises: ConfigErrors when there is none to be had."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise _whole(file, "there is no such file; write a first one with `probe init ADDRESS`") from None
    except IsADirectoryError:
        raise _whole(file, "is a directory; name the file in it: mailsonde.yml") from None
    except OSError as error:
        raise _whole(file, f"cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    return _decoded(file, content)


def _decoded(file: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _whole(file, f"is not UTF-8 text (byte 0x{content[error.start]:02x} in line {line}); save it as UTF-8") from None
    if "\x00" in text:
        raise _whole(file, "is not a text file")
    return text


def _whole(file: Path, says: str) -> ConfigErrors:
    return ConfigErrors([Problem(str(file), None, (), says)])


def _settings(tree: Tree, sources: Sources) -> Settings:
    value = tree.value
    if not tree.problems and not value:
        raise ConfigErrors([Problem(tree.file, None, (), "is empty; write a first configuration with `probe init ADDRESS`")])
    if tree.seen > nodes.MOST_VALUES:
        raise ConfigErrors(tree.problems[:1])
    if not isinstance(value, dict):
        says = "a configuration is a mapping: lines such as `servers:`, and what belongs to them indented below"
        raise ConfigErrors(tree.problems or [tree.problem((), says)])
    sections = {key: part for key, part in value.items() if key not in LATER}
    settings, problems = _typed(sections, tree, sources)
    problems += [tree.problem(path, says) for path, says in fitting.problems(_view(settings, sections))]
    problems = tree.problems + _beside(tree.problems, problems)
    if problems:
        raise ConfigErrors(problems)
    now = utc_now()
    for name, plan in settings.calendars.items():
        prepare(plan.calendar(name, settings.timezone), (now.year, now.year + 1))  # or the new year would hold up the probes
    settings._warnings = tuple(_warnings(settings, tree, sources, now))  # noqa: SLF001 - frozen to all but its maker
    return settings


def _typed(sections: dict[str, Any], tree: Tree, sources: Sources) -> tuple[Settings, list[Problem]]:
    """Return the settings, read leniently when some of them are wrong."""
    kind = _kind(sections)
    try:
        return kind.model_validate(sections, context=sources), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    problems = [_problem(one, tree) for one in errors]
    sources.lenient = True
    return kind.model_validate(_without(sections, errors), context=sources), problems


def _kind(sections: Container[str | int]) -> type[Settings]:
    """Return the type that reads these sections."""
    if "notify" not in sections:
        return Settings
    from config.whole import Whole  # noqa: PLC0415 - only those who are told pay for the channels

    return Whole


def _without(sections: dict[str, Any], errors: Sequence[ErrorDetails]) -> dict[str, Any]:
    """Return the sections less those that are wrong as a whole, and less entries whose very name is wrong."""
    broken = {one["loc"][0] for one in errors if one["loc"][0] not in LENIENT or len(one["loc"]) == 1}
    misnamed = {one["loc"][:2] for one in errors if one["loc"][-1] == "[key]"}
    sound = {key: part for key, part in sections.items() if key not in broken}
    for key, name in misnamed:
        sound[str(key)] = {one: part for one, part in sound[str(key)].items() if one != name}
    return sound


def _problem(error: ErrorDetails, tree: Tree) -> Problem:
    path = words.path_of(error)
    return tree.problem(path, words.says(error, _known(error["loc"][:-1])), of_key=error["type"] == "extra_forbidden")


def _known(path: Place) -> list[str]:
    """Return the keys that the mapping at `path` knows."""
    kind: type[Section] = _kind(path[:1])
    for part in path:
        kind = _of_channel(part) or kind
        field = next((one for name, one in kind.model_fields.items() if part in (one.alias, name)), None)
        if field is not None:
            kind = next(iter(_sections_in(field.annotation)), kind)
    known = [field.alias or name for name, field in kind.model_fields.items()]
    return known if path else known + list(LATER)


def _of_channel(part: str | int) -> type[Section] | None:
    """Return the section that an error's place names as the kind of a channel."""
    if not str(part).startswith(words.MARK):
        return None
    from config.notify_channels import SECTIONS  # noqa: PLC0415 - as above

    return SECTIONS[str(part)]


def _sections_in(annotation: Any) -> list[type[Section]]:
    """Return the sections that a type speaks of: itself, or what it holds."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [one for part in getattr(annotation, "__args__", ()) for one in _sections_in(part)]


def _beside(first: Sequence[Problem], then: Sequence[Problem]) -> list[Problem]:
    """Return the later problems that are no mere consequence of an earlier one at the same place or around it."""
    places = [one.path for one in first if one.path]
    return [one for one in then if not any(one.path[: len(place)] == place for place in places)]


def _view(settings: Settings, sections: dict[str, Any]) -> coherence.View:
    servers, calendars, domains, notify = (sections.get(key, {}) for key in ("servers", "calendars", "domains", "notify"))
    channels, rotas = (notify.get(key, {}) if isinstance(notify, dict) else None for key in ("channels", "rotas"))
    names = None
    if isinstance(domains, list):
        written = [one.get("name") for one in domains if isinstance(one, dict)]
        names = [*{one.name for one in settings.domains if one is not None}, *(str(name) for name in written)]
    return coherence.View(
        settings,
        _names(servers),
        _names(calendars),
        list(dict.fromkeys(names)) if names is not None else None,
        _names({WALL: {}, **channels} if isinstance(channels, dict) else channels),
        _names(rotas),
    )


def _names(section: Any) -> list[str] | None:
    """Return the names that a section writes, sound or not; None where it is no mapping."""
    return list(section) if isinstance(section, dict) else None


def _warnings(settings: Settings, tree: Tree, sources: Sources, now: datetime) -> list[str]:
    """Return what is odd but no error, in the order of the file; files that others can read come last."""
    later = [tree.problem((key,), NOT_YET, of_key=True) for key in tree.value if key in LATER]
    odd = [tree.problem(path, says) for path, says in (*fitting.oddities(settings, now), *unstartable(settings), *untrustable(settings))]
    return [*map(str, in_order([*later, *odd])), *sources.warnings]
