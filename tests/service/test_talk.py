"""`--talk`: the conversations with what came before them, and no secret in them."""

from __future__ import annotations

from dataclasses import replace

from probe import Fault, FaultKind, Line, Result, Step
from service.report import Report
from service.talk import show_talk
from tests.service.made import AT, a_check, a_result, judged


def test_talk_shows_who_said_what_when() -> None:
    lines = (
        Line(ours=False, step="greeting", text="* OK", at_seconds=0.01),
        Line(ours=True, step="login", text="a LOGIN x ***", at_seconds=0.011),
    )
    result = replace(
        a_result(), transcript=lines, steps=(Step("resolve", 0.001), Step("login", 1.2)), fault=Fault(FaultKind.AUTH, "login", "NO")
    )
    assert show_talk(Report("", AT, (judged(result),))).splitlines() == [
        "abc.example/imap (mail.isp.example port 143, starttls)",
        "     10 ms  greeting       < * OK",
        "     11 ms  login          > a LOGIN x ***",
        "    1.20 s  login          ! AUTH: NO",
        "",
    ]


def test_talk_of_nothing() -> None:
    assert "nothing was said" in show_talk(Report("", AT, (judged(Result(a_check(), AT)),)))
