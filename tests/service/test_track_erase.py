"""`probe track erase`: asks first, says what it did, refuses where it must; nobody else's traces go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from service import cli
from tests.tracking.made import NOW, count, log
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WHO = "r1@example.com"
NAMED = "select count(*) from flows where recipient = 'r1@example.com'"


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run the command in a folder with a lake; give exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    log(tmp_path / "mail.log", range(3))

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["track", *words])
        return (code, *capsys.readouterr())

    run("import", "mail.log")
    return run


def test_one_person_is_gone(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    probe("find", "--recipient", WHO)
    probe("find", "--recipient", "r2@example.com")
    code, out, err = probe("erase", WHO, "--yes")
    first, second = out.splitlines()
    assert first == "r1@example.com is erased; rows that named it: 1 in events, 1 in flows, 1 in legs, 1 in lines"
    assert second == "looked.jsonl, which says who looked what up, names it no more: 1 line changed"
    assert (code, err) == (0, "")
    searches = [json.loads(line) for line in (tmp_path / "lake" / "looked.jsonl").read_text().splitlines()]
    assert [one["recipient"] for one in searches] == ["erased@example.com", "r2@example.com"]
    assert count(tmp_path / "lake", NAMED) == 0
    assert count(tmp_path / "lake", "select count(*) from flows") == 3
    assert probe("erase", WHO, "--yes")[::2] == (1, "")


def test_nobody_is_erased_unasked(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, _, err = probe("erase", WHO)
    assert code == 3
    assert "nobody can be asked here: --yes erases without asking" in err
    assert count(tmp_path / "lake", NAMED) == 1


def test_what_cannot_be_done(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    said = "probe: 'nobody' is no address: name one as somebody@abc.example\n"
    assert probe("erase", "nobody", "--yes")[::2] == (3, said)
    said = "probe: there is no lake at other: name another with --lake, or make it with `probe track import`\n"
    assert probe("erase", WHO, "--yes", "--lake", "other")[::2] == (3, said)
    (tmp_path / "key").write_text("0123456789abcdef")
    code, _, err = probe("erase", WHO, "--yes", "--pseudonym-key", "key")
    assert code == 3
    assert err.startswith("probe: this lake holds addresses as they are: ")
    pen = Writer(tmp_path / "lake", "probe serve", lambda: NOW)
    code, _, err = probe("erase", WHO, "--yes")
    pen.close()
    assert code == 3
    assert "(probe serve, since 2026-11-21 12:00:00 UTC): a service, which does not end by itself: stop the service, then erase\n" in err
    assert err.count("\n") == 1
    assert count(tmp_path / "lake", NAMED) == 1


def test_a_pseudonym_is_found_by_its_key(probe: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef")
    log(tmp_path / "other.log", range(5), "mx2")
    probe("import", "--lake", "named", "--pseudonym-key", "key", "other.log")
    code, _, err = probe("erase", WHO, "--yes", "--lake", "named")
    assert code == 3
    assert err.startswith("probe: this lake holds pseudonyms: name the file of their key with --pseudonym-key")
    code, out, _ = probe("erase", WHO, "--yes", "--lake", "named", "--pseudonym-key", "key")
    assert (code, out) == (0, "r1@example.com is erased; rows that named it: 1 in events, 1 in flows, 1 in legs, 1 in lines\n")
