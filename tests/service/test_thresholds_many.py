"""`probe thresholds` with much to show: many checks and strange thresholds, domains that only a directory knows, hundreds of troubles."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from probe.values import Check, Endpoint, Result, Step
from service.cli import run
from store.store import Store
from store.values import Run
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = Callable[..., tuple[int, list[str], str]]

START = datetime(2026, 11, 16, tzinfo=UTC)
SERVERS = "servers:\n  imap: {kind: imap, host: mail.isp.example}\n  submission: {kind: submission, host: mail.isp.example}\n"
ACCOUNT = "{address: 'probe@{domain}', password: {env: PROBE_PASSWORD}}"
DISCOVERY = (
    f"{SERVERS}  directory: {{kind: ldap, host: ldap.isp.example, base: dc=isp}}\n"
    "discovery:\n  server: directory\n  filter: (objectClass=*)\n  name: dc\n  servers: {imap: imap, smtp: submission}\n"
    f"  roundtrip: {{submit: submission, fetch: imap}}\n  mailbox: {ACCOUNT}\n"
)
LIMIT = "thresholds:\n  - {match: {server: imap}, warning: 500ms}\n  - {match: {trip: total}, warning: 30s}\n"


def domains(count: int) -> str:
    mailbox = "{address: probe@abc.example, password: {env: PROBE_PASSWORD}}"
    return "domains:\n" + "".join(f"  - {{name: d{number}.example, servers: [imap], mailbox: {mailbox}}}\n" for number in range(count))


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Return what runs `probe thresholds ARGUMENTS` and gives its code, its lines and its errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROBE_PASSWORD", "correct horse")
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.delenv("MAILSONDE_CONFIG", raising=False)

    def told(*arguments: str) -> tuple[int, list[str], str]:
        code = run(["thresholds", *arguments])
        written = capsys.readouterr()
        return code, [line.rstrip() for line in written.out.splitlines()], written.err

    return told


def test_a_hundred_checks_are_enough_for_a_screen(probe: Told) -> None:
    Path("mailsonde.yml").write_text(SERVERS + domains(130) + LIMIT)
    assert probe("show")[1][-1] == "and 30 more (--all lists every one)"
    assert len(probe("show", "--all")[1]) == 131
    code, _, err = probe("show", "--domain", "x*")
    named = ", ".join(f"d{number}.example" for number in range(12))
    assert (code, err.splitlines()[-1]) == (3, f"probe: no check fits; domains: {named} and 118 more; servers: imap")


def test_ten_thresholds_that_do_not_match_are_enough(probe: Told) -> None:
    strangers = "".join(f"  - {{match: {{domain: d{number}.example}}, warning: 1s}}\n" for number in range(1, 16))
    Path("mailsonde.yml").write_text(SERVERS + domains(16) + LIMIT + strangers)
    _, lines, _ = probe("show", "--domain", "d0.example")
    assert "and 5 more that do not match (--all lists every one)" in lines
    _, lines, _ = probe("show", "--domain", "d0.example", "--all")
    assert len([line for line in lines if "does not match" in line]) == 15


def test_more_limits_than_letters_end_in_a_question_mark(probe: Told) -> None:
    calendars = "".join(f"  c{number}: {{weekly: ['mon {number // 4:02d}:{number % 4 * 15:02d}-24:00']}}\n" for number in range(94))
    many = "".join(f"  - {{calendar: c{number}, warning: {number + 1}s}}\n" for number in range(94))
    Path("mailsonde.yml").write_text(f"{SERVERS}{domains(1)}calendars:\n{calendars}thresholds:\n{many}")
    _, lines, _ = probe("show", "--at", "2026-11-16 23:00 UTC", "--all")
    monday = next(line for line in lines if line.startswith("Mon"))
    assert monday.startswith("Mon  abcdefghij")
    assert any(line.startswith("  .  no threshold") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "first"),
    [
        (["--domain", "abc.example", "--server", "imap"], 0, "abc.example/imap, total, at "),
        (["--domain", "abc.example", "--trip", "total"], 0, "abc.example, trip total, at "),
    ],
)
def test_a_domain_that_only_the_directory_knows_is_taken_at_its_word(arguments: list[str], code: int, first: str, probe: Told) -> None:
    Path("mailsonde.yml").write_text(DISCOVERY + LIMIT)
    found, lines, _ = probe("show", *arguments)
    assert (found, lines[0][: len(first)]) == (code, first)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the configuration has no check; with a discovery, name the domain exactly"),
        (["--trip", "total"], "the configuration has no trip; with a discovery, name the domain exactly"),
        (["--domain", "a*"], "the configuration has no check; with a discovery, name the domain exactly"),
    ],
)
def test_without_a_name_a_discovery_cannot_be_asked(arguments: list[str], says: str, probe: Told) -> None:
    Path("mailsonde.yml").write_text(DISCOVERY + LIMIT)
    assert probe("show", *arguments) == (3, [], f"probe: {says}\n")


async def _fill(path: Path) -> None:
    """Two days of a check that is slow in each second run by day, and at night in none."""
    store = await Store.open(path)
    check = Check("d0.example/imap", "d0.example", "imap", "imap", Endpoint("mail.isp.example", 143))
    for minute in range(2 * 24 * 60):
        at = START + timedelta(minutes=minute)
        seconds = (0.6 if minute % 2 else 0.4) if 8 <= at.hour < 18 else 0.1
        store.put(Run(Result(check, at, (Step("connect", seconds),)), Verdict(Level.OK)))
    assert await store.flush()
    await store.close()


SPAN = ("--since", "2026-11-16T00:00Z", "--until", "2026-11-18T00:00Z")


def test_hundreds_of_troubles_are_counted_and_a_few_told(probe: Told) -> None:
    Path("mailsonde.yml").write_text(SERVERS + domains(1) + LIMIT)
    asyncio.run(_fill(Path("mailsonde.db")))
    _, lines, _ = probe("backtest", *SPAN)
    assert lines[0] == "as it was judged -> mailsonde.yml, 2026-11-16 00:00:00 to 2026-11-18 00:00:00"
    assert "and 580 more (--all lists every one)" in lines
    assert lines[-1] == "1 check, 2,880 runs: bad 0 -> 600, 0 troubles -> 600 (600 gained, 0 lost)"
    assert len([line for line in probe("backtest", "--all", *SPAN)[1] if "one run" in line]) == 600
    assert probe("backtest", "--since", "2020-01-01", "--until", "2020-01-02")[1][1:] == [
        "0 checks, 0 runs: bad 0 -> 0, 0 troubles -> 0 (0 gained, 0 lost)"
    ]


def test_a_backtest_says_that_it_knows_no_links(probe: Told) -> None:
    link = "  - {match: {link: 'mx1 -> hub*'}, warning: 3s}\n"
    Path("mailsonde.yml").write_text(SERVERS + domains(1) + LIMIT + link)
    Path("plain.yml").write_text(SERVERS + domains(1) + LIMIT)
    asyncio.run(_fill(Path("mailsonde.db")))
    code, _, err = probe("backtest", "--config", "plain.yml", "--old", "mailsonde.yml", *SPAN)
    said = "thresholds on a `link` are left out: a stored trip tells only the hops of its headers, not its way by the servers' logs"
    assert (code, [line for line in err.splitlines() if "link" in line]) == (0, [f"probe: warning: {said}"])
    assert "link" not in probe("backtest", "--config", "plain.yml", *SPAN)[2]


def test_office_hours_are_assumed_where_there_is_no_calendar(probe: Told) -> None:
    Path("mailsonde.yml").write_text(SERVERS + domains(1))
    asyncio.run(_fill(Path("mailsonde.db")))
    _, lines, _ = probe("suggest", *SPAN)
    assert lines[1:3] == ["calendars:", '  office-hours: {weekly: ["mon-fri 08:00-18:00"]}']
    assert "  - {match: {server: imap}, calendar: office-hours, warning: 1s, critical: 2.5s}" in lines
