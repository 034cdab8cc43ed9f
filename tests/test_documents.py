"""The tree keeps its own promises: sizes, docstrings, documents whose links and commands exist, locks and texts that name no machine."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from service.cli import COMMANDS

ROOT = Path(__file__).parent.parent
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION, LONGEST_README = 300, 50, 8, 150
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#([^)\s]+))?\)")
HOME = "/" + r"(?:work|root|home/\w+)" + "/"  # in two parts, or this file would name what it forbids
LATER = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3))


@cache
def files() -> tuple[Path, ...]:
    """All files that git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return tuple(path for path in (ROOT / name for name in names) if path.is_file())


def ending(*ends: str) -> list[Path]:
    return [path for path in files() if path.name.endswith(ends)]


def text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")


def functions(path: Path) -> list[tuple[str, int]]:
    """Name and lines, from `def` to the end, of each function in a file."""
    nodes = [node for node in ast.walk(ast.parse(text(path))) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1) for node in nodes]


def found(pattern: str, paths: list[Path]) -> list[str]:
    """`file:line` of each line in which the pattern is found."""
    rows = ((path, number, line) for path in paths for number, line in enumerate(text(path).splitlines(), 1))
    return [f"{path.relative_to(ROOT)}:{number}" for path, number, line in rows if re.search(pattern, line)]


def anchors(path: Path) -> set[str]:
    """The anchors that a forge makes of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", text(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path) -> list[str]:
    """The links of a document that lead nowhere in this tree."""
    bad = []
    for target, anchor in LINK.findall(text(path)):
        if "://" in target or target.startswith("mailto:"):
            continue
        goal = (path.parent / target).resolve()
        if not goal.exists() or (anchor and anchor not in anchors(goal)):
            bad.append(f"{path.relative_to(ROOT)}: {target}#{anchor}")
    return bad


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(text(path).splitlines()) for path in ending(".py", ".sh")}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_every_file_opens_with_a_docstring() -> None:
    assert [str(path.relative_to(ROOT)) for path in ending(".py") if not ast.get_docstring(ast.parse(text(path)))] == []


def test_functions_are_short() -> None:
    lengths = [each for path in ending(".py") for each in functions(path)]
    assert [each for each in lengths if each[1] > LONGEST_FUNCTION] == []
    assert median(lines for _, lines in lengths) <= MEDIAN_FUNCTION


def test_the_readme_is_short() -> None:
    assert len(text(ROOT / "README.md").splitlines()) < LONGEST_README


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/walk.md"])
def test_commands_that_a_document_names_exist(name: str) -> None:
    words = text(ROOT / name)
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^ *)(?:sudo |YES=1 )?make ([a-z-]+)", words, re.MULTILINE)) - targets == set()
    assert set(re.findall(r"(?:`|^ *\$? ?)probe ([a-z][a-z-]+)", words, re.MULTILINE)) - set(COMMANDS) == set()


def test_links_lead_somewhere() -> None:
    assert [link for path in ending(".md") for link in broken(path)] == []


def test_decisions_have_numbers_of_their_own() -> None:
    names = [path.name for path in ending(".md") if path.parent == ROOT / "docs" / "decisions"]
    numbers = [name[:5] for name in names]
    assert [name for name in names if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name)] == []
    assert len(numbers) == len(set(numbers)), sorted(names)


def test_locks_name_no_index_and_pin_every_hash() -> None:
    locks = ending("requirements.lock", "requirements-test.lock")
    assert len(locks) == 3
    assert found(r"https?:|file://|--find-links|--(extra-)?index-url|--trusted-host| @ ", locks) == []
    assert [line for lock in locks for line in unhashed(text(lock))] == []


def _normal(name: str) -> str:
    """A distribution's one name of several spellings (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("lock", "extra"), [("requirements.lock", None), ("requirements-test.lock", None), ("requirements-test.lock", "test")]
)
def test_locks_hold_every_dependency_that_is_declared(lock: str, extra: str | None) -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    declared = project["optional-dependencies"][extra] if extra else project["dependencies"]
    names = {_normal(re.split(r"[^\w.-]", line)[0]) for line in declared}
    pinned = set(map(_normal, re.findall(r"^([\w.-]+)(?:\[.*\])?==", text(ROOT / lock), re.MULTILINE)))
    assert names - pinned == set(), "run `make lock`"


def unhashed(lock: str) -> list[str]:
    """The pins of a lock that no hash follows."""
    lines = lock.splitlines()
    pins = [number for number, line in enumerate(lines) if re.match(r"[\w.\-\[\]]+==", line)]
    return [lines[number] for number in pins if "--hash=sha256:" not in lines[number + 1]]


def test_no_file_names_a_place_of_one_machine() -> None:
    assert found(rf"(?<![\w.~}}/]){HOME}", list(files())) == []


def test_nothing_is_put_off() -> None:
    assert found(rf"\b(?:{LATER})\b", ending(".py", ".md", ".sh", ".toml", "Makefile")) == []
