"""`probe thresholds`: which limit is in force and why, what others would have said of a real store, and what history supports."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.load import load
from probe.values import Check, Endpoint, Fault, FaultKind, Outcome, Result, Step, Trip
from service.cli import run
from store.lock import Lock
from store.store import Store
from store.values import Run, TripRun
from thresholds.judge import judge_result, judge_trip
from thresholds.limits import Limits
from thresholds.values import Limit, Match

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = Callable[..., tuple[int, str, str]]

START = datetime(2026, 11, 16, 0, 0, 30, tzinfo=UTC)  # a Monday
MINUTES = 3 * 24 * 60
HEAD = """timezone: Europe/Berlin
servers:
  imap: {kind: imap, host: mail.isp.example}
  submission: {kind: submission, host: mail.isp.example}
domains:
  - name: abc.example
    servers: [imap, submission]
    mailbox: {address: probe@abc.example, password: {env: PROBE_PASSWORD}}
    roundtrip: {submit: submission, fetch: imap}
calendars:
  office: {weekly: ["mon-fri 08:00-18:00"]}
"""
OLD = f"""{HEAD}thresholds:
  - {{match: {{server: imap}}, warning: 500ms, critical: 2s}}
  - {{match: {{server: imap}}, calendar: office, warning: 1s, critical: 4s}}
  - {{match: {{step: login}}, warning: 300ms}}
