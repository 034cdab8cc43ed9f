"""`probe silence`, `probe maintenance` and `probe notify` against a control API with a real store; errors by their line."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from probe.clock import utc_now
from store import mutes
from tests.console.made_board import some_checks
from tests.service.alarmed import ME, REMEMBERED, Folder
from thresholds.incident_values import Scene, Silence

if TYPE_CHECKING:
    from pathlib import Path

    from store.store import Store

NO_KIND = (
    "there is no kind of cause `sevrer`; the kinds are prober, resolver, host, server, path, hop, link, domain, account and check; "
    "did you mean server?"
)


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("SUDO_USER", raising=False)
    return Folder(tmp_path, capsys)


# -- silences


async def test_a_silence_from_its_beginning_to_its_end(folder: Folder) -> None:
    async with folder.served():
        code, out, _ = await folder.ask("silence", "add", "--server", "imap*", "--until", "2h", "--reason", "new disks")
        assert (code, "server imap*" in out, "in force" in out, f"new disks ({ME}, 2" in out) == (0, True, True, True)
        known = out.splitlines()[1].split()[0]
        _, out, _ = await folder.ask("silence", "list", "--format", "json")
        assert [(one["id"], one["server"]) for one in json.loads(out)] == [(known, "imap*")]
        code, out, _ = await folder.ask("silence", "expire", known, "--by", "alice")
        assert (code, "over" in out) == (0, True)
        assert await folder.ask("silence", "list") == (0, "no silences\n", "")
        _, out, _ = await folder.ask("silence", "list", "--past", "--format", "json")
        assert [one["ended_by"] for one in json.loads(out)] == [f"alice ({ME})"]


def test_without_a_service_the_store_is_read(folder: Folder) -> None:
    now = utc_now()

    async def quiet(store: Store) -> None:
        await mutes.add_silence(store, Silence("s1", Scene(), "anna", "asleep", now, now + timedelta(hours=1)))

    folder.remember(quiet)
    code, out, err = folder.probe("silence", "list")
    assert (code, "everything" in out, err) == (0, True, REMEMBERED)
    assert folder.probe("maintenance", "list") == (0, "no maintenance\n", REMEMBERED)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("silence add --until 2h --reason x", "say of what: --domain, --server, --site or --cause; --all for everything"),
        (
            "silence add --all --server imap --until 2h --reason x",
            "--all means everything: leave out --domain, --server, --site and --cause, or --all",
        ),
        ("silence add --all --until 2h", "Missing option '--reason'"),
        ("silence add --cause sevrer:imap --until 2h --reason x", f"--cause: {NO_KIND}"),
        ("incidents list --cause sevrer", f"--cause: {NO_KIND}"),
        (
            "silence add --all --until 9999-12-31T23:59:59-12:00 --reason x",
            "--until: `9999-12-31T23:59:59-12:00` is out of bounds: times lie between 1970-01-01 and 2200-01-01",
        ),
        ("maintenance add --all --until 1h --from 2020-01-01 --reason x", "--from: `2020-01-01` is past"),
        (
            "maintenance add --all --until 2027-03-28T02:30 --reason x",
            "--until: 2027-03-28 02:30 does not exist in Europe/Berlin: clocks leap over it",
        ),
    ],
)
def test_what_is_wrong_is_one_line(folder: Folder, words: str, line: str) -> None:
    command = " ".join(words.split()[:2])
    assert folder.probe(*words.split()) == (3, "", f"probe: {line} (see: probe {command} --help)\n")


async def test_what_fits_nothing_that_is_watched_is_made_and_told(folder: Folder) -> None:
    words = ("--until", "2h", "--reason", "x")
    async with folder.served() as site:
        site.desk.board.plan(some_checks(), ())
        code, out, err = await folder.ask("silence", "add", "--domain", "dom00001.exmaple", *words)
        line = "`dom00001.exmaple` fits no domain that is watched, so it mutes nothing now; did you mean dom00001.example?"
        assert (code, "domain dom00001.exmaple" in out, err) == (0, True, f"probe: warning: {line}\n")
        _, _, err = await folder.ask("maintenance", "add", "--server", "nosuch", "--cause", "server:[[[", *words)
        assert err == (
            "probe: warning: `nosuch` fits no server that is watched, so it mutes nothing now\n"
            "probe: warning: `server:[[[` fits no server that is watched, so it mutes nothing now\n"
        )
        assert (await folder.ask("silence", "add", "--domain", "DOM00001.*", "--cause", "host:mail2*", *words))[2] == ""


# -- maintenance


async def test_a_window_from_its_plan_to_its_end(folder: Folder) -> None:
    async with folder.served():
        code, out, _ = await folder.ask(
            "maintenance", "add", "--cause", "host:mail2*", "--from", "1h", "--until", "2h", "--reason", "new kernel"
        )
        assert (code, "cause host:mail2*" in out, "not now" in out) == (0, True, True)
        known = out.splitlines()[1].split()[0]
        _, out, _ = await folder.ask("maintenance", "list")
        assert known in out
        assert "maintenance[0]" in out
        assert "each Sunday" in out
        assert (await folder.ask("maintenance", "cancel", known))[0] == 0
        line = f"probe: the maintenance {known} was ended by {ME} at "
        assert (await folder.ask("maintenance", "cancel", known))[2].startswith(line)


async def test_a_window_that_ends_before_it_begins(folder: Folder) -> None:
    async with folder.served():
        words = ("--from", "2099-12-01 22:00", "--until", "2099-12-01 21:00")
        said = await folder.ask("maintenance", "add", "--all", *words, "--reason", "x")
    line = "--until: `2099-12-01 21:00` is not after --from `2099-12-01 22:00`: nothing would be muted"
    assert said == (3, "", f"probe: {line} (see: probe maintenance add --help)\n")


# -- the zone of times


async def test_times_are_shown_in_the_zone_in_which_they_are_meant(folder: Folder) -> None:
    words = ("maintenance", "add", "--all", "--from", "2099-12-01 22:00", "--until", "2099-12-02 02:00", "--reason", "x")
    async with folder.served():
        _, out, _ = await folder.ask(*words)
        assert ("from 2099-12-01 22:00:00 CET" in out, "until 2099-12-02 02:00:00 CET" in out) == (True, True)
        _, out, _ = await folder.ask(*words, "--zone", "Asia/Kathmandu")
        assert "from 2099-12-01 22:00:00 +0545" in out
        _, out, _ = await folder.ask(*words, "--zone", "Asia/Kathmandu", "--format", "json")
        assert json.loads(out)[0]["begins_at"] == "2099-12-01T16:15:00.000Z"
        line = "probe: --zone: `Mars/Base` is no time zone; one looks like Europe/Berlin, or UTC (see: probe maintenance add --help)\n"
        assert await folder.ask(*words, "--zone", "Mars/Base") == (3, "", line)
        assert len(json.loads((await folder.ask("maintenance", "list", "--format", "json"))[1])) == 4


async def test_a_service_elsewhere_tells_its_zone(folder: Folder) -> None:
    words = ("silence", "add", "--all", "--until", "2099-12-01 08:00", "--reason", "x", "--token-env", "PROBE_TOKEN")
    async with folder.served(ZoneInfo("America/St_Johns")) as site:
        code, out, err = await asyncio.to_thread(folder.far, f"http://127.0.0.1:{site.listener.port}", *words)
    assert (code, err, "2099-12-01 08:00:00 NST" in out) == (0, "", True)


# -- telling


async def test_channels(folder: Folder) -> None:
    async with folder.served():
        code, out, _ = await folder.ask("notify", "channels")
    assert code == 0
    assert out.splitlines()[0].split() == ["CHANNEL", "KIND", "SENT", "FAILED", "LAST", "PROOF"]  # none was refused or taken over
    assert "ops-mail  mail     2     0       2026-11-21 09:00:00 CET: 250 2.0.0 Ok: queued as 4jW76S0sf8zRhS4" in out
    assert "a test arrived at 2026-11-21 09:00:00 CET: 250 tested" in out
    assert "failed: refuses the connection" in out


async def test_who_would_be_told(folder: Folder) -> None:
    async with folder.served():
        code, out, _ = await folder.ask("notify", "route", "--server", "imap", "--at", "2026-12-24 03:00")
        _, other, _ = await folder.ask("notify", "route", "--domain", "abc.example", "--server", "submission", "--format", "json")
    assert (code, out.splitlines()[0]) == (0, "ops-mail")
    assert "  not over pager: " in out or "  pager is not asked: " in out
    assert out.count("pager") == 1
    assert json.loads(other)["chains"] == [["pager", "ops-mail"]]


CONFIGURATION = """servers:
  imap: {kind: imap, host: 127.0.0.1}
  hub: {kind: smtp, host: 127.0.0.1, depends_on: [imap]}
