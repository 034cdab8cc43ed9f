"""`probe track find` and `probe track flows`: on a lake of real lines, in every form, for hostile words, with their exact messages."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from service import cli
from tests.tracking.look.real import EDGE, HOSTILE, HUB, ID, MX, SESSION, lake_of, many

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Probe = Callable[..., tuple[int, str, str]]
NEWER = '{"mailsonde": "lake", "version": 99}'
UPGRADE = "upgrade this one, or name another lake"
TIMES = "2026-11-20T09:00+01:00, 2026-11-20 09:00 (in UTC), now, today, yesterday, or how long ago: 90m, 7d"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lake_of(tmp_path_factory.mktemp("look"), odd=HOSTILE, many=many(9))


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """Run the command in a folder of its own, on a wide screen; give exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TZ", "UTC")

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["track", *words])
        return (code, *capsys.readouterr())

    return run


def test_a_message_is_one_line_on_a_wide_screen(probe: Probe, lake: Path) -> None:
    code, out, err = probe("find", "--lake", str(lake), "--probe")
    heads, line = out.splitlines()
    assert heads.split() == ["ENTERED", "OUTCOME", "TIME", "SENDER", "RECIPIENT", "WAY", "FLOW"]
    assert line.split()[:8] == ["2026-11-21", "16:12:52", "UTC", "delivered", "974", "ms", "probe@alpha.test", "probe@beta.test"]
    assert "mx > hub > edge > (dovecot)" in line
    assert (code, err) == (0, "")


def test_a_narrow_screen_has_three_lines_of_it(probe: Probe, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = probe("find", "--lake", str(lake), "--probe")
    assert out.splitlines()[1:] == ["  probe@alpha.test > probe@beta.test", "  mx > hub > edge > (dovecot)"]
    assert max(map(len, out.splitlines())) <= 60


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--message-id", ID), 1),
        (("--message-id", f"<{ID}>"), 1),
        (("--recipient", "*@far.example"), 9),
        (("--recipient", "R?@FAR.example"), 9),
        (("--sender", "%@far.example"), 0),
        (("--sender", "'; drop table flows; --"), 0),
        (("--subject", "hyperlink"), 1),
        (("--server", "hub"), 1),
        (("--outcome", "bounced"), 1),
        (("--outcome", "bounced", "--outcome", "delivered"), 2),
        (("--min-delay", "5s"), 4),
        (("--since", "2026-11-21 16:20", "--until", "2026-11-21 16:35"), 1),
        (("--since", "2026-11-21T17:20+01:00", "--until", "2026-11-21T17:35+01:00"), 1),
        (("--no-probe",), 10),
        (("--domain", "beta.test"), 2),
        (("--domain", "nowhere.example"), 0),
    ],
)
def test_it_finds_by_each_of_these(probe: Probe, lake: Path, words: tuple[str, ...], found: int) -> None:
    code, out, err = probe("find", "--lake", str(lake), "--format", "jsonl", *words)
    assert len(out.splitlines()) == found
    assert (code, err) == ((0, "") if found else (1, f"probe: {lake} holds no such flow\n"))


def test_the_json_is_the_one_that_people_read(probe: Probe, lake: Path) -> None:
    _, out, _ = probe("flows", "--lake", str(lake), "--probe")
    flow = json.loads(out)
    assert [(hop["server"], hop["software"], hop["id"]) for hop in flow["hops"]] == [
        *(("mx", "postfix", MX), ("hub", "postfix", HUB), ("edge", "postfix", EDGE), ("", "dovecot", SESSION)),
    ]
    assert [hop["link"] and hop["link"]["rule"] for hop in flow["hops"]] == ["queued-as", "queued-as", "lmtp-session", None]
    assert (flow["message_id"], flow["probe"], flow["outcome"], flow["domains"]) == (
        f"<{ID}>",
        True,
        "delivered",
        ["alpha.test", "beta.test"],
    )
    assert (flow["entered_at"], flow["left_at"]) == ("2026-11-21T16:12:52.748Z", "2026-11-21T16:12:53.722Z")
    assert flow["end_to_end_seconds"] == pytest.approx(0.974, abs=0.001)
    assert flow["uncertainty_seconds"] < 0.1
    assert flow["hops"][0]["delays"] == {"before_queue": 0.05, "queue": 0.0, "connection": 0.02, "transmission": 0.06}


def test_all_forms_tell_the_same(probe: Probe, lake: Path, tmp_path: Path) -> None:
    _, lines, _ = probe("flows", "--lake", str(lake))
    flows = [json.loads(line) for line in lines.splitlines()]
    assert json.loads(probe("flows", "--lake", str(lake), "--format", "json")[1]) == flows
    rows = list(csv.DictReader(io.StringIO(probe("flows", "--lake", str(lake), "--format", "csv")[1])))
    assert [(row["recipient"], row["outcome"]) for row in rows] == [(flow["recipient"], flow["outcome"]) for flow in flows]
    assert probe("flows", "--lake", str(lake), "--format", "parquet", "--out", "flows.parquet")[0] == 0
    with duckdb.connect(config={"temp_directory": str(tmp_path / "spill")}) as con:
        con.execute("set TimeZone = 'UTC'")
        kept = con.execute("select message_id, recipient, len(hops), hops[1].link.rule from 'flows.parquet'").fetchall()
    told = [(flow["message_id"], flow["recipient"], len(flow["hops"]), (flow["hops"][0]["link"] or {}).get("rule")) for flow in flows]
    assert kept == told
    assert not list(tmp_path.glob(".tmp*"))


