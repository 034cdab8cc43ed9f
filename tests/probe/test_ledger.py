"""The ledger: nothing that it has taken is lost by kill -9 at any instant, and nothing that goes wrong with it stops the probing."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.ledger import Ledger
from probe.message import Letter
from probe.outcome import Facts, Limits
from probe.passage import Passage, line_of
from probe.values import Outcome

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
TOKEN = "0011223344556677{:04d}"


def passage(number: int = 1, name: str = "abc.example") -> Passage:
    letter = Letter("a@abc.example", "b@abc.example", TOKEN.format(number), NOW)
    return Passage(letter, name, "abc.example", Limits(), Facts(NOW, NOW))


def over(open_passage: Passage) -> Passage:
    return replace(open_passage, outcome=Outcome.DELIVERED)


def orphan(folder: Path, *lines: bytes) -> Path:
    """Leave a file as a killed run leaves it."""
    folder.mkdir(exist_ok=True)
    path = folder / "1-dead.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_a_run_that_ends_all_its_trips_leaves_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path / "a" / "ledger") as ledger:
        assert ledger.write(passage())
        assert ledger.write(over(passage()))
        assert ledger.complaints == []
    assert list((tmp_path / "a" / "ledger").iterdir()) == []


def test_a_trip_under_way_is_adopted_by_the_next_run_with_its_last_line(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.write(passage(1), passage(2))
        ledger.write(replace(passage(1), tries=2))
        ledger.write(over(passage(2)))
    (left,) = tmp_path.iterdir()
    assert left.stat().st_mode & 0o777 == 0o600
    with Ledger(tmp_path) as ledger:
        assert ledger.claim(["abc.example"], NOW) == [replace(passage(1), tries=2)]
        assert ledger.claim(["abc.example"], NOW) == []
        assert ledger.write(over(passage(1)))
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_has_told_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with Ledger(tmp_path) as ledger:
            ledger.write(over(passage(1)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with Ledger(tmp_path) as ledger:
        assert ledger.claim(["abc.example"], NOW) == [over(passage(1))]
    assert list(tmp_path.iterdir()) == []


def test_what_was_told_is_never_told_again_though_its_file_stays(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.write(passage(1), over(passage(2)))
    for _ in range(2):
        with Ledger(tmp_path) as ledger:
            assert ledger.claim(["abc.example"], NOW) == [passage(1)]
            assert ledger.complaints == []


def test_a_run_takes_only_its_own_journeys(tmp_path: Path) -> None:
    orphan(tmp_path, line_of(passage(1)), line_of(passage(2, "other")))
    with Ledger(tmp_path) as ledger:
        (mine,) = ledger.claim(["abc.example"], NOW)
        ledger.write(over(mine))
    with Ledger(tmp_path) as ledger:
        assert [left.name for left in ledger.claim(["other"], NOW)] == ["other"]


def test_what_nobody_claims_is_given_to_any_run_in_the_end(tmp_path: Path) -> None:
    orphan(tmp_path, line_of(passage(1, "gone")))
    with Ledger(tmp_path) as ledger:
        assert ledger.claim(["abc.example"], NOW + timedelta(days=1)) == []
        assert len(ledger.claim(["abc.example"], NOW + timedelta(days=2, seconds=1))) == 1


def test_an_outcome_is_never_changed_by_a_later_line(tmp_path: Path) -> None:
    orphan(tmp_path, line_of(passage()), line_of(over(passage())), line_of(replace(passage(), outcome=Outcome.LOST)), line_of(passage()))
    with Ledger(tmp_path) as ledger:
        assert [found.outcome for found in ledger.claim(["abc.example"], NOW)] == [Outcome.DELIVERED]
    assert list(tmp_path.iterdir()) == []


def test_a_living_run_keeps_its_trips(tmp_path: Path) -> None:
    with Ledger(tmp_path) as first:
        first.write(passage())
        with Ledger(tmp_path) as second:
            assert second.claim(["abc.example"], NOW) == []
            assert second.complaints == []


def test_a_half_written_last_line_is_tolerated_and_the_next_stands_alone(tmp_path: Path) -> None:
    orphan(tmp_path, line_of(passage()), line_of(over(passage()))[:-40])
    with Ledger(tmp_path) as ledger:
        (found,) = ledger.claim(["abc.example"], NOW)
        assert found.outcome is None
        assert ledger.write(replace(found, tries=7))
        assert ledger.complaints == []
    with Ledger(tmp_path) as ledger:
        assert [found.tries for found in ledger.claim(["abc.example"], NOW)] == [7]


def test_a_broken_line_in_the_middle_is_skipped_and_said(tmp_path: Path) -> None:
    path = orphan(tmp_path, line_of(passage()), b"{]\n", b"[]\n", b'{"v":1}\n', b"\n")
    with Ledger(tmp_path) as ledger:
        assert len(ledger.claim(["abc.example"], NOW)) == 1
        assert ledger.complaints == [f"the ledger {path}, line {number}, cannot be read: skipped" for number in (2, 3, 4)]


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    newer = json.dumps(json.loads(line_of(passage())) | {"v": 9, "more": 1}).encode() + b"\n"
    path = orphan(tmp_path, newer)
    with Ledger(tmp_path) as ledger:
        assert ledger.claim(["abc.example"], NOW) == []
        said = "is of version 9, and this program knows version 1: left alone; run the newer program to finish its trips"
        assert ledger.complaints == [f"the ledger {path} {said}"]
        assert ledger.write(passage(2))
    assert path.read_bytes() == newer


def test_a_folder_that_cannot_be_made_is_said_and_probing_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "ledger"
    with Ledger(folder) as ledger:
        assert ledger.write(passage()) is False
        assert ledger.claim(["abc.example"], NOW) == []
        assert ledger.complaints == [f"cannot write the ledger in {folder}: Not a directory; trips of this run will not survive its end"]


def test_a_full_disk_is_said_once_and_nothing_counts_as_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.write(passage(1))
        (path,) = tmp_path.iterdir()
        monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert [ledger.write(passage(2)), ledger.write(over(passage(1)))] == [False, False]
        monkeypatch.undo()
        assert ledger.complaints == [f"cannot write the ledger {path}: No space left on device; trips of this run may not survive its end"]
        assert ledger.write(passage(3))
    with Ledger(tmp_path) as ledger:
        assert {found.letter.token for found in ledger.claim(["abc.example"], NOW)} == {TOKEN.format(1), TOKEN.format(3)}


def test_a_disk_that_fills_in_mid_line_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    with Ledger(tmp_path) as ledger:
        monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:20]))
        assert ledger.write(passage(1)) is False
        monkeypatch.undo()
        assert ledger.write(passage(1))
    with Ledger(tmp_path) as ledger:
        assert len(ledger.claim(["abc.example"], NOW)) == 1


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "1-dead.jsonl").mkdir()
    with Ledger(tmp_path) as ledger:
        path = tmp_path / "1-dead.jsonl"
        assert ledger.complaints == [f"cannot read the ledger {path}: Is a directory; its trips stay without an outcome"]


def test_a_file_that_goes_while_we_look_is_no_orphan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = orphan(tmp_path, line_of(passage()))
    real = fcntl.flock

    def gone(descriptor: int, how: int) -> None:
        path.unlink(missing_ok=True)
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", gone)
    with Ledger(tmp_path) as ledger:
        assert ledger.claim(["abc.example"], NOW) == []
        ledger._adopt(path)
        assert ledger.complaints == []


def test_a_file_of_ours_that_another_takes_first_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, True])
    monkeypatch.setattr("probe.ledger._lock", lambda _: next(answers))
    with Ledger(tmp_path) as ledger:
        assert ledger.write(passage())
    assert sorted(path.stat().st_size > 0 for path in tmp_path.iterdir()) == [False, True]


def test_a_successor_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.ledger.ROTATE_BYTES", 100)
    with Ledger(tmp_path) as ledger:
        ledger.write(passage(1))
        monkeypatch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(OSError(24, "Too many open files")))
        assert ledger.write(passage(2)) is False
        monkeypatch.undo()
        assert ledger.write(passage(1))
        assert ledger.complaints == [
            f"cannot write the ledger in {tmp_path}: Too many open files; trips of this run will not survive its end"
        ]


def test_a_long_file_gets_a_successor_and_goes_once_its_trips_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.ledger.ROTATE_BYTES", 100)
    with Ledger(tmp_path) as ledger:
        for number in range(20):
            ledger.write(passage(number))
            ledger.write(over(passage(number)))
        assert len(list(tmp_path.iterdir())) <= 3
        ledger.write(passage(99))
        ledger.write(passage(100))
        assert ledger.write(replace(passage(99), tries=3))
        assert ledger.complaints == []
    with Ledger(tmp_path) as ledger:
        assert {found.tries for found in ledger.claim(["abc.example"], NOW)} == {0, 3}


VICTIM = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from dataclasses import replace
from tests.probe.test_ledger import over, passage
from probe.ledger import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    for number in range(100_000):
        ledger.write(passage(number))
        print(number, "open", flush=True)
        if number % 3 == 0:
            ledger.write(over(passage(number)))
            print(number, "over", flush=True)
"""


