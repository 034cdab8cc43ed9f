"""Templates of those who want other words: Jinja in a sandbox, so narrow that no slip and no stranger can hold up a notice. Pure.

Offered are the variables of `words_variables`, `if`, `for` and the filters of FILTERS. Refused is all that could run long, grow without
bound or reach out: calls, macros, assignments, inclusion, multiplication.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateError,
    TemplateRuntimeError,
    TemplateSyntaxError,
    meta,
    nodes,
    pass_context,
    pass_eval_context,
)
from jinja2.filters import FILTERS as JINJAS
from jinja2.filters import do_replace, sync_do_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import htmlsafe_json_dumps

from notifier.words_clean import line, lines, plain
from notifier.words_samples import SAMPLES
from notifier.words_says import SHORT, SUBJECT
from notifier.words_variables import VARIABLES, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jinja2.nodes import EvalContext
    from jinja2.runtime import Context

    from notifier.words_matter import Matter

SOURCE = 20_000  # characters of a template
OUTPUT = 100_000  # of what it makes
ROUNDS = 5_000  # of all its loops together
JOINED, GLUE = 1000, 200  # entries that `join` takes, and characters between two of them
TICKS, COUNTED = " ticks", " counted"  # a name with a space is one that no template can write
CALLS = "nothing is called here; filters do the same, as in `cause.name | upper`"
NO_FILES = "no other file is included here"
NO_NAMES = "nothing is defined here"
FORBIDDEN: dict[type[nodes.Node], str] = {
    nodes.Call: CALLS,
    nodes.CallBlock: CALLS,
    nodes.Macro: NO_NAMES,
    nodes.Assign: NO_NAMES,
    nodes.AssignBlock: NO_NAMES,
    nodes.With: NO_NAMES,
    nodes.Block: NO_NAMES,
    nodes.Include: NO_FILES,
    nodes.Import: NO_FILES,
    nodes.FromImport: NO_FILES,
    nodes.Extends: NO_FILES,
    nodes.Mul: "`*` is not offered",
    nodes.Pow: "`**` is not offered",
    nodes.Mod: "`%` is not offered",
    nodes.ScopedEvalContextModifier: "escaping is not changed here: `html` is escaped, the others need it not",
}


class Refused(TemplateSyntaxError):  # noqa: N818 - it is jinja's kind of error, named as ours are
    """A template asks for what is not offered."""


# -- what a template may do


@pass_eval_context
def _join(context: EvalContext, items: Iterable[Any], glue: str = "") -> str:
    """Return the entries one after the other."""
    return sync_do_join(context, list(islice(items, JOINED)), str(glue)[:GLUE])


@pass_eval_context
def _replace(context: EvalContext, text: str, old: str, new: str) -> str:
    """Return the text with `new` in place of `old`."""
    if len(text) + text.count(old) * len(new) > OUTPUT:
        raise TemplateRuntimeError(f"`replace` makes more than {OUTPUT:,} characters")
    return do_replace(context, text, old, new)


def _truncate(text: str, most: int = 80) -> str:
    """Return the text, cut to so many characters, in one line."""
    return line(str(text), max(most, 3))


@pass_context
def _counted(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    """Yield what a loop runs over, and end the template that never ends."""
    ticks = context.resolve(TICKS)
    for item in items:
        if next(ticks) > ROUNDS:
            raise TemplateRuntimeError(f"its loops go round more than {ROUNDS:,} times")
        yield item


def _tojson(value: Any) -> str:
    """Return a value as JSON that may stand in HTML."""
    return htmlsafe_json_dumps(value)


OFFERED = ("capitalize", "default", "escape", "first", "int", "last", "length", "list", "lower", "sort", "title", "trim", "unique", "upper")
FILTERS: dict[str, Any] = {
    **{name: JINJAS[name] for name in OFFERED},
    "join": _join,
    "replace": _replace,
    "tojson": _tojson,
    "truncate": _truncate,
}


def _sandbox() -> ImmutableSandboxedEnvironment:
    """Return the sandbox: names that do not exist are errors, and HTML is escaped by itself."""
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=lambda name: name == "html", trim_blocks=True, lstrip_blocks=True
    )
    made.globals.clear()
    made.filters = {**FILTERS, COUNTED: _counted}
    return made


SANDBOX = _sandbox()


# -- from source to words


@lru_cache(256)
def _compiled(part: str, source: str) -> Template:
    """Return a template, ready. Raises: TemplateSyntaxError with its line."""
    if len(source) > SOURCE:
        raise Refused(f"it is longer than {SOURCE:,} characters", 1)
    tree = SANDBOX.parse(source, part, part)
    for node in tree.find_all(nodes.Node):
        if type(node) in FORBIDDEN:
            raise Refused(FORBIDDEN[type(node)], node.lineno)
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, COUNTED, [], [], None, None, lineno=loop.lineno, environment=SANDBOX)
    return Template.from_code(SANDBOX, SANDBOX.compile(tree, part, part), {})


def _raw(part: str, source: str, known: Mapping[str, Any]) -> str:
    """Return what a template makes. Raises: whatever goes wrong in it."""
    made, size = [], 0
    for piece in _compiled(part, source).generate({**known, TICKS: count(1)}):
        size += len(piece)
        if size > OUTPUT:
            raise TemplateRuntimeError(f"it makes more than {OUTPUT:,} characters")
        made.append(piece)
    return "".join(made)


CLEAN: dict[str, Any] = {  # the parts of a notice that a template may make, and how each is cleaned
    "subject": lambda made: line(made, SUBJECT),
    "text": lambda made: lines(made, OUTPUT),
    "html": str,
    "short": lambda made: line(plain(line(made, 2 * SHORT)), SHORT),
}


def _made(part: str, source: str, known: Mapping[str, Any]) -> str:
    made: str = CLEAN[part](_raw(part, source, known))
    if not made.strip():
        raise TemplateRuntimeError("it makes nothing")
    return made


def render(templates: Mapping[str, str], matter: Matter) -> tuple[dict[str, str], list[str]]:
    """Return the parts that templates made, clean, and what went wrong with those that made none. Never raises.

    Args:
        templates: part of the notice -> Jinja.
        matter: what the notice is about.
    """
    parts, problems, known = {}, [], values(matter)
    for part in [name for name in CLEAN if name in templates]:
        try:
            parts[part] = _made(part, templates[part], known)
        except Exception as error:  # noqa: BLE001 - a template can raise whatever Python can, and no slip of its author may keep a notice back
            problems.append(_problem(part, error))
    return parts, problems


# -- what is wrong with one


def _line_of(part: str, error: BaseException) -> int:
    """Return the line of a template at which something went wrong; 0 = not known."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frame, found = error.__traceback__, 0
    while frame is not None:
        found = frame.tb_lineno if frame.tb_frame.f_code.co_filename == part else found
        frame = frame.tb_next
    return found