def test_no_spreadsheet_takes_a_subject_or_a_sender_for_a_formula(probe: Probe, lake: Path) -> None:
    _, out, _ = probe("find", "--lake", str(lake), "--outcome", "bounced", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["sender"] == "'=cmd@evil.example"
    assert row["subject"].startswith("'=HYPERLINK(")


@pytest.mark.parametrize("form", ["table", "jsonl", "json", "csv"])
def test_nothing_that_was_logged_commands_a_terminal(probe: Probe, lake: Path, form: str) -> None:
    _, out, _ = probe("find", "--lake", str(lake), "--format", form)
    assert all(letter.isprintable() or letter == "\n" for letter in out.replace("\r\n", "\n"))  # csv ends its lines with both


def test_who_asks_for_few_hears_that_there_are_more(probe: Probe, lake: Path) -> None:
    code, out, err = probe("find", "--lake", str(lake), "--limit", "3", "--format", "jsonl")
    assert len(out.splitlines()) == 3
    assert (code, err) == (0, "probe: 3 are shown, there are more: --limit, or ask more narrowly\n")


def test_others_people_are_masked_for_the_administrator_of_one_domain(probe: Probe, lake: Path) -> None:
    _, out, _ = probe("find", "--lake", str(lake), "--domain", "beta.test", "--format", "jsonl")
    assert {(flow["sender"], flow["recipient"]) for flow in map(json.loads, out.splitlines())} == {
        *(("***@alpha.test", "probe@beta.test"), ("***@evil.example", "b@beta.test")),
    }


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--sender", "probe@alpha.test"), 0),
        (("--sender", "p*@alpha.test"), 0),
        (("--sender", "?*@alpha.test"), 0),
        (("--sender", "*@ALPHA.test"), 1),
        (("--sender", "***@alpha.test"), 1),
        (("--recipient", "Probe@beta.test"), 1),
        (("--recipient", "*@alpha.test"), 0),
    ],
)
def test_a_masked_address_cannot_be_guessed(probe: Probe, lake: Path, words: tuple[str, ...], found: int) -> None:
    _, out, _ = probe("find", "--lake", str(lake), "--domain", "beta.test", "--format", "jsonl", *words)
    assert len(out.splitlines()) == found


def test_any_limit_may_be_asked_for(probe: Probe, lake: Path) -> None:
    assert probe("find", "--lake", str(lake), "--probe", "--limit", "9" * 30)[::2] == (0, "")


def test_a_folder_of_other_things_is_no_lake(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "mail.log").touch()
    said = "probe: log is no lake: name another with --lake, or make one with `probe track import`\n"
    assert probe("find", "--lake", "log") == (3, "", said)
    assert [path.name for path in (tmp_path / "log").iterdir()] == ["mail.log"]


def test_looking_is_recorded(probe: Probe, tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    probe("find", "--lake", str(lake), "--sender", "a@b", "--domain", "beta.test")
    (line,) = (lake / "looked.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert told.keys() == {"at", "who", "what", "domains", "sender", "newest", "limit"}
    assert (told["what"], told["domains"], told["sender"]) == ("find", ["beta.test"], "a@b")


def test_the_lake_is_the_one_that_the_configuration_names(probe: Probe, lake: Path, tmp_path: Path) -> None:
    (tmp_path / "mailsonde.yml").write_text(f"tracking: {{lake: {lake}}}\ntimezone: Europe/Berlin\n")
    _, out, _ = probe("find", "--since", "2026-11-21 17:20", "--until", "2026-11-21 17:35", "--format", "jsonl")
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--lake", "none"), 3, "there is no lake at none: name another with --lake, or make it with `probe track import`"),
        (("--since", "soon"), 3, f"--since: `soon` is no time; write {TIMES} (see: probe track find --help)"),
        (("--since", "1h", "--until", "2h"), 3, "--since 1h is not before --until 2h (see: probe track find --help)"),
        (
            ("--outcome", "lost"),
            3,
            "there is no outcome 'lost': they are delivered, relayed, bounced, rejected, deferred, expanded, redirected, discarded, unsure",
        ),
        (
            ("--lake", "newer"),
            3,
            "the lake newer was written by a newer Mailsonde (version 99 of its layout, this one knows 1): " + UPGRADE,
        ),
    ],
)
def test_what_is_wrong_is_one_line(probe: Probe, lake: Path, tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "manifest.json").write_text(NEWER)
    place = () if "--lake" in words else ("--lake", str(lake))
    assert probe("find", *place, *words) == (code, "", f"probe: {said}\n")


def test_an_empty_folder_is_an_empty_lake(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    assert probe("find") == (1, probe("find")[1], "probe: lake holds no such flow\n")
    assert probe("flows") == (0, "", "probe: lake holds no such flow\n")


def test_a_file_that_cannot_be_written_is_named(probe: Probe, lake: Path) -> None:
    assert probe("flows", "--lake", str(lake), "--out", "no/such/folder") == (3, "", "probe: no/such/folder: no such file or directory\n")


def test_a_time_below_nothing_is_explained(probe: Probe, tmp_path: Path) -> None:
    odd = "Nov 21 16:09:00 mx postfix/smtp[4]: 4jWyc00000zc6Q1: to=<r@far.example>, relay=mx.far.example[192.0.2.6]:25, "
    late = many(0) + odd + "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)\n"
    _, out, err = probe("find", "--lake", str(lake_of(tmp_path, late=late)), "--recipient", "r@far.example")
    assert " -31" in out
    assert err == "probe: a time with a minus (1 here) says that a clock contradicts itself or another\n"
