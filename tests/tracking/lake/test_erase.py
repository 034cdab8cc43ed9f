"""One person's traces go, and nobody else's; pseudonyms name nobody and still join."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tracking.lake.laking import at, put, writer
from tests.tracking.made import NOW, SMALL, contents, count, log, message, take
from thresholds.scope import EVERYTHING
from tracking.errors import TrackError
from tracking.importing_values import Options
from tracking.lake.erase import erase
from tracking.lake.privacy import Privacy, pseudonym
from tracking.lake.reader import open_lake, rows
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"0123456789abcdef"
BOB = "bob@abc.example"


def held(lake: Path, words: str) -> bool:
    """Say whether any row of a lake has these words."""
    return any(words in row for kind in contents(lake).values() for row in kind)


def test_a_person_is_gone_from_every_kind_and_every_file(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text("".join(f"{line}\n" for line in message(1) + message(2)).replace("r1@example.com", "Bob+x@ABC.example"))
    take(tmp_path / "lake", path)
    assert held(tmp_path / "lake", "Bob+x@ABC")
    flows = count(tmp_path / "lake", "select count(*) from flows")
    pen = Writer(tmp_path / "lake", "x", lambda: NOW)
    assert erase(pen, BOB) == {"events": 1, "lines": 1, "legs": 1, "flows": 1}
    pen.close()
    assert not held(tmp_path / "lake", "Bob")
    assert held(tmp_path / "lake", "r2@example.com")
    assert count(tmp_path / "lake", "select count(*) from flows where recipient = 'erased@abc.example'") == 1
    assert count(tmp_path / "lake", "select count(*) from flows") == flows
    assert count(tmp_path / "lake", "select count(*) from lines where text = '(erased)'") == 1
    assert subprocess.run(["grep", "-rl", "Bob+x", tmp_path / "lake"], check=False).returncode == 1


@pytest.mark.parametrize("text", [f"<{BOB}>", "BOB@abc.example", "SRS0=ab=cd=abc.example=bob@x", "b-bob=abc.example@x", f"{BOB},{BOB}"])
def test_every_form_of_an_address_is_found(tmp_path: Path, text: str) -> None:
    pen = writer(tmp_path)
    put(pen, "events", {"file_id": 1, "line": 1, "part": 0, "time": at("08:00"), "said": f"refused: {text}", "subject": "to Bob"})
    assert erase(pen, BOB) == {"events": 1}
    (row,) = rows(open_lake(tmp_path, EVERYTHING), "select said, subject from events")
    assert "bob" not in str(row).lower()


def test_others_with_alike_names_stay(tmp_path: Path) -> None:
    pen = writer(tmp_path)
    put(
        pen,
        "events",
        {"file_id": 1, "line": 1, "part": 0, "time": at("08:00"), "said": "jimbob@abc.example jim-bob@abc.example bob@abc.example-x.org"},
    )
    assert erase(pen, BOB) == {}


def test_what_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match=r"^'bob' is no address: name one as somebody@abc.example$"):
        erase(writer(tmp_path), "bob")


def test_pseudonyms_name_nobody_and_still_join(tmp_path: Path) -> None:
    private = Options(sizes=SMALL, privacy=Privacy(KEY))
    take(tmp_path / "lake", log(tmp_path / "mail.log", range(9)), options=private)
    assert not held(tmp_path / "lake", "r1@")
    assert not held(tmp_path / "lake", "s1@")
    wanted = pseudonym(KEY, "r1@example.com")
    assert count(tmp_path / "lake", f"select count(*) from flows where recipient = '{wanted}'") == 1
    assert count(tmp_path / "lake", "select count(*) from flows where outcome = 'relayed'") == 9


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("to=<bob@x.example>, relay=local", "to=<p-#@x.example>, relay=local"),
        ("to=bob@x.example", "to=p-#@x.example"),
        ("<bob+news@x.example>", "<p-#+p-#@x.example>"),
        ('"Bob Smith"@x.example', "p-#@x.example"),
        ("sasl_username=bob, x", "sasl_username=p-#, x"),
        ("lmtp(bob)<12><abc>: ", "lmtp(p-#)<12><abc>: "),
        ("<mailsonde.0123456789abcdef@x.example>", "<mailsonde.0123456789abcdef@x.example>"),
        ("from=<>, relay=mx1.x[192.0.2.1]:25", "from=<>, relay=mx1.x[192.0.2.1]:25"),
    ],
)
def test_the_shape_stays(text: str, kept: str) -> None:
    hidden = pseudonym(KEY, text)
    pieces = kept.split("#")
    assert hidden.startswith(pieces[0])
    assert hidden.endswith(pieces[-1])
    assert len(hidden) == len(kept) + 11 * (len(pieces) - 1)
    assert hidden == pseudonym(KEY, text)
    assert "#" not in kept or hidden != pseudonym(KEY[::-1], text)


def test_one_lake_has_one_key(tmp_path: Path) -> None:
    path = log(tmp_path / "mail.log", range(3))
    take(tmp_path / "lake", path, options=Options(privacy=Privacy(KEY)))
    for privacy, said in (
        (Privacy(), "this lake holds pseudonyms: name the file of their key with --pseudonym-key, or import into another lake"),
        (Privacy(KEY[::-1]), "this lake was made with another key: pseudonyms would not match what it has; import into another lake"),
    ):
        with pytest.raises(TrackError) as caught:
            take(tmp_path / "lake", path, options=Options(privacy=privacy))
        assert str(caught.value) == said


def test_a_short_key() -> None:
    with pytest.raises(TrackError, match=r"^the key of the pseudonyms is too short: give at least 16 bytes, from `openssl rand -hex 32`$"):
        Privacy(b"short")