"""
LIMITS = Limits([Limit(Match(), 0.5, 2.0, origin="thresholds[0]")])


ONLY = "in force: the only one that matches now"
CLOSED = "calendar office does not hold then"
WAYS = "2026-11-20T09:00+01:00, 2026-11-20 09:00 (in Europe/Berlin), now, today, yesterday, or how long ago: 90m, 7d"
SHOW_HELP = "(see: probe thresholds show --help)"
NO_STORE = "`probe serve` makes it, and fills it; or name another with --store"


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Return what runs `probe thresholds ARGUMENTS` in a folder with a configuration, and gives its code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROBE_PASSWORD", "correct horse")
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.delenv("MAILSONDE_CONFIG", raising=False)
    Path("mailsonde.yml").write_text(OLD)

    def told(*arguments: str) -> tuple[int, str, str]:
        code = run(["thresholds", *arguments])
        written = capsys.readouterr()
        return code, "\n".join(line.rstrip() for line in written.out.splitlines()), written.err

    return told


# -- show


def test_every_check_with_its_limit(probe: Told) -> None:
    code, out, err = probe("show", "--at", "2026-11-20 10:00")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "WHAT                           THRESHOLD      WARNING  CRITICAL  CALENDAR  MATCHES",
        "abc.example/imap, total        thresholds[1]  1 s      4 s       office    imap",
        "abc.example/submission, total  no threshold",
    ]


def test_one_check_with_the_reasons_and_the_week(probe: Told) -> None:
    code, out, _ = probe("show", "--at", "2026-11-20 19:00", "--server", "IMAP", "--domain", "abc.*")
    assert code == 0
    assert out.splitlines() == [
        "abc.example/imap, total, at Fri 2026-11-20 19:00:00 CET",
        "   THRESHOLD      WARNING  CRITICAL  CALENDAR  MATCHES  WHY",
        ">  thresholds[0]  500 ms   2 s                 imap     in force: the only one that matches now",
        "   thresholds[1]  1 s      4 s       office    imap     calendar office does not hold then",
        "",
        "The week from Mon 2026-11-16 00:00:00 CET, a letter for each half hour:",
        "     00    03    06    09    12    15    18    21",
        *(f"{day}  {'a' * 16}{'b' * 20}{'a' * 12}" for day in ("Mon", "Tue", "Wed", "Thu")),
        f"Fri  {'a' * 16}{'b' * 20}{'a' * 12}  <- 19:00 is a",
        f"Sat  {'a' * 48}",
        f"Sun  {'a' * 48}",
        "  a  warning 500 ms, critical 2 s (thresholds[0], imap)",
        "  b  warning 1 s, critical 4 s (thresholds[1], imap), in office",
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--server", "imap", "--step", "login"], f">  thresholds[2]  300 ms   -                   step login  {ONLY}"),
        (["--server", "imap", "--step", "connect"], "no threshold is in force: whatever is measured is OK"),
        (["--server", "imap", "--fault", "AUTH"], "no threshold speaks of fault: it counts as CRITICAL"),
        (["--outcome", "late"], "no threshold speaks of outcome: it counts as WARNING"),
        (["--trip", "transit"], "no threshold speaks of trip: whatever is measured is OK"),
        (["--link", "mx1 -> hub1"], "no threshold speaks of link: whatever is measured is OK"),
        (["--server", "imap", "--queue", "mailbox"], "no threshold speaks of queue: whatever is measured is OK"),
        (["--server", "imap", "--certificate"], "no threshold speaks of certificate: whatever is measured is OK"),
        (["--server", "imap", "--site", "bonn"], f"   thresholds[1]  1 s      4 s       office    imap     {CLOSED}"),
    ],
)  # fmt: skip
def test_other_aspects(arguments: list[str], line: str, probe: Told) -> None:
    code, out, _ = probe("show", "--at", "2026-11-21 10:00", *arguments)
    assert (code, line in out.splitlines()) == (0, True), out


def test_a_baseline_alone_is_unknown_in_the_picture_too(probe: Told) -> None:
    Path("mailsonde.yml").write_text(f"{HEAD}thresholds:\n  - {{match: {{server: imap}}, baseline: {{warning: 2}}}}\n")
    _, out, _ = probe("show", "--server", "imap")
    missing = "not enough history: none of this hour of the week"
    assert "no threshold is in force: it is UNKNOWN" in out
    assert f"2x usual  -                   imap     {missing}, and no other threshold matches" in out
    assert f"  a  {missing} (thresholds[0], imap)" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "--server", "pop"], "no check fits; domains: abc.example; servers: imap, submission"),
        (["show", "--trip", "total", "--server", "x"], "no trip fits; domains: abc.example; trips: abc.example"),
        (["show", "--step", "x", "--trip", "total"], f"--step and --trip are two aspects; ask of one at a time {SHOW_HELP}"),
        (["show", "--at", "noon"], f"--at: `noon` is no time; write {WAYS} {SHOW_HELP}"),
        (["show", "--config", "none.yml"], "none.yml: there is no such file; write a first one with `probe init ADDRESS`"),
        (["backtest", "--since", "1d", "--until", "2d"], "--since 1d is not before --until 2d (see: probe thresholds backtest --help)"),
        (["backtest", "--since", "1d"], f"there is no store FOLDER/mailsonde.db: {NO_STORE}"),
        (["suggest", "--since", "1d", "--store", "x.db"], f"there is no store x.db: {NO_STORE}"),
        (["suggest"], "Missing option '--since' (see: probe thresholds suggest --help)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(arguments: list[str], says: str, probe: Told, tmp_path: Path) -> None:
    code, out, err = probe(*arguments)
    assert (code, out, err.replace(str(tmp_path), "FOLDER")) == (3, "", f"probe: {says.replace(str(tmp_path), 'FOLDER')}\n")


def test_warnings_of_the_configuration_are_said(probe: Told) -> None:
    Path("mailsonde.yml").write_text(OLD.replace("step: login", "domain: abd.example"))
    _, _, err = probe("show")
    assert err == "probe: warning: mailsonde.yml:15:22: thresholds[2].match.domain: matches no domain, so this threshold never applies\n"


# -- a store


def a_check(server: str, *, forbidden: bool = False) -> Check:
    return Check(f"abc.example/{server}", "abc.example", server, server, Endpoint("mail.isp.example", 143), forbidden=forbidden)


def runs() -> list[Run]:
    """Three days of a check a minute: slower in office hours, too slow for ten minutes of a night, down for five."""
    found = []
    for minute in range(MINUTES):
        at = START + timedelta(minutes=minute)
        busy = 7 <= at.hour < 17
        seconds = 0.7 if 180 <= minute < 190 else 0.2 if busy else 0.05
        fault = Fault(FaultKind.CONNECT, "connect", "Connection refused") if 2_000 <= minute < 2_005 else None
        steps = (Step("connect", seconds / 4), Step("login", seconds * 3 / 4))
        result = Result(a_check("imap"), at, steps, {"certificate_days": 60.0 - minute / 1440}, fault)
        found.append(Run(result, judge_result(result, LIMITS)))
    return found


def others() -> list[Run | TripRun]:
    """A service that is refused as it should be, one run by hand, and trips."""
    refused = Result(a_check("pop3", forbidden=True), START, (Step("login", 0.1),), fault=Fault(FaultKind.AUTH, "login", "no"))
    by_hand = Result(a_check("imap"), START + timedelta(seconds=20), (Step("connect", 9.0),))
    ways = [
        Trip("abc.example", "abc.example", f"<{n}@x>", START + timedelta(minutes=5 * n), Outcome.DELIVERED, "", 0.2, 1.0, 0.1)
        for n in range(800)
    ]
    trips = [TripRun(trip, judge_trip(trip, LIMITS, START, 120.0)) for trip in ways]
    return [Run(refused, judge_result(refused, LIMITS)), Run(by_hand, judge_result(by_hand, LIMITS), by_hand=True), *trips]


async def _fill(path: Path, items: list[Run | TripRun]) -> None:
    store = await Store.open(path)
    store.put(*items)
    assert await store.flush()
    await store.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three days in it."""
    path = tmp_path_factory.mktemp("stores") / "filled.db"
    asyncio.run(_fill(path, [*runs(), *others()]))
    return path


