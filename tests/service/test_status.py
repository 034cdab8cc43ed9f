"""`probe status`: its words for every state of a service, its exit codes, and its errors, each with its exact line."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from console.api_shapes import CheckShape, FaultShape, JourneyShape, RunShape, StatusShape, StepShape, StoreShape, TripShape
from service import cli
from service.show.status_ask import Status, least
from service.show.status_show import age, megabytes, print_status
from service.show.table import make_console

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
STORE = StoreShape(queued=0, committed=900, lost=0, broken="", file_bytes=12_340_000, last_commit_seconds=0.002)
REFUSED = FaultShape(kind="CONNECT", step="connect", said="Connection refused")


def service(checks: int = 0, bad: int = 0, **rest: Any) -> dict[str, Any]:
    """Return what a service says of itself, with so many checks, of which so many are CRITICAL."""
    levels = {"OK": checks - bad, "UNKNOWN": 0, "WARNING": 0, "CRITICAL": bad}
    said = {"site": "berlin", "version": "0.1.0", "started_at": NOW - timedelta(days=3), "unhealthy": "", "unready": "", "sick": ""}
    said |= {"checks": checks, "levels": levels, "journeys": 0, "backing_off": {}, "hints": {}}
    said |= {"configuration_problem": "", "configuration_taken_at": NOW, "timezone": "Europe/Berlin", "store": STORE, **rest}
    return StatusShape.model_validate(said).model_dump(mode="json")


def a_run(level: str, fault: FaultShape | None, reasons: list[str]) -> dict[str, Any]:
    steps = [StepShape(name="resolve", seconds=0.001), StepShape(name="connect", seconds=0.003)]
    named = {"check": "", "domain": "", "server": "imap", "kind": "imap", "started_at": NOW, "seconds": 0.004, "uncertainty_seconds": 0.0}
    meaning = {"level": level, "suspect": False, "reasons": reasons, "limit": "", "message_id": None, "readings": {}}
    return RunShape.model_validate(named | meaning | {"steps": steps, "fault": fault}).model_dump(mode="json")


def check(domain: str, level: str = "OK", *, fresh: bool = True, ran: bool = True) -> dict[str, Any]:
    """Return a check as the control API shows it."""
    bad = level == "CRITICAL"
    last = a_run(level, REFUSED if bad else None, ["no connection to imap: Connection refused"] if bad else [])
    where = {"check": f"{domain}/imap", "domain": domain, "server": "imap", "kind": "imap", "host": "imap", "port": 143, "security": "none"}
    said = where | {"every_seconds": 60.0, "fresh": fresh, "level": level if fresh else "UNKNOWN", "last": last if ran else None}
    return CheckShape.model_validate(said).model_dump(mode="json")


def journey(level: str, last: TripShape | None = None) -> dict[str, Any]:
    said = {"trip": "abc.example", "domain": "abc.example", "every_seconds": 300.0, "level": level, "outcomes": {}, "last": last}
    return JourneyShape.model_validate(said | {"under_way": []}).model_dump(mode="json")


BOUNCED = TripShape(
    trip="abc.example", domain="abc.example", message_id="<x@abc.example>", started_at=NOW, outcome="bounced", waiting_for=None,
    submit_seconds=0.04, transit_seconds=None, retrieve_seconds=None, total_seconds=None, uncertainty_seconds=0.0, folder=None, hops=[],
    said="552 over quota", level="CRITICAL", suspect=False, reasons=["bounced: 552 over quota"],
)  # fmt: skip


def shown(status: Status, *, headline: bool = True) -> list[str]:
    """Return the lines on a terminal of 100 columns."""
    out = io.StringIO()
    print_status(status, make_console(width=100, file=out), NOW, headline=headline)
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def test_all_is_well() -> None:
    status = Status(service(28), [], [journey("OK")])
    assert shown(status)[0] == "berlin: 28 checks: 28 OK; 1 trip: 1 OK"
    assert shown(status)[1].startswith("Mailsonde 0.1.0, started 2026-11-17 ")
    assert shown(status)[1].endswith(", 3 d ago; store 12.3 MB")
    assert (len(shown(status)), shown(status, headline=False), status.exit_code) == (2, [], 0)


def test_what_is_not_ok_stands_below_the_worst_first() -> None:
    checks = [
        check("a.example", ran=False, fresh=False),
        check("b.example", "CRITICAL"),
        check("c.example", fresh=False),
        check("d.example"),
    ]
    status = Status(service(4, 1), checks, [journey("CRITICAL", BOUNCED), journey("UNKNOWN")])
    lines = shown(status, headline=False)
    assert [line for line in lines if line.endswith(".example")] == ["b.example", "a.example", "c.example"]
    assert any(line.startswith("  imap           CRITICAL   4.0 ms") for line in lines)
    assert any("not run yet" in line for line in lines)
    assert any("not run since 2026-11-20" in line and "when it was OK" in line for line in lines)
    assert any(line.startswith("abc.example  CRITICAL     -  bounced: submit 40 ms") for line in lines)
    assert any("no trip has ended yet" in line for line in lines)
    assert status.exit_code == 2


def test_many_that_fail_alike_are_one_row_and_what_was_not_asked_for_is_counted() -> None:
    lines = shown(Status(service(5_000, 4_000), [check(f"d{number}.example", "CRITICAL") for number in range(2_000)], []))
    assert lines[0] == "berlin: 5,000 checks: 1,000 OK, 4,000 CRITICAL"
    assert any(line.startswith("imap    CRITICAL   2,000  d0.example, d1.example, d2.example and 1,997 more:") for line in lines)
    assert lines[-1] == "and 2,000 more that are not OK (--format json lists them all)"


@pytest.mark.parametrize(
    ("state", "line", "code"),
    [
        ({"unhealthy": "upkeep has ended"}, "! it should be started again: upkeep has ended", 3),
        ({"unready": "no check is planned"}, "! it does not probe yet: no check is planned", 3),
        ({"sick": "resolver"}, "! the prober itself is in doubt, so all verdicts are: no name can be looked up", 3),
        ({"configuration_problem": "m.yml:1:1: x: wrong\nm.yml:2:1: y: wrong"},
         "! the configuration was not taken, the old one is in force: m.yml:1:1: x: wrong (and 1 more line:", 0),
        ({"backing_off": {"imap:143": "all its checks held back"}}, "! held back: imap:143: all its checks held back", 0),
        ({"hints": {"imap:143": "refused for us alone"}}, "! banned?: imap:143: refused for us alone", 0),
        ({"hints": {f"imap{n}:143": "refused" for n in range(7)}}, "! banned?: and 2 more servers", 0),
        ({"store": STORE.model_copy(update={"broken": "the disk is full", "queued": 1})},
         "! nothing is stored: the disk is full; kept in memory: 1 result", 3),
        ({"store": STORE.model_copy(update={"lost": 12})}, "! lost on the way to the store since the start: 12 results", 0),
    ],
)  # fmt: skip
def test_what_is_odd_about_the_service_itself(state: dict[str, Any], line: str, code: int) -> None:
    status = Status(service(3, **state), [], [])
    assert line in shown(status)
    assert line in shown(status, headline=False)
    assert status.exit_code == code


def test_a_peer_commands_no_terminal() -> None:
    assert "! banned?: imap: said  [2J" in shown(Status(service(1, hints={"imap": "said \x1b[2J"}), [], []))


def test_the_worst_are_asked_for_first_and_no_more_than_can_be_read() -> None:
    assert least({"CRITICAL": 3, "WARNING": 5, "UNKNOWN": 7}, 15) == "UNKNOWN"
    assert least({"CRITICAL": 3, "WARNING": 5, "UNKNOWN": 8}, 15) == "WARNING"
    assert least({"CRITICAL": 30, "WARNING": 0, "UNKNOWN": 0}, 15) == "CRITICAL"


def test_ages_and_sizes_in_one_unit() -> None:
    assert [age(seconds) for seconds in (-1, 40, 121, 7_200, 400_000)] == ["0 s", "40 s", "2 min", "2 h", "4 d"]
    assert [megabytes(count) for count in (65, 2_500, 12_340_000)] == ["65 bytes", "2 kB", "12.3 MB"]


# -- errors


@pytest.mark.parametrize("command", ["status", "backup saved.tar"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--config a.yml --url http://h", "--config means the service on this host, --url one elsewhere: give one of them"),
        ("--url http://h --token-file a --token-env B", "--token-file and --token-env are two places for one token: give one"),
        ("--token-env B", "--token-env goes with --url: on its own host the service asks for no token"),
        ("--token-file b", "--token-file goes with --url: on its own host the service asks for no token"),
        ("--url ftp://h", "--url 'ftp://h' is not of the form https://HOST:PORT"),
        ("--url http://h --token-env NIX", "the environment variable NIX is not set; set it where the prober starts"),
        ("--url http://h --token-file /nonexistent", "the secret file /nonexistent cannot be read: no such file or directory"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_one_line(command: str, options: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(f"{command} {options}".split()) == 3
    assert capsys.readouterr() == ("", f"probe: {said} (see: probe {command.split(maxsplit=1)[0]} --help)\n")


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a failing command says."""
    assert cli.run(arguments) == 3
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_where_none_runs_one_line_says_so_and_no_secret_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mailsonde.yml"
    file.write_text("store: {path: sub/x.db}\nconsole: {token: {env: NOWHERE_SET}}\n")
    said = f"the service does not run (no socket at {tmp_path}/sub/x.sock): start it with `probe serve`"
    assert told(["status", "--config", str(file)], capsys) == f"probe: {said}\n"


def test_a_service_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    said = "probe: http://127.0.0.1:1 cannot be reached: connection refused\n"
    assert told(["status", "--url", "http://127.0.0.1:1"], capsys) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file; write a first one with `probe init ADDRESS`"),
        ("", "is empty; write a first configuration with `probe init ADDRESS`"),
        ("store: [", "2:1: cannot be read as YAML: did not find expected node content"),
        ("store: {path: [a]}\n", "store.path"),
    ],
)
def test_a_configuration_that_cannot_be_read(text: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.yml"
    if text is not None:
        file.write_text(text)
    line = told(["status", "--config", str(file)], capsys)
    assert line.startswith(f"probe: {file}:")
    assert said in line
    assert line.count("\n") == 1
