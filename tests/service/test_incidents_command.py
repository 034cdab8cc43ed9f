"""`probe incidents`: lists, stories and deeds against a control API with a real store, and out of the store alone; errors by their line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from service import cli
from service.show.incidents_show import lasted
from store.incidents import save
from tests.service.alarmed import ME, REMEMBERED, Folder
from tests.store.made_incidents import ACKNOWLEDGED, after, opened
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from pathlib import Path

    from store.store import Store

ABC_XYZ = ("abc.example", "xyz.example")


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("SUDO_USER", raising=False)
    return Folder(tmp_path, capsys)


async def history(store: Store) -> None:
    """Have one that is open, and one that was acknowledged and closed."""
    first = opened(1, 0)
    acked = after(first, ChangeKind.ACKNOWLEDGED, 3)
    await save(store, [first, acked, after(acked, ChangeKind.CLOSED, 9), opened(2, 20, ABC_XYZ)])


# -- what is and what was


async def test_nothing_is_wrong(folder: Folder) -> None:
    async with folder.served():
        assert await folder.ask("incidents", "list") == (0, "no incidents\n", "")
        assert await folder.ask("incidents", "list", "--format", "json") == (0, "[]\n", "")


async def test_what_is_wrong_now_and_what_was(folder: Folder) -> None:
    async with folder.served() as site:
        await history(site.desk.store)
        code, now, _ = await folder.ask("incidents", "list")
        assert code == 0
        assert "i00000002  CRITICAL  2026-11-21 13:20:00 CET  server imap" in now
        assert "2 failing, 2 domains" in now
        assert "i00000001" not in now
        _, was, _ = await folder.ask("incidents", "list", "--since", "2026-11-21 13:00")  # in Berlin: noon of UTC
        assert was.index("i00000002") < was.index("i00000001")
        assert "closed after 9 min" in was
        assert "acknowledged by anna: on it; until 2026-11-21 15:00:00 CET" in was
        _, closed, _ = await folder.ask("incidents", "list", "--closed", "--format", "json")
        assert [(one["id"], one["ended"]) for one in json.loads(closed)] == [("i00000001", "all is well again")]


async def test_the_story_is_a_timeline(folder: Folder) -> None:
    async with folder.served() as site:
        await history(site.desk.store)
        code, story, _ = await folder.ask("incidents", "show", "i00000001")
    lines = [line.rstrip() for line in story.splitlines()]
    assert code == 0
    assert lines[0] == "i00000001  CRITICAL  check abc.example/imap  closed after 9 min"
    events = [line for line in lines if line.startswith("2026-11-21")]
    assert [" ".join(line.split()[3:5]) for line in events] == ["began the", "opened CRITICAL", "acknowledged by", "closed all"]
    assert events[2].endswith(f"by {ACKNOWLEDGED.by}")


def test_without_a_service_the_store_is_read(folder: Folder) -> None:
    folder.remember(history)
    code, found, err = folder.probe("incidents", "list", "--since", "2026-11-21", "--format", "json")
    assert ([one["id"] for one in json.loads(found)], code, err) == (["i00000002", "i00000001"], 0, REMEMBERED)
    code, found, err = folder.probe("incidents", "show", "i00000001", "--format", "json")
    assert ([one["kind"] for one in json.loads(found)["history"]], code, err) == (["opened", "acknowledged", "closed"], 0, REMEMBERED)
    assert folder.probe("incidents", "show", "i0") == (3, "", f"{REMEMBERED}probe: there is no incident i0\n")


async def test_a_store_says_what_its_service_says(folder: Folder) -> None:
    async with folder.served() as site:
        await history(site.desk.store)
        near = await folder.ask("incidents", "list", "--since", "2026-11-21", "--limit", "1", "--format", "json")
    assert len(json.loads(near[1])) == 1


# -- deeds


async def test_acknowledging_and_closing(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    async with folder.served() as site:
        incident = await site.alarms.have_open(7)
        code, out, _ = await folder.ask("incidents", "ack", incident.id, "--why", "at it", "--until", "2h")
        assert (code, f"acknowledged by {ME}: at it; until 2" in out) == (0, True)
        monkeypatch.setenv("SUDO_USER", "alice")
        _, out, _ = await folder.ask("incidents", "ack", incident.id)
        assert f"acknowledged by alice ({ME})" in out
        code, out, _ = await folder.ask("incidents", "close", incident.id, "--why", "new disk", "--by", "bob", "--format", "json")
        (closed,) = json.loads(out)
        assert (code, "new disk" in closed["ended"], f"bob ({ME})" in closed["ended"]) == (0, True, True)
        code, out, err = await folder.ask("incidents", "ack", incident.id)
        assert (code, out, err.startswith("probe: the incident i00000007 closed at "), " CE" in err) == (3, "", True, True)
        assert err.endswith(f": {closed['ended']}\n")


async def test_closing_what_still_fails_says_that_it_is_silent_now(folder: Folder) -> None:
    async with folder.served() as site:
        await site.alarms.have_open(7)
        _, out, _ = await folder.ask("incidents", "close", "i00000007", "--why", "known")
        assert out.endswith("\n2 checks of it still fail; nothing is told of them before they have been well once\n")
        await site.alarms.have_open(8)
        await site.alarms.have_open(9, "one.example")
        _, out, _ = await folder.ask("incidents", "close", "i00000008", "i00000009", "--why", "known")
    assert [line for line in out.splitlines() if "nothing is told" in line] == [
        "2 checks of i00000008 still fail; nothing is told of them before they have been well once",
        "1 check of i00000009 still fails; nothing is told of it before it has been well once",
    ]


async def test_acknowledging_says_nothing_of_silence(folder: Folder) -> None:
    async with folder.served() as site:
        await site.alarms.have_open(7)
        assert "nothing is told" not in (await folder.ask("incidents", "ack", "i00000007"))[1]


def test_the_help_of_closing_warns(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["incidents", "close", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Of checks that still fail nothing is told before they have been well once" in said


# -- errors


ZONE = "2026-11-20 09:00 (in Europe/Berlin)"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("ack i1 --until soon", "`soon` is no time to come; write how long: 90m, 2h, 7d, or 2026-12-01 08:00 (in Europe/Berlin)"),
        ("ack i1 --until 2020-01-01", "`2020-01-01` is past"),
        ("list --since soon", f"`soon` is no time; write 2026-11-20T09:00+01:00, {ZONE}, now, today, yesterday, or how long ago: 90m, 7d"),
    ],
)
def test_a_time_that_is_none(folder: Folder, words: str, line: str) -> None:
    verb, *_, option, _ = words.split()
    said = f"probe: {option}: {line} (see: probe incidents {verb} --help)\n"
    assert folder.probe("incidents", *words.split()) == (3, "", said)


@pytest.mark.parametrize("words", ["list", "show i1", "ack i1", "close i1 --why x"])
def test_where_neither_service_nor_store_is(folder: Folder, words: str) -> None:
    line = f"probe: the service does not run (no socket at {folder.path}/mailsonde.sock): start it with `probe serve`\n"
    assert folder.probe("incidents", *words.split()) == (3, "", line)


def test_closing_wants_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["incidents", "close", "i1"]) == 3
    assert capsys.readouterr().err == "probe: Missing option '--why' (see: probe incidents close --help)\n"


@pytest.mark.parametrize("group", ["incidents", "silence", "maintenance", "notify"])
def test_help_has_examples(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([group, "--help"]) == 0
    assert f"  probe {group} " in capsys.readouterr().out


def test_durations_in_two_units() -> None:
    assert [lasted(seconds) for seconds in (0.4, 59, 60, 61, 3_600, 5_000, 90_000, 172_800)] == [
        "0 s", "59 s", "1 min", "1 min 1 s", "1 h", "1 h 23 min", "1 d 1 h", "2 d",
    ]  # fmt: skip
