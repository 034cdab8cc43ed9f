"""`--talk`: the conversations with what came before them, and no secret in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probe import Fault, FaultKind, Line, Result, Step
from service.report import Report
from service.show.talk import show_talk
from tests.service.made import AT, a_check, a_result, judged

if TYPE_CHECKING:
    from probe.values import Reading


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


READINGS: dict[str, Reading] = {
    "server_address": "192.0.2.7",
    "tls_version": "TLSv1.3",
    "tls_cipher": "TLS_AES_256_GCM_SHA384",
    "certificate_subject": "CN=a\x1b[2J",
    "certificate_names": "a.example, b.example",
    "certificate_expires_at": "2027-02-19T06:36:36Z",
    "certificate_days": 90.6,
}


def test_talk_begins_with_the_address_and_tells_what_tls_agreed_on() -> None:
    lines = (
        Line(ours=True, step="starttls", text="STARTTLS", at_seconds=0.004),
        Line(ours=True, step="hello-tls", text="EHLO x", at_seconds=0.02),
    )
    steps = (Step("resolve", 0.001), Step("connect", 0.002), Step("starttls", 0.004), Step("tls", 0.013), Step("hello-tls", 0.001))
    result = replace(a_result(), transcript=lines, steps=steps, readings=READINGS)
    assert show_talk(Report("", AT, (judged(result),))).splitlines()[1:] == [
        "    1.0 ms  resolve        * mail.isp.example is 192.0.2.7",
        "    3.0 ms  connect        * connected to 192.0.2.7 port 143",
        "    4.0 ms  starttls       > STARTTLS",
        "     20 ms  tls            * TLSv1.3, TLS_AES_256_GCM_SHA384",
        "     20 ms                 * certificate CN=a [2J for a.example, b.example",
        "     20 ms                 * certificate expires 2027-02-19T06:36:36Z (in 91 days)",
        "     20 ms  hello-tls      > EHLO x",
        "",
    ]


def test_what_broke_is_told_once() -> None:
    steps = (Step("resolve", 0.001), Step("connect", 0.002), Step("tls", 0.013))
    fault = Fault(FaultKind.TLS, "tls", "certificate expired on 2026-01-02 03:04 UTC")
    result = replace(a_result(), steps=steps, readings={"server_address": "mail.isp.example"}, fault=fault)
    assert show_talk(Report("", AT, (judged(result),))).splitlines()[1:] == [
        "    3.0 ms  connect        * connected to mail.isp.example port 143",
        "     16 ms  tls            ! TLS: certificate expired on 2026-01-02 03:04 UTC",
        "",
    ]


def test_talk_of_nothing() -> None:
    assert "nothing was said" in show_talk(Report("", AT, (judged(Result(a_check(), AT)),)))
