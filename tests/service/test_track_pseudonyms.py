"""A lake of pseudonyms is asked for people with its key; and times are typed and shown in one zone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from service import cli
from service.words import zone_shown
from tests.tracking.made import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Probe = Callable[..., tuple[int, str, str]]
WHO = "r1@example.com"
WHOLE = "can be asked for; give the whole name, or"
KEY = ("--pseudonym-key", "key")
HINT = "it holds pseudonyms: ask with the file of their key, --pseudonym-key"


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """Run the command beside a lake of pseudonyms and one of names; give exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["track", *words])
        return (code, *capsys.readouterr())

    (tmp_path / "key").write_text("0123456789abcdef")
    (tmp_path / "other").write_text("fedcba9876543210")
    log(tmp_path / "mail.log", range(3))
    run("import", *KEY, "mail.log")
    run("import", "--lake", "named", "mail.log")
    return run


@pytest.mark.parametrize("command", ["find", "flows"])
def test_a_person_is_found_by_the_key(probe: Probe, tmp_path: Path, command: str) -> None:
    code, out, err = probe(command, *KEY, "--recipient", WHO, "--format", "jsonl")
    (flow,) = map(json.loads, out.splitlines())
    assert (code, err) == (0, "")
    assert flow["recipient"].startswith("p-")
    assert flow["recipient"].endswith("@example.com")
    assert WHO not in (tmp_path / "lake" / "looked.jsonl").read_text()
    assert probe(command, *KEY, "--recipient", flow["recipient"], "--format", "jsonl")[1] == out
    assert len(probe(command, *KEY, "--recipient", "*@EXAMPLE.com", "--format", "jsonl")[1].splitlines()) == 3


def test_without_the_key_the_lake_says_what_it_holds(probe: Probe) -> None:
    assert probe("find", "--recipient", WHO)[::2] == (1, f"probe: lake holds no such flow; {HINT}\n")
    assert probe("find", "--server", "nowhere")[::2] == (1, "probe: lake holds no such flow\n")


def test_a_message_is_shown_by_its_id_and_the_key(probe: Probe) -> None:
    (flow,) = map(json.loads, probe("flows", "--lake", "named", "--recipient", WHO)[1].splitlines())
    code, _, err = probe("show", flow["message_id"])
    assert code == 3
    assert err.endswith(f"; {HINT}\n")
    code, out, err = probe("show", *KEY, flow["message_id"], "--format", "json")
    assert (code, err, len(json.loads(out)["flows"])) == (0, "", 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pseudonym-key", "other"), "the lake lake was made with another key than this"),
        (("--pseudonym-key", "key", "--lake", "named"), "the lake named holds addresses as they are: ask without --pseudonym-key"),
        (("--pseudonym-key", "none"), "the key of the pseudonyms cannot be read: none: no such file or directory"),
        (
            (*KEY, "--recipient", "r*@example.com"),
            f"--recipient r*@example.com: of a pseudonym no part {WHOLE} *@example.com (see: probe track find --help)",
        ),
    ],
)
def test_what_cannot_be_asked(probe: Probe, words: tuple[str, ...], said: str) -> None:
    assert probe("find", *words) == (3, "", f"probe: {said}\n")


def test_times_are_shown_in_the_zone_in_which_they_are_typed(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "mailsonde.yml").write_text("timezone: Europe/Berlin\n")
    for words in (("find",), ("status",)):
        assert " CET " in probe(*words, "--config", "mailsonde.yml")[1]
        assert " JST " in probe(*words, "--config", "mailsonde.yml", "--zone", "Asia/Tokyo")[1]
    (tmp_path / "mailsonde.yml").unlink()
    (flow,) = map(json.loads, probe("flows", *KEY, "--recipient", WHO)[1].splitlines())
    begun, shown = flow["entered_at"][11:19], probe("find", *KEY, "--recipient", WHO)[1]
    assert f"{begun} UTC" in shown
    hour = f"{(int(begun[:2]) + 9) % 24:02d}"
    assert "SINCE JST   " in probe("show", *KEY, flow["message_id"], "--zone", "Asia/Tokyo")[1]
    found = probe("find", "--zone", "Asia/Tokyo", "--since", f"2026-11-20 {hour}:00", "--until", f"2026-11-20 {hour}:59")
    assert (found[0], found[2]) == (0, "")


def test_a_zone_that_is_none(probe: Probe) -> None:
    said = "probe: --zone: `Mars` is no time zone; one looks like Europe/Berlin, or UTC (see: probe track find --help)\n"
    assert probe("find", "--zone", "Mars") == (3, "", said)
    assert zone_shown() is None  # nothing of it stays
