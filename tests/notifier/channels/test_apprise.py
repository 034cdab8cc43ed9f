"""Apprise against a receiver on loopback: what each address is told, what failed and why, and no token in sight."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lab.ground import free_port
from notifier.channels.apprise import Apprise, AppriseSettings, _Hiding
from notifier.values import NotDeliveredError
from probe.values import Secret
from tests.notifier.channels.receiver import receiving, status
from tests.notifier.channels.telling import CLOSED, OPENED, hostile

if TYPE_CHECKING:
    from tests.notifier.channels.receiver import Receiver


def address(there: Receiver, path: str = "t0ken-of-ours") -> Secret:
    return Secret(f"json://user:passw0rd@127.0.0.1:{there.port}/{path}")


async def refusal(channel: Apprise, *, again: bool = True) -> str:
    with pytest.raises(NotDeliveredError) as caught:
        await channel.send(OPENED)
    assert caught.value.again is again
    return str(caught.value)


async def test_it_tells_and_says_who_took_it() -> None:
    async with receiving() as there:
        channel = Apprise("chat", AppriseSettings((address(there),)))
        assert await channel.send(OPENED) == "taken by 1 of 1 services"
        await channel.send(CLOSED)
        await channel.close()
    opened, closed = (request.json for request in there.requests)
    assert (opened["title"], opened["type"]) == (OPENED.subject, "failure")
    assert opened["message"].strip() == OPENED.text.strip()
    assert (closed["title"], closed["type"]) == (CLOSED.subject, "success")


async def test_the_short_form_is_for_telephones() -> None:
    async with receiving() as there:
        await Apprise("sms", AppriseSettings((address(there),), form="short")).send(OPENED)
    assert there.requests[0].json["message"] == OPENED.short


async def test_who_took_it_is_not_told_twice(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    async with receiving() as good, receiving(status("500 Oh", "t0ken-of-ours")) as bad:
        channel = Apprise("chat", AppriseSettings((address(good), address(bad))))
        why = await refusal(channel)
        assert why.startswith("1 of 2 services took it; address 2 (JSON): ")
        assert "500" in why
        bad.answer = good.answer
        assert await channel.send(OPENED) == "taken by 2 of 2 services"
        assert (len(good.requests), len(bad.requests)) == (1, 2)
        await channel.send(replace(OPENED, key="another"))
        assert len(good.requests) == 2
    shown = why + "".join(one.getMessage() for one in caplog.records if not one.name.startswith("asyncio")) + "".join(capfd.readouterr())
    assert [one for one in ("passw0rd", "t0ken") if one in shown] == []


def test_the_librarys_words_show_no_form_of_an_address() -> None:
    Apprise("chat", AppriseSettings((Secret("slack://T1aa:p%40ss@T0tokenhost/B0BBBB"),)))
    record = logging.LogRecord("apprise", logging.WARNING, "", 0, "SLACK: Basic VDFhYTpwQHNz, t0TOKENhost, p@ss, b0bbbb", (), None)
    assert _Hiding().filter(record)
    assert record.getMessage() == "SLACK: Basic ***, ***, ***, ***"


async def test_nobody_there() -> None:
    why = await refusal(Apprise("chat", AppriseSettings((Secret(f"json://u:passw0rd@127.0.0.1:{free_port()}/t0ken"),))))
    assert why.startswith("0 of 1 services took it; address 1 (JSON): ")
    assert "passw0rd" not in why
    assert "t0ken" not in why
    assert "\n" not in why


async def test_an_address_that_apprise_does_not_know() -> None:
    why = await refusal(Apprise("chat", AppriseSettings((Secret("nosuch://passw0rd"),))), again=False)
    assert why == "0 of 1 services took it; address 1: apprise does not know such an address, or something is missing in it"
    async with receiving() as good, receiving(status("500 Oh")) as bad:
        told = Apprise("chat", AppriseSettings((address(good), Secret("nosuch://passw0rd"))))
        assert (await refusal(told, again=False)).startswith("1 of 2 services took it; address 2: ")
        await refusal(Apprise("chat", AppriseSettings((address(bad), Secret("nosuch://passw0rd")))))  # the one may yet take it


async def test_one_that_hangs_is_left() -> None:
    async with receiving(b"") as there:
        why = await refusal(Apprise("chat", AppriseSettings((Secret(f"json://127.0.0.1:{there.port}/?rto=1.0"),), timeout_seconds=0.3)))
    assert why == "no answer from all services within 0.3 s"


async def test_hostile_words_stay_words() -> None:
    async with receiving() as there:
        await Apprise("chat", AppriseSettings((address(there),))).send(hostile())
    told = there.requests[0].json
    assert told["title"].isprintable()
    assert len(told["message"]) <= 20_000


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"^has no `urls`; give it at least one of apprise's addresses$"):
        AppriseSettings(())
    with pytest.raises(ValueError, match=r"^has the form `long`; there are text and short$"):
        AppriseSettings((Secret("json://x"),), form="long")
