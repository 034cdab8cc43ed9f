"""The control API of message tracking: how it stands, imports that are handed over, and who may hand them over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from console.api import control_app, remote_app
from console.api_desk import Desk
from console.listening import Listener
from console.ports import Numbers
from service.control_client import ControlError, at_socket, at_url
from service.tracking.tracker import GONE, Tracker
from tests.console.api_site import TOKEN, ApiSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from service.control_client import Control

LOCAL = "127.0.0.1"
NONE = r"^the service follows no logs: its configuration has no tracking\.sources$"


@pytest.fixture
async def tracked(api_site: ApiSite, tmp_path: Path) -> AsyncIterator[tuple[Tracker, Control, Control]]:
    """Return tracking that follows nothing, and its API, near and far."""
    tracker, site = Tracker(), api_site.desk
    desk = Desk(site.board, Numbers(), site, site.store, "9.8.7", tracking=tracker)
    near = await Listener.on_unix(control_app(desk), tmp_path / "tracked.sock")
    far = await Listener.on_tcp(remote_app(desk, TOKEN), (LOCAL, 0), "console.listen")
    yield tracker, at_socket(tmp_path / "tracked.sock"), at_url(f"http://{LOCAL}:{far.port}", TOKEN)
    await asyncio.gather(near.close(), far.close())


async def begin(control: Control, *paths: str) -> Any:
    return await asyncio.to_thread(control.post, "/tracking/imports", paths=list(paths))


async def test_a_service_that_follows_nothing_says_so(tracked: tuple[Tracker, Control, Control]) -> None:
    _, near, _ = tracked
    standing = await asyncio.to_thread(near.get, "/tracking")
    assert standing == {"following": False, "lake": "", "problem": "", "starts": 0, "state": None}
    with pytest.raises(ControlError, match=NONE):
        await begin(near, "/var/log/mail.log")


async def test_paths_are_absolute_and_asked_for_on_this_host(tracked: tuple[Tracker, Control, Control]) -> None:
    _, near, far = tracked
    with pytest.raises(ControlError, match=r"^paths: 'mail.log' is not absolute$"):
        await begin(near, "/var/log/mail.log", "mail.log")
    with pytest.raises(ControlError, match=r"^logs are read on the service's own host: ask for it there, over its socket$"):
        await begin(far, "/var/log/mail.log")


async def test_an_import_that_there_is_not(tracked: tuple[Tracker, Control, Control]) -> None:
    with pytest.raises(ControlError, match=r"^there is no import '7'$"):
        await asyncio.to_thread(tracked[1].get, "/tracking/imports/7")


async def test_an_import_is_told_to_its_end(tracked: tuple[Tracker, Control, Control], monkeypatch: pytest.MonkeyPatch) -> None:
    tracker, near, _ = tracked
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(tracker.supervisor, "say", told.append)
    asked = (await begin(near, "/a.log"))["id"]
    assert (told[0]["import"], told[0]["paths"], told[0]["format"]) == (asked, ["/a.log"], "auto")
    assert (await asyncio.to_thread(near.get, f"/tracking/imports/{asked}"))["failed"] == GONE  # nobody has it
    heard = tracker.supervisor._heard
    heard({"import": asked, "report": {"files": [], "refused": [], "flows": 3, "seconds": 0.5}})
    found = await asyncio.to_thread(near.get, f"/tracking/imports/{asked}")
    assert (found["report"]["flows"], found["failed"]) == (3, "")