NAMES = ["abc.example/imap", "abc.example/pop3", "trip abc.example"]
SPAN = ("--since", "2026-11-16T00:00Z", "--until", "2026-11-19T00:00Z")


def new_limits(thresholds: str) -> None:
    Path("new.yml").write_text(f"{HEAD}thresholds:\n  - {thresholds}\n")


def test_a_backtest_tells_what_is_gained_and_lost(probe: Told, filled: Path) -> None:
    new_limits("{match: {server: imap}, calendar: office, warning: 150ms}")
    code, out, err = probe("backtest", "--config", "new.yml", "--store", str(filled), *SPAN)
    assert (code, err) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()[1:3]] == [
        "CHECK RUNS BAD WAS BAD NEW TROUBLES WAS TROUBLES NEW GAINED LOST",
        "abc.example/imap 4,320 15 (0.3 %) 1,800 (41.7 %) 2 3 2 1",
    ]
    assert out.splitlines()[0] == "as it was judged -> new.yml, 2026-11-16 01:00:00 to 2026-11-19 01:00:00"
    words = " ".join(out.split())
    assert "2026-11-16 08:00:30 10 h abc.example/imap WARNING took 200 ms, limit 150 ms (thresholds[0], imap)" in words
    assert "2026-11-16 04:00:30 9 min abc.example/imap WARNING took 700 ms, limit 500 ms (thresholds[0], everything)" in words
    assert out.splitlines()[-1] == "3 checks, 5,121 runs: bad 15 -> 1,800, 2 troubles -> 3 (2 gained, 1 lost)"


def test_a_backtest_for_programs_against_another_file(probe: Told, filled: Path) -> None:
    new_limits("{match: {step: login}, warning: 400ms}")
    code, out, _ = probe("backtest", "--config", "new.yml", "--old", "mailsonde.yml", "--store", str(filled), "--format", "json", *SPAN)
    found = json.loads(out)
    checks = {one.pop("check"): one for one in found["checks"]}
    assert (code, found["since"], found["old"], list(checks)) == (
        0,
        "2026-11-16T00:00:00Z",
        "mailsonde.yml",
        ["abc.example/imap", "abc.example/pop3", "trip abc.example"],
    )
    levels = {"ok": 4305, "unknown": 0, "warning": 10, "critical": 5, "suspect": 0, "troubles": 2}
    assert checks["abc.example/imap"] == {"runs": 4320, "changed": 0, "old": levels, "new": levels, "gained": [], "lost": []}
    assert checks["abc.example/pop3"]["new"]["ok"] == 1  # refused, as it should be


