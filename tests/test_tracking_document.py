"""The tutorial of tracking keeps its word: every command on it is run on its own logs, and prints what stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.load import load
from service import cli
from service.track.group import SUBCOMMANDS
from tracking.correlate.rules import RULES
from tracking.formats.registry import FORMATS
from tracking.values import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "tracking.md").read_text("utf-8")
WRITTEN = 1795176000  # 2026-11-20 12:00 UTC: when the example's logs were written last
# What differs from run to run: how long it took, how long ago that is, when it was imported.
PASSING = (
    (r"[\d.]+ s, [\d,]+ lines/s", "- s, - lines/s"),
    (r"\b\d+ (?:s|min|h|d)$", "- ago"),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC(  +logs/.*?)[\d.]+( +-)$", r"imported\1-\2"),
    (r" +", " "),
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the example's logs, in UTC, on a screen of 110 columns."""
    shutil.copytree(ROOT / "docs" / "example", tmp_path / "logs")
    for log in (tmp_path / "logs").rglob("*.1"):
        os.utime(log, (WRITTEN, WRITTEN))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield tmp_path
    time.tzset()


def plain(text: str) -> list[str]:
    """The lines of an output without what passes."""
    lines = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    for pattern, instead in PASSING:
        lines = [re.sub(pattern, instead, line) for line in lines]
    return lines


def commands() -> list[tuple[str, str]]:
    """Each command of the page and what it prints there."""
    blocks = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    parts = [part.split("\n", 1) for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, printed) for command, printed in parts]


def expanded(word: str) -> str:
    """A word as the shell would hand it over."""
    file = re.fullmatch(r"\$\(cat (\S+)\)", word)
    return Path(file[1]).read_text("utf-8").strip() if file else word


@pytest.mark.usefixtures("home")
def test_commands_print_what_the_page_says(capfd: pytest.CaptureFixture[str]) -> None:
    assert len(commands()) >= 8
    for command, printed in commands():
        cli.run([expanded(word) for word in shlex.split(command)[1:]])
        out, _ = capfd.readouterr()
        told = plain(printed)
        if ".." in told:  # lines are left out there
            at = told.index("..")
            assert plain(out)[:at] == told[:at], command
            assert plain(out)[at - len(told) + 1 :] == told[at + 1 :], command
        else:
            assert plain(out) == told, command


def table(heading: str) -> dict[str, str]:
    """The first two columns of a table of the page, the name without its quotes."""
    rows = TEXT.split(heading, 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) \|", rows, re.MULTILINE))


def test_tables_name_what_there_is() -> None:
    assert list(table("| rule | sure |")) == list(RULES)
    assert table("| rule | sure |") == {rule.name: f"{rule.confidence:.0%}".replace("%", " %") for rule in RULES.values()}
    assert list(table("| outcome |")) == list(Outcome)
    assert {name: about.replace("\\|", "|") for name, about in table("| `--format` |").items()} == {
        name: each.about for name, each in FORMATS.items()
    }


def test_the_expression_is_the_example_s() -> None:
    assert (ROOT / "docs" / "example" / "other" / "gateway.options").read_text("utf-8") in TEXT


def test_the_configuration_can_be_used(tmp_path: Path) -> None:
    written = "".join(re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
    (tmp_path / "mailsonde.yml").write_text(f"servers: {{ns: {{kind: dns, host: ns.abc.example}}}}\n{written}")
    tracking = load(tmp_path / "mailsonde.yml").tracking
    assert tracking is not None
    assert [source.name for source in tracking.sources] == ["mx", "exchange", "archive"]


def test_every_command_of_the_page_exists() -> None:
    assert set(re.findall(r"probe track ([a-z]+)", TEXT)) == set(SUBCOMMANDS)
