"""Programs of the user's: what they are handed, how they may end, and that none outlives its notice."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from notifier.channels.command import Command, CommandSettings, filled
from notifier.values import NotDeliveredError
from tests.notifier.channels.telling import OPENED, hostile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def program(tmp_path: Path, script: str) -> str:
    path = tmp_path / "page"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def refusal(*command: str, **more: Any) -> str:
    with pytest.raises(NotDeliveredError) as caught:
        await Command("page", CommandSettings(command, **more)).send(OPENED)
    assert caught.value.again
    return str(caught.value)


async def test_it_is_handed_json_and_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", "passw0rd")
    page = program(tmp_path, f'cat > {tmp_path}/input; printf "%s|" "$@" > {tmp_path}/words; env > {tmp_path}/environment')
    settings = CommandSettings((page, "--text", "{short}", "{level}:{kind} $(id)"), environment={"TEAM": "mail"})
    assert await Command("page", settings).send(OPENED) == f"{page} ended with exit code 0"
    assert json.loads((tmp_path / "input").read_text())["incident"] == "i0badcafe"
    assert (tmp_path / "words").read_text() == "--text|CRITICAL imap 3/3 domains|CRITICAL:opened $(id)|"
    environment = (tmp_path / "environment").read_text()
    assert "TEAM=mail" in environment
    assert "passw0rd" not in environment


async def test_its_last_complaint_is_the_reason(tmp_path: Path) -> None:
    page = program(tmp_path, 'echo first >&2; printf "modem \\033[1mbusy, see https://u:p@h/x\\n\\n" >&2; exit 3')
    assert await refusal(page) == f"{page} ended with exit code 3: modem [1mbusy, see https://***"
    assert await refusal(program(tmp_path, "kill -9 $$")) == f"{page} was ended by signal 9"


async def test_who_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    page = program(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; wait")
    began = monotonic()
    assert await refusal(page, timeout_seconds=0.4) == f"{page} did not end within 0.4 s"
    assert monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        _alive(int((tmp_path / "child").read_text()))


def _alive(pid: int) -> None:
    """Raise ProcessLookupError unless a process lives; a dead one may wait for its new parent to notice."""
    os.kill(pid, 0)
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - no path of ours
        if file.read().split(") ")[1].startswith("Z"):
            raise ProcessLookupError


async def test_one_that_reads_and_says_without_end_harms_nobody(tmp_path: Path) -> None:
    page = program(tmp_path, "exec 0<&-; head -c 3000000 /dev/zero >&2; head -c 300000000 /dev/zero; echo >&2; echo enough >&2; exit 1")
    assert await refusal(page) == f"{page} ended with exit code 1: enough"


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_who_ends_without_reading_has_told(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Some of so many have ended before their input is written: their pipe is closed already."""
    page = Command("page", CommandSettings(("sh", "-c", f'printf "%s\n" "$1" >>{tmp_path}/told', "sh", "{short}")))

    async def tell() -> list[str]:
        return [said for _ in range(20) for said in await asyncio.gather(*(page.send(OPENED) for _ in range(10)))]

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(tell()) == ["sh ended with exit code 0"] * 200
    assert (tmp_path / "told").read_text() == "CRITICAL imap 3/3 domains\n" * 200


async def test_one_that_is_not_there(tmp_path: Path) -> None:
    assert await refusal(f"{tmp_path}/gone") == f"{tmp_path}/gone cannot be started: no such file or directory"
    (tmp_path / "plain").write_text("")
    assert await refusal(f"{tmp_path}/plain") == f"{tmp_path}/plain cannot be started: permission denied"


async def test_hostile_words_are_one_argument_and_no_option(tmp_path: Path) -> None:
    page = program(tmp_path, f'cat > {tmp_path}/input; printf "%s" "$#" > {tmp_path}/count')
    await Command("page", CommandSettings((page, "{subject}", "{cause}"))).send(hostile())
    assert (tmp_path / "count").read_text() == "2"
    assert json.loads((tmp_path / "input").read_text())["text"] == hostile().text
    words = filled("{subject}", hostile())
    assert len(words) <= 1_000
    assert words.isprintable()
    assert filled("{short}", replace(OPENED, short="--delete\nall")) == " --delete all"
    assert filled("{short}", replace(OPENED, short="{subject}")) == "{subject}"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"command": ()}, "has no `command`; it is a list: [/usr/local/bin/page, --text, '{short}']"),
        ({"command": ("a", "b\x00c")}, "holds a NUL character, which no program can be handed"),
        ({"command": ("a",), "environment": {"A=B": "c"}}, "has a name in `environment` that is empty or holds `=`"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        CommandSettings(**settings)
    assert str(caught.value) == words
