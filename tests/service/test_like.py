"""`probe run --like`: what it calls changed, how both runs stand on a screen, what it finds in a store, and its errors."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from probe.values import Fault, FaultKind, Line, Step
from service import cli
from service.commands.like import Mark, Side, merged, pair_lines, pair_steps
from service.commands.like_show import difference_text, print_both
from service.show.table import make_console
from store.store import Store
from tests.service.peers import Peer, peer
from tests.store.made_runs import BAD, CHECK, GOOD, NOON
from thresholds.values import Level

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from store.values import Run

CONFIG = """\
servers: {{imap: {{kind: imap, host: 127.0.0.1, port: {port}, security: none}}}}
domains: [{{name: {domain}, servers: [imap], mailbox: {{address: probe@abc.example, password: {{env: PROBE_PASSWORD}}}}}}]
checks: {{timeout: 2s}}
store: {{path: t.db}}
"""


def said(*texts: str, step: str = "login") -> tuple[Line, ...]:
    """Return lines: ours begin with `> `, theirs with `< `."""
    return tuple(Line(ours=text.startswith(">"), step=step, text=text[2:]) for text in texts)


def marks(then: tuple[Line, ...], now: tuple[Line, ...]) -> str:
    signs = {Mark.SAME: "=", Mark.NUMBERS: "#", Mark.CHANGED: "~", Mark.GONE: "-", Mark.NEW: "+"}
    return "".join(signs[pair.mark] for pair in pair_lines(then, now))


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (("> QUIT", "< 221 Bye"), ("> QUIT", "< 221 Bye"), "=="),
        (("< 250 2.0.0 Ok: queued as 4jWlK229jjzJQlq",), ("< 250 2.0.0 Ok: queued as 4jWlKL2tNdzJQfF",), "#"),
        (("< 250 Ok",), ("< 450 Ok",), "~"),  # a code is no mere number
        (("< 250 a", "< 250 b"), ("< 250 b",), "-="),
        (("< 250 b",), ("< 250 a", "< 250 b"), "+="),
        (("> NOOP",), ("< NOOP",), "-+"),  # said by the other side: no pair
        ((), ("< * BYE",), "+"),
    ],
)  # fmt: skip
def test_what_has_become_of_each_line(then: tuple[str, ...], now: tuple[str, ...], expected: str) -> None:
    assert marks(said(*then), said(*now)) == expected


def test_lines_are_compared_within_their_step() -> None:
    then, now = said("< ok", step="mail") + said("< ok", step="quit"), said("< ok", step="mail") + said("< ok", step="data")
    assert [(pair.step, pair.mark) for pair in pair_lines(then, now)] == [("mail", Mark.SAME), ("quit", Mark.GONE), ("data", Mark.NEW)]


def test_steps_of_both_in_an_order_that_is_that_of_each() -> None:
    assert merged(["resolve", "connect", "login"], ["resolve", "tls", "login", "quit"]) == ["resolve", "connect", "tls", "login", "quit"]
    then, now = Side(NOON, Level.OK, (Step("resolve", 0.5),)), Side(NOON, Level.OK, (Step("resolve", 0.25), Step("quit", 1.0)))
    assert [(pair.name, pair.difference_seconds) for pair in pair_steps(then, now)] == [("resolve", -0.25), ("quit", None)]


def test_a_difference_has_its_sign() -> None:
    assert [difference_text(seconds) for seconds in (0.012, -1.5, 0.00001, None)] == ["+12 ms", "-1.50 s", "0", "-"]


# -- on a screen

THEN = Side(
    NOON, Level.CRITICAL, (Step("resolve", 0.001), Step("login", 0.25)), Fault(FaultKind.AUTH, "login", "NO"), ("login is refused",), 0.002,
    said("> a LOGIN x ***", "< a NO [UNAVAILABLE] come back later", "< gone"),
)  # fmt: skip
AFTER = Side(NOON, Level.OK, (Step("resolve", 0.001), Step("login", 0.05)), lines=said("> a LOGIN x ***", "< a OK Logged in"))


def shown(then: Side, now: Side, width: int) -> list[str]:
    out = io.StringIO()
    print_both("abc.example/imap, run 7", (then, now), make_console(width=width, file=out))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_one_below_the_other_on_a_narrow_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.commands.like_show.clock", lambda at: at.strftime("%H:%M:%S"))
    assert shown(THEN, AFTER, 80) == [
        "abc.example/imap, run 7",
        "then  12:00:00  CRITICAL  login is refused",
        "now   12:00:00  OK",
        "",
        "STEP         THEN     NOW  DIFFERENCE",
        "resolve    1.0 ms  1.0 ms           0",
        "login    ! 250 ms   50 ms     -200 ms",
        "total      251 ms   51 ms     -200 ms",
        "! broke here; the prober's own doubt: +-2.0 ms then, +-0.0 ms now",
        "",
        "  login               > a LOGIN x ***",
        "~                then < a NO [UNAVAILABLE] come back later",
        "                 now  < a OK Logged in",
        "-                then < gone",
        "~ changed  - gone  + new  # other numbers or ids alone",
    ]


def test_side_by_side_on_a_wide_screen() -> None:
    assert shown(THEN, AFTER, 120)[10:] == [
        "                 THEN                                               | NOW",
        "  login          > a LOGIN x ***                                    | > a LOGIN x ***",
        "~                < a NO [UNAVAILABLE] come back later               | < a OK Logged in",
        "-                < gone                                             |",
        "~ changed  - gone  + new  # other numbers or ids alone",
    ]


def test_no_line_is_wider_than_the_screen_and_no_peer_commands_it() -> None:
    long = replace(AFTER, lines=said("< " + "capability " * 40 + "\x1b[2J", "< " + "x" * 300))
    for width in (60, 80, 120, 200):
        lines = shown(long, AFTER, width)
        assert max(map(len, lines)) <= width
        assert "\x1b" not in "".join(lines)


def test_what_is_not_known_is_said() -> None:
    assert shown(replace(THEN, lines=None), AFTER, 120)[10:] == [
        "What was said then was not kept: of each check that of the last good run and of each first bad one is."
    ]
    gone = shown(replace(THEN, steps=(), fault=None), AFTER, 80)
    assert "the times of then are not known: the run has gone by its age" in gone
    assert "total       -   51 ms           -" in gone
    assert shown(AFTER, AFTER, 80)[-1] == "Every line is as it was."
    assert shown(replace(AFTER, lines=()), replace(AFTER, lines=()), 80)[-1] == "Nothing was said, then or now."


# -- out of a store that no service holds


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a store of four runs: a good and a bad one whose conversations are kept, and one more of each."""
    monkeypatch.setenv("PROBE_PASSWORD", "correct horse")
    monkeypatch.delenv("MAILSONDE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    configure(tmp_path, port=1)
    asyncio.run(fill(tmp_path / "t.db", GOOD, BAD, replace(BAD, by_hand=True)))
    return tmp_path


def configure(folder: Path, port: int, domain: str = "abc.example") -> None:
    (folder / "mailsonde.yml").write_text(CONFIG.format(port=port, domain=domain))


async def fill(path: Path, *runs: Run) -> None:
    store = await Store.open(path)
    store.put(*runs)
    assert await store.flush()
    await store.close()


def run(*arguments: str) -> int:
    return cli.run(["run", *arguments])


def greets(one: Peer, connection: socket.socket) -> None:
    connection.sendall(b"* OK ready 17\r\n")
    one.listen(connection)


@pytest.mark.usefixtures("folder")
def test_a_run_is_repeated_as_the_configuration_says_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with peer(greets) as server:
        configure(tmp_path, server.port)
        assert run("--like", "abc.example/imap:last_good", "--format", "json") == 2  # it answers nothing but its greeting
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["then"]["level"], told["then"]["run"], told["then"]["check"]) == ("OK", 1, CHECK.name)
    assert told["then"]["lines"] == [{"ours": True, "step": "login", "text": "LOGIN probe ***", "at_seconds": 0.1}]
    assert (told["now"]["level"], told["now"]["fault"]["kind"]) == ("CRITICAL", "TIMEOUT")
    assert {"step": "login", "mark": "gone", "then": told["then"]["lines"][0], "now": None} in told["lines"]
    assert next((one["step"], one["now"]["text"]) for one in told["lines"] if one["mark"] == "new") == ("greeting", "* OK ready 17")
    assert {"name": "login", "then_seconds": 0.25, "now_seconds": None, "difference_seconds": None} in told["steps"]
    assert "correct horse" not in out + err


