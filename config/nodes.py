"""YAML text to plain values that remember where they stand. YAML 1.1's traps are closed: every scalar stays text.

The type of a setting decides what its text means, so `12:30`, `on`, `NO` and `0123` are never a number, a truth or a country lost.
Refused, each with its place: duplicate keys, tabs, tags, merges (`<<`), empty values, values that contain themselves, aliases that
expand beyond `MOST_VALUES`, more than MOST_LEVELS levels, a second document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.errors import Mark, Path, Problem
from config.syntax import TOO_DEEP, syntax_problem

try:
    from yaml import CBaseLoader as Loader
except ImportError:  # pragma: no cover - PyYAML without libyaml reads the same, only slower
    from yaml import BaseLoader as Loader  # type: ignore[assignment] # the same, in Python

MOST_LEVELS = 50  # the C loader recurses: 50,000 brackets would end the process
MOST_VALUES = 2_000_000  # 10,000 domains of 40 values each are 400,000
_TAGS: dict[type[Node], str] = {
    ScalarNode: "tag:yaml.org,2002:str",
    SequenceNode: "tag:yaml.org,2002:seq",
    MappingNode: "tag:yaml.org,2002:map",
}
PLAIN_TAGS = frozenset(_TAGS.values())
EMPTY = frozenset({"", "~", "null", "Null", "NULL"})

NO_VALUE = "has no value; give it one, or leave the key out"


class _Loader(Loader):
    """libyaml's loader with a bottom: it refuses to go deeper than MOST_LEVELS."""

    level = 0

    def resolve(self, kind: type[Node], _value: str | None, _implicit: object) -> str:
        """Return the tag of what has none: text, list or mapping. The base class goes through its tables for the same answer."""
        return _TAGS[kind]

    def descend_resolver(self, current_node: Node | None, _current_index: object) -> None:
        self.level += 1
        if self.level > MOST_LEVELS and current_node is not None:
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=current_node.start_mark)

    def ascend_resolver(self) -> None:
        self.level -= 1


@dataclass(slots=True)
class Tree:
    """A file's values, and for each path its place."""

    file: str
    root: Node | None = None
    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    seen: int = 0

    def mark(self, path: Path, *, of_key: bool = False) -> Mark | None:
        """Return where the value at `path` stands, or the nearest value around it; with `of_key`, where its key does."""
        node, key = self.root, None
        for part in path:
            found = _step(node, part)
            if found is None:
                break
            key, node = found
        spot = key if of_key and key is not None else node
        return _mark(spot) if spot is not None else None

    def problem(self, path: Path, says: str, *, of_key: bool = False) -> Problem:
        """Return this complaint with its place."""
        return Problem(self.file, self.mark(path, of_key=of_key), path, says)


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _step(node: Node | None, part: str | int) -> tuple[Node, Node] | None:
    """Return the key's node and the value's node one step down."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def read(text: str, file: str) -> Tree:
    """Return the tree of a YAML text. What is wrong stands in its `problems`; it does not raise."""
    tree = Tree(file)
    loader = _Loader(text)
    try:
        tree.root = loader.get_single_node()
        tree.value = {} if tree.root is None else _plain(tree, tree.root, (), ())
    except yaml.YAMLError as error:
        tree.problems.append(syntax_problem(error, text, file))
    finally:
        loader.dispose()
    return tree


def _complain(tree: Tree, node: Node, path: Path, says: str) -> None:
    tree.problems.append(Problem(tree.file, _mark(node), path, says))


def _plain(tree: Tree, node: Node, path: Path, above: tuple[int, ...]) -> Any:
    """Return the node as text, list or dict; `above` are the nodes that contain it."""
    tree.seen += 1
    if tree.seen > MOST_VALUES:
        if tree.seen == MOST_VALUES + 1:
            tree.problems = [Problem(tree.file, _mark(node), path[:1], f"its aliases expand to more than {MOST_VALUES:,} values")]
        return None
    if id(node) in above:
        _complain(tree, node, path, "contains itself")
        return None
    if node.tag not in PLAIN_TAGS:
        _complain(tree, node, path, f"the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} means nothing here; leave it out")
    return _VALUES[type(node)](tree, node, path, above)


def _scalar(tree: Tree, node: Node, path: Path, _above: tuple[int, ...]) -> str:
    if not getattr(node, "style", "") and node.value in EMPTY:
        _complain(tree, node, path, NO_VALUE)
    return str(node.value)


def _sequence(tree: Tree, node: Node, path: Path, above: tuple[int, ...]) -> list[Any]:
    inside = (*above, id(node))
    return [_plain(tree, item, (*path, index), inside) for index, item in enumerate(node.value)]


def _mapping(tree: Tree, node: Node, path: Path, above: tuple[int, ...]) -> dict[str, Any]:
    inside = (*above, id(node))
    values: dict[str, Any] = {}
    first: dict[str, int] = {}
    for key, value in node.value:
        if _sound_key(tree, key, path, first):
            first[key.value] = key.start_mark.line + 1
            values[key.value] = _plain(tree, value, (*path, key.value), inside)
    return values


def _sound_key(tree: Tree, key: Node, path: Path, first: dict[str, int]) -> bool:
    """Say whether a key can be taken; complain where not."""
    if not isinstance(key, ScalarNode):
        _complain(tree, key, path, "a key is a plain word, not a list or a mapping")
    elif key.value == "<<":
        _complain(tree, key, path, "merges (<<) are not read; write the keys out, or let an alias (*name) stand for the whole value")
    elif key.value in first:
        _complain(tree, key, (*path, key.value), f"is given twice; the first stands in line {first[key.value]}")
    else:
        return True
    return False


_VALUES = {ScalarNode: _scalar, SequenceNode: _sequence, MappingNode: _mapping}