def test_a_backtest_learns_before_it_judges(probe: Told, filled: Path) -> None:
    new_limits("{match: {server: imap}, baseline: {warning: 3, history: 1w}}")
    _, out, _ = probe("backtest", "--config", "new.yml", "--store", str(filled), "--format", "json", *SPAN)
    found = json.loads(out)["checks"][0]
    assert found["new"] == {"ok": 0, "unknown": 4315, "warning": 0, "critical": 5, "suspect": 0, "troubles": 1}


def shares(usual: str, longest: str = "") -> str:
    return f"half within {usual}, 95 % within {usual}, 99 % within {usual}, the longest {longest or usual}"


def test_suggested_limits_load_and_find_little(probe: Told, filled: Path) -> None:
    code, out, _ = probe("suggest", "--store", str(filled), *SPAN)
    assert (code, out.splitlines()) == (
        0,
        [
            "# Suggested by `probe thresholds suggest` from what was measured from 2026-11-16 01:00 to 2026-11-19 01:00 (Europe/Berlin).",
            "thresholds:",
            f"  # imap: outside of office: 2,520 values over 3 d; {shares('50.3 ms', '700 ms')}",
            "  - {match: {server: imap}, warning: 80ms, critical: 1.5s}",
            f"  # imap: in office: 1,795 values over 2.4 d; {shares('200 ms')}",
            "  - {match: {server: imap}, calendar: office, warning: 300ms, critical: 800ms}",
            f"  # round trips, retrieve: 800 values over 2.8 d; {shares('100 ms')}",
            "  - {match: {trip: retrieve}, warning: 150ms, critical: 400ms}",
            f"  # round trips, submit: 800 values over 2.8 d; {shares('200 ms')}",
            "  - {match: {trip: submit}, warning: 300ms, critical: 800ms}",
            f"  # round trips, total: 800 values over 2.8 d; {shares('1.3 s')}",
            "  - {match: {trip: total}, warning: 2s, critical: 6s}",
            f"  # round trips, transit: 800 values over 2.8 d; {shares('1 s')}",
            "  - {match: {trip: transit}, warning: 1.5s, critical: 4s}",
            "  # certificates of all: no renewal was seen; imap has the fewest days left, 57",
            '  - {match: {certificate: "*"}, warning: 14d, critical: 3d}',
        ],
    )
    Path("new.yml").write_text(f"{HEAD}{out}\n")
    assert load("new.yml", {"PROBE_PASSWORD": "x"}).warnings == ()
    _, told, _ = probe("backtest", "--config", "new.yml", "--store", str(filled), *SPAN)
    assert told.splitlines()[-1] == "3 checks, 5,121 runs: bad 15 -> 15, 2 troubles -> 2 (0 gained, 0 lost)"


def test_too_little_history_is_said(probe: Told, filled: Path) -> None:
    _, out, _ = probe("suggest", "--store", str(filled), "--since", "2026-11-16T00:00Z", "--until", "2026-11-16T01:00Z")
    assert "  # imap: not enough history: 60 values over 59 min; 200 over 1 d are needed" in out.splitlines()
    _, nothing, _ = probe("suggest", "--store", str(filled), "--since", "2020-01-01", "--until", "2020-02-01")
    assert nothing.splitlines()[1:] == ["# Nothing was measured then, so there is nothing to suggest."]


def test_a_store_that_is_in_use_says_by_whom(probe: Told, filled: Path) -> None:
    lock = Lock(filled)
    code, _, err = probe("suggest", "--store", str(filled), *SPAN)
    lock.release()
    assert code == 3
    assert "is in use by process" in err
    assert err.endswith("(a copy made by `probe backup` can be asked with --store)\n")