def kill_one(folder: Path, seconds: float) -> dict[str, str]:
    """Kill a writing run after so many seconds. Returns what it had been promised, by token."""
    line = [sys.executable, "-c", VICTIM.format(root=str(ROOT)), str(folder)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        first = victim.stdout.readline()
        time.sleep(seconds)
        victim.send_signal(signal.SIGKILL)
        lines = (first + victim.stdout.read()).splitlines()
    whole = [entry.split() for entry in lines if entry.endswith(("open", "over"))]
    return {TOKEN.format(int(number)): state for number, state in whole}


def check_kill(folder: Path, seconds: float) -> None:
    promised = kill_one(folder, seconds)
    with Ledger(folder) as ledger:
        found = {left.letter.token: left for left in ledger.claim(["abc.example"], NOW)}
        assert promised.keys() <= found.keys()
        assert len(found) - len(promised) <= 1  # one may have been on the disk, and not yet told
        assert all(found[token].outcome is Outcome.DELIVERED for token, state in promised.items() if state == "over")
        assert ledger.complaints == []
        assert ledger.write(*(over(left) for left in found.values() if left.outcome is None))
    with Ledger(folder) as ledger:
        assert ledger.claim(["abc.example"], NOW) == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("seconds", [0.0, 0.013, 0.05])
def test_kill_minus_nine_loses_nothing_that_was_taken(tmp_path: Path, seconds: float) -> None:
    check_kill(tmp_path, seconds)


@pytest.mark.proof
def test_fifty_kills_at_any_instant(tmp_path: Path) -> None:
    dice = random.Random(3)  # noqa: S311 - instants to kill at are no secret
    for _ in range(50):
        check_kill(tmp_path, dice.random() * 0.2)