def _problem(part: str, error: BaseException) -> str:
    """Return what is wrong in one line: `text: line 3: it makes nothing`."""
    why = line(error.message or "") if isinstance(error, TemplateError) else f"{type(error).__name__}: {line(str(error))}"
    number = _line_of(part, error)
    return f"{part}: line {number}: {why.rstrip('.')}" if number else f"{part}: {why.rstrip('.')}"


def _unknown(name: str, known: Iterable[str]) -> str:
    """Return that a name is not known, and what it may have been meant to be."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"`{name}` is not known here{f'; did you mean `{near[0]}`?' if near else ''}"


def _strange(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Yield the line and the words of each name that no notice has."""
    missing = meta.find_undeclared_variables(tree) - set(VARIABLES)
    for node in tree.find_all(nodes.Name):
        if node.name in missing and node.ctx == "load":
            yield node.lineno, _unknown(node.name, VARIABLES)
    example = values(SAMPLES["opened"])
    for field in tree.find_all(nodes.Getattr):
        owner = field.node.name if isinstance(field.node, nodes.Name) else ""
        if isinstance(example.get(owner), dict) and field.attr not in example[owner]:
            yield field.lineno, _unknown(f"{owner}.{field.attr}", [f"{owner}.{name}" for name in example[owner]])


def _problems(part: str, source: str) -> list[str]:
    """Return what is wrong with one template: in its names, or else in what it makes of each example."""
    if part not in CLEAN:
        return [f"{part}: {_unknown(part, CLEAN)}; a notice has {', '.join(CLEAN)}"]
    try:
        _compiled(part, source)
        found = [f"{part}: line {number}: {words}" for number, words in sorted(set(_strange(SANDBOX.parse(source, part, part))))]
    except Exception as error:  # noqa: BLE001 - the parser can run out of its stack as well as find an error
        return [_problem(part, error)]
    return found or _trials(part, source)


def _trials(part: str, source: str) -> list[str]:
    """Return what goes wrong with each example of a notice; what goes wrong with several is told once."""
    found: dict[str, str] = {}
    for name, matter in SAMPLES.items():
        for problem in render({part: source}, matter)[1]:
            found.setdefault(problem, name)
    return [f"{problem} (tried with the example `{name}`)" for problem, name in found.items()]


def check(templates: Mapping[str, str]) -> list[str]:
    """Return what is wrong with templates, each in one line with its name and line: they are tried with an example of each kind.

    Args:
        templates: part of the notice -> Jinja.
    """
    return [problem for part, source in templates.items() for problem in _problems(part, source)]