@pytest.mark.parametrize(
    ("like", "kept"), [("1", True), ("2", True), ("3", False), ("abc.example/imap:first_bad", True), ("abc.example/imap:last_good", True)]
)
def test_each_way_to_name_a_run(like: str, kept: bool, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--like", like, "--format", "json") == 2  # nobody listens on port 1
    told = json.loads(capsys.readouterr().out)
    assert (told["lines"] is not None, told["then"]["lines"] is not None) == (kept, kept)
    assert told["steps"][0]["name"] == "resolve"
    assert folder.joinpath("t.db").is_file()


@pytest.mark.parametrize(
    ("like", "line"),
    [
        ("9", "there is no run 9: it may have gone by its age; CHECK:last_good and CHECK:first_bad stay"),
        ("x.example/imap:last_good", "no good run of x.example/imap is kept: it had none yet, or there is no check of that name"),
        ("x.example/imap:first_bad", "no bad run of x.example/imap is kept: it had none yet, or there is no check of that name"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_is_not_there(like: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--like", like) == 3
    assert capsys.readouterr() == ("", f"probe: {line}\n")


def test_a_check_that_is_configured_no_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(folder, 1, "other.example")
    assert run("--like", "1") == 3
    said = "abc.example/imap is configured no more, so there is nothing to repeat: mailsonde.yml has no such check"
    assert capsys.readouterr() == ("", f"probe: {said}\n")


def test_no_store(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.joinpath("t.db").unlink()
    assert run("--like", "1") == 3
    assert capsys.readouterr() == (
        "",
        f"probe: there is no store {folder}/t.db, so no run to repeat: `probe serve` makes it, and fills it\n",
    )


NAMES = "the id of a stored run, CHECK:last_good or CHECK:first_bad"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--like 0", f"--like '0' is not {NAMES}"),
        ("--like abc.example/imap", f"--like 'abc.example/imap' is not {NAMES}"),
        ("--like :last_good", f"--like ':last_good' is not {NAMES}"),
        ("--like 99999999999999999999999", f"--like '99999999999999999999999' is not {NAMES}"),
        ("--like 1 --talk", "--like names the one check that is repeated: --talk means nothing beside it"),
        ("--like 1 --domain x", "--like names the one check that is repeated: --domain means nothing beside it"),
        ("--like 1 --format nagios", "--like compares two runs, and a monitoring plugin has one: use --format table or json"),
        ("imaps://h --like 1", "--like chooses from a configuration, and a URL has none"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_a_wrong_command_line_is_one_line(options: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*options.split()) == 3
    out, err = capsys.readouterr()
    assert (out, err.removesuffix(" (see: probe run --help)\n").removesuffix("\n")) == ("", f"probe: {line}")
