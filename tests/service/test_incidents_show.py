"""The story of an incident on a screen: in the order of time, with what is to come, and no wider than the terminal."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from console.api_shaping_alarms import story_shape
from notifier.values import DeliveryState
from service.show.hanging import print_hanging
from service.show.incidents_show import print_story
from service.show.mutes_show import print_route
from tests.store.made_incidents import after, at, delivery, opened
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from notifier.values import Delivery

OPENED = opened()
CLOSED = after(OPENED, ChangeKind.CLOSED, 9)
SENT = replace(delivery(OPENED, 1, "mail"), state=DeliveryState.SENT, tries=2, tried_at=at(11), said="250 ok")
NOT_ASKED = replace(delivery(OPENED, 1, "pager"), state=DeliveryState.REFUSED, tried_at=at(0), said="not asked: it depends on imap")
REFUSED = replace(delivery(OPENED, 1, "hook"), state=DeliveryState.REFUSED, tries=1, tried_at=at(1), said="410 Gone")
DUE = replace(delivery(CLOSED, 2, "mail"), due_at=at(14))
AGAIN = replace(delivery(CLOSED, 2, "hook"), due_at=at(15), tries=1, tried_at=at(10), said="no connection")


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def shown(*deliveries: Delivery) -> list[str]:
    story: dict[str, Any] = story_shape(CLOSED.incident, [OPENED, CLOSED], deliveries).model_dump(mode="json")
    screen = StringIO()
    print_story(story, Console(file=screen, width=120), at(12))
    return [" ".join(line.split()) for line in screen.getvalue().splitlines()]


def test_rows_stand_in_the_order_of_their_time() -> None:
    lines = shown(SENT, NOT_ASKED, REFUSED, DUE, AGAIN)
    assert [line.removeprefix("2026-11-21 ") for line in lines[lines.index("WHEN WHAT") + 1 :]] == [
        "12:00:00 UTC began the first bad verdict",
        "12:00:00 UTC opened CRITICAL check:abc.example/imap, 1 failing",
        "12:00:00 UTC pager (opened) not asked: it depends on imap",
        "12:01:00 UTC hook (opened) refused: 410 Gone",
        "12:09:00 UTC closed all is well again",
        "12:10:00 UTC hook (closed) due: no connection; again at 2026-11-21 12:15:00 UTC",
        "12:11:00 UTC mail (opened) sent after 2 tries: 250 ok",
        "mail (closed) due at 2026-11-21 12:14:00 UTC",
    ]


def test_a_channel_that_was_tried_has_refused_whatever_it_says() -> None:
    assert shown(replace(NOT_ASKED, tries=1))[-2].endswith("pager (opened) refused: not asked: it depends on imap")


def test_a_long_sentence_hangs() -> None:
    screen = StringIO()
    print_hanging("pager: did not arrive: the far side refuses the connection", Console(file=screen, width=30))
    assert screen.getvalue() == "pager: did not arrive: the\n    far side refuses the\n    connection\n"


def test_a_route_hangs() -> None:
    screen = StringIO()
    routed = {"chains": [["mail"]], "words": ["route 1 fits: it is for all"], "refused": {"pager": "it depends on imap"}}
    print_route(routed, Console(file=screen, width=25))
    assert screen.getvalue() == "mail\n  route 1 fits: it is\n    for all\n  not over pager: it\n    depends on imap\n"


def test_the_story_of_one_that_another_has_swallowed_says_which() -> None:
    said = "part of i00000001, the whole server imap"
    ended = replace(CLOSED, said=said, incident=replace(CLOSED.incident, ended=said))
    story: dict[str, Any] = story_shape(ended.incident, [OPENED, ended], ()).model_dump(mode="json")
    screen = StringIO()
    print_story(story, Console(file=screen, width=120), at(12))
    assert f"12:09:00 UTC closed {said}" in " ".join(screen.getvalue().split())