notify:
  channels:
    mail: {kind: command, command: ["true"], depends_on: {servers: [hub]}}
    pager: {kind: command, command: ["true"]}
  routes: [{match: {level: critical}, to: [[mail, pager]]}]
"""


def test_without_a_service_the_configuration_says_who_would_be_told_and_not_what_is_open(folder: Folder) -> None:
    (folder.path / "mailsonde.yml").write_text(CONFIGURATION)
    code, out, err = folder.probe("notify", "route", "--server", "imap", "--format", "json")
    refused = {"mail": "depends on the server imap, which is what fails"}
    unknown = "which incidents are open is not known, for the service does not run: what depends on what they report would be asked last"
    words = [
        "no domain has a check on a server imap",
        "notify.routes[0] matches",
        "mail is not asked: it depends on the server imap, which is what fails",
        "told over pager (notify.routes[0])",
        unknown,
    ]
    assert (code, json.loads(out)) == (0, {"chains": [["pager"]], "refused": refused, "words": words})
    assert err.endswith(f"probe: the service does not run; this is what {folder.path / 'mailsonde.yml'} says\n")
    code, out, _ = folder.probe("notify", "route", "--server", "imap", "--level", "warning", "--at", "2026-12-24 03:00")
    assert (code, out.splitlines()[0], out.splitlines()[2]) == (
        2,
        "nobody would be told",
        "  notify.routes[0] does not match: the level is WARNING",
    )
    code, out, _ = folder.probe("notify", "route", "--domain", "abc.example", "--server", "pop3")
    assert (code, out.splitlines()[0]) == (0, "mail > pager")


def test_without_a_service_a_wrong_configuration_is_one_line(folder: Folder) -> None:
    (folder.path / "mailsonde.yml").write_text("notify: {channels: {pager: {kind: pigeon}}}\n")
    code, out, err = folder.probe("notify", "route", "--server", "imap")
    assert (code, out, err.count("\n"), "mailsonde.yml:1:" in err) == (3, "", 1, True)


async def test_every_channel_is_tried_and_one_that_fails_stops_no_other(folder: Folder) -> None:
    async with folder.served():
        code, out, err = await folder.ask("notify", "test")
        lines = out.splitlines()
        assert (code, err, lines[0]) == (2, "", "pager: did not arrive: pager: 127.0.0.1:9 refuses the connection")
        assert lines[1].startswith("ops-mail: arrived in ")
        assert lines[1].endswith(": 250 2.0.0 Ok: queued as 4jW76S0sf8zRhS4")
        assert (await folder.ask("notify", "test", "ops-mail"))[0] == 0
        assert (await folder.ask("notify", "test", "nobody"))[:2] == (2, "nobody: did not arrive: there is no channel nobody\n")
