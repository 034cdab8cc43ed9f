"""The list of channels: what each kind is made of, what its start costs, and the one that is always there."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from dataclasses import replace

import pytest

from notifier.channels.screen import Screen, ScreenSettings
from notifier.kinds import CHANNELS
from tests.notifier.channels.telling import OPENED

HEAVY = ("aiosmtplib", "aiomqtt", "paho", "httpx2", "apprise", "requests", "jinja2")


@pytest.mark.parametrize("name", CHANNELS)
def test_a_kind_s_settings_are_frozen_and_each_field_says_what_it_is(name: str) -> None:
    kind = CHANNELS[name]
    source = inspect.getsource(kind.settings)
    fields = [field.name for field in dataclasses.fields(kind.settings)]
    assert fields
    assert kind.settings.__dataclass_params__.frozen
    assert [
        field for field in fields if not any(row.strip().startswith(f"{field}:") and "  # " in row for row in source.splitlines())
    ] == []
    assert kind.about.endswith(".")


def test_the_list_costs_no_library_s_start() -> None:
    code = f"import sys, notifier.kinds, notifier.heartbeat; print([one for one in {HEAVY!r} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_the_wall_shows_the_latest_and_each_once() -> None:
    wall = Screen("screen", ScreenSettings(keep=2))
    for number in (1, 2, 2, 3):
        assert await wall.send(replace(OPENED, key=f"k{number}")) == "shown on the console's wall"
    assert [one.key for one in wall.notices] == ["k3", "k2"]
    await wall.close()


def test_a_wall_that_keeps_nothing() -> None:
    with pytest.raises(ValueError, match=r"^keeps no notice at all; let `keep` be 1 or more$"):
        ScreenSettings(keep=0)
