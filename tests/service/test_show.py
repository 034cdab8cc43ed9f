"""What a report looks like to people, to programs and to monitoring systems."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from probe import FaultKind, Outcome, Relay
from service.report import Bounds, Report
from service.show.json import show_json
from service.show.nagios import harmless, perfdatum, show_nagios
from service.show.table import make_console, print_table
from service.show.trips import hop_text
from service.words import clock, distinct
from tests.service.made import AT, a_bad_day, a_check, a_result, a_trip, broken, judged
from thresholds import Level


def table(report: Report, width: int = 80, *, every: bool = False) -> list[str]:
    out = io.StringIO()
    print_table(report, make_console(width=width, file=out), every=every)
    return [line.rstrip() for line in out.getvalue().splitlines()]


# -- the table


def test_the_table_shows_what_is_wrong_first_and_where() -> None:
    lines = table(a_bad_day())
    assert lines[1:8] == [
        "DOMAIN / SERVER  LEVEL        TIME  STEPS         REASON",
        "alpha.test",
        "  imap           CRITICAL   300 ms  ccccccccccc!",
        "    no connection to mail.isp.example: Connection refused (192.0.2.7 port 143)",
        "  pop3s          CRITICAL   302 ms  ggggggggggg!",
        "    no answer in greeting within 10 s",
        "beta.example",
    ]
    assert "  submission     OK          65 ms  tttttgaaaaww" in lines
    assert "c connect  t TLS  g greeting  a login  w work  ! broke here" in lines


def test_a_wide_screen_has_the_reasons_beside_the_rows() -> None:
    long_words = broken(a_check(), FaultKind.PERMANENT, "rcpt", "mailbox full " * 8)
    lines = table(Report("", AT, (long_words, *a_bad_day().checks[2:3])), 120)
    assert lines[3:5] == [
        "  imap           CRITICAL   302 ms  wwwwwwwwwwwwwwwwwww!  refused in rcpt: mailbox full mailbox full mailbox full",
        "                                                          mailbox full mailbox full mailbox full mailbox full mailbox",
    ]
    assert lines[7] == "  imap           CRITICAL   300 ms  ccccccccccccccccccc!  no connection to mail.isp.example: Connection refused"


def test_a_long_name_has_a_line_of_its_own() -> None:
    name = "a-server-with-a-name-that-nobody-would-choose"
    lines = table(Report("", AT, (judged(a_result(a_check(server=name))), judged(a_result()))), 80)
    assert lines[3:6] == [
        f"  {name}",
        f"{' ' * 26}  OK          33 ms  tttttgaaaaww",
        f"  imap{' ' * 20}  OK          33 ms  tttttgaaaaww",
    ]


def test_trips_show_their_times_and_what_is_odd_about_the_clocks() -> None:
    text = " ".join(" ".join(table(a_bad_day(), 120)).split())
    assert "OK 1.15 s delivered in INBOX: submit 40 ms, transit 1.10 s, retrieve 12 ms" in text
    assert "mx.isp.example (clock 3.00 s ahead, +-40 ms) > hub.isp.example +300 ms > store.isp.example (its time is not readable)" in text
    assert "under way, waiting for the message in INBOX of probe@abc.example: submit 40 ms" in text
    assert "bounced: submit 40 ms the test message bounced: 552 5.2.2 over quota" in text


def test_the_last_line_says_it_all() -> None:
    text = " ".join(" ".join(table(a_bad_day(), 120)).split())
    assert text.endswith(
        "3 domains, 6 checks: 3 OK, 2 CRITICAL, 1 WARNING; 3 trips: 2 OK, 1 CRITICAL (alpha.test/imap: no connection to "
        "mail.isp.example: Connection refused (192.0.2.7 port 143); 2 more CRITICAL)"
    )


def test_a_trip_of_an_earlier_run_says_so() -> None:
    report = Report("", AT, (), (a_trip(), replace(a_trip(), earlier=True)))
    lines = table(report, 120)
    heading = lines.index("Earlier trips")
    assert sum("delivered in INBOX" in line for line in lines[:heading]) == 1
    assert f"sent {clock(AT)}: delivered in INBOX: submit 40 ms" in " ".join(" ".join(lines[heading:]).split())
    assert [one["earlier"] for one in json.loads(show_json(report))["trips"]] == [False, True]
    assert "1 trip: 1 OK; 1 earlier trip: 1 OK" in lines[-1]


def test_without_trips_of_earlier_runs_there_is_no_heading_for_them() -> None:
    assert "Earlier trips" not in table(a_bad_day())


@pytest.mark.parametrize(
    ("outcome", "level", "last"),
    [
        (Outcome.UNSURE, Level.OK, "1 domain, 1 trip: 1 OK; 1 earlier trip: 1 UNKNOWN"),
        (Outcome.LOST, Level.CRITICAL, "(earlier trip abc.example: the test message never arrived"),
        (Outcome.BOUNCED, Level.CRITICAL, "(earlier trip abc.example: the test message bounced"),
        (Outcome.LATE, Level.WARNING, "(earlier trip abc.example: the test message came late"),
    ],
)
def test_of_an_earlier_run_only_bad_news_decides(outcome: Outcome, level: Level, last: str) -> None:
    report = Report("", AT, (), (a_trip(), replace(a_trip(outcome), earlier=True)))
    assert (report.level, report.exit_code) == (level, {Level.OK: 0, Level.WARNING: 1, Level.CRITICAL: 2}[level])
    assert last in " ".join(" ".join(table(report, 160)).split())
    assert f"{json.loads(show_json(report))['trips'][1]['level']}: earlier trip abc.example: " in show_nagios(report)


def test_what_this_run_cannot_know_is_unknown_all_the_same() -> None:
    unsure = a_trip(Outcome.UNSURE)
    report = Report("", AT, (), (unsure, replace(unsure, earlier=True)))
    assert (report.level, report.exit_code) == (Level.UNKNOWN, 3)
    assert "more UNKNOWN" not in table(report, 160)[-1]


def test_what_a_peer_says_at_length_is_cut_on_the_screen_and_whole_in_json() -> None:
    garbage = Report("", AT, (broken(a_check(), FaultKind.PROTOCOL, "greeting", "x" * 500),))
    assert "x" * 500 in show_json(garbage)
    assert len(" ".join(table(garbage, 80)).replace(" ", "")) < 500
    assert len(show_nagios(garbage)) < 600


def test_one_fact_is_told_once() -> None:
    fact = "the test message is under way for 16 s, waiting for mx"
    assert distinct([f"{fact}, limit 15 s", f"{fact}; late after 5 s", "another"]) == [f"{fact}, limit 15 s", "another"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long_words = broken(a_check(), FaultKind.PERMANENT, "rcpt", "x" * 400)
    assert max(map(len, table(Report("berlin", AT, (long_words,), (a_trip(),)), width))) <= width


def test_the_table_is_ascii_unless_a_peer_is_not() -> None:
    assert "\n".join(table(a_bad_day())).isascii()


def test_a_peer_can_not_paint_the_screen() -> None:
    lines = table(Report("berlin", AT, (broken(a_check(), FaultKind.PERMANENT, "rcpt", "[bold red]550[/] :smile:"),)), 120)
    assert any("[bold red]550[/] :smile:" in line for line in lines)


EVIL = "\x1b[2J\x07\r\u202e"


@pytest.mark.parametrize("outcome", [None, Outcome.MISPLACED])
def test_no_word_of_a_peer_commands_the_terminal(outcome: Outcome | None) -> None:
    relays = (Relay(EVIL, EVIL, None, None, note=EVIL), Relay(EVIL, None, None, None))
    trip = a_trip(outcome, relays=relays, folder=EVIL, waiting_for=EVIL, said=EVIL)
    report = Report("", AT, (broken(a_check(), FaultKind.PERMANENT, "rcpt", EVIL), *many(0, 200).checks), (trip,))
    shown = [*table(report), *table(report, every=True), *show_nagios(report).split("\n"), *table(Report("", AT, report.checks[:1]))]
    assert all(line.isprintable() for line in shown)


def many(count: int, bad: int) -> Report:
    checks = [judged(a_result(a_check(f"d{place}.example"))) for place in range(count)]
    failing = [broken(a_check(f"bad{place}.example"), FaultKind.CONNECT, "connect", "Connection refused") for place in range(bad)]
    return Report("berlin", AT, (*checks, *failing))


def test_ten_thousand_domains_are_counted_by_server_and_only_the_bad_are_listed() -> None:
    lines = table(many(9_998, 2), 100)
    assert lines[1:3] == [
        "SERVER  CHECKS  MEDIAN  SLOWEST  LEVELS",
        "imap    10,000   33 ms    33 ms  9,998 OK, 2 CRITICAL",
    ]
    assert [line for line in lines if line.startswith(("bad", "d"))] == ["bad0.example", "bad1.example"]


def test_a_server_that_is_down_for_all_is_one_row() -> None:
    lines = table(many(1, 5_000), 120)
    assert lines[1:7] == [
        "SERVER  CHECKS  MEDIAN  SLOWEST  LEVELS",
        "imap     5,001   33 ms    33 ms  1 OK, 5,000 CRITICAL",
        "SERVER  LEVEL     CHECKS  REASON",
        "imap    CRITICAL   5,000  bad0.example, bad1.example, bad2.example and 4,997 more: no connection to mail.isp.example:",
        "                          Connection refused",
        "(--all lists every check)",
    ]
    assert sum(line.startswith("bad") for line in table(many(0, 200), 100, every=True)) == 200


def test_a_check_that_is_suspect_says_so() -> None:
    one = judged(a_result())
    doubtful = replace(one, verdict=replace(one.verdict, suspect=True))
    assert any("suspect: the prober itself was late" in line for line in table(Report("", AT, (doubtful,)), 120))


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "mx +0 s"), (2.0, "mx +2 s"), (0.3, "mx +300 ms"), (None, "mx")])
def test_a_hop_is_told_no_finer_than_it_was_stamped(seconds: float | None, text: str) -> None:
    assert hop_text(Relay(None, "mx", None, seconds)) == text


# -- JSON


SAID = "NO [AUTHENTICATIONFAILED] \u00fc"
CHECK_AS_JSON = {
    "check": "abc.example/imap",
    "domain": "abc.example",
    "server": "imap",
    "kind": "imap",
    "started_at": "2026-11-20T08:00:00.123Z",
    "seconds": 0.3015,
    "uncertainty_seconds": 0.0,
    "suspect": False,
    "steps": [
        {"name": "resolve", "seconds": 0.0004},
        {"name": "connect", "seconds": 0.0011},
        {"name": "login", "seconds": 0.3},
    ],
    "readings": {},
    "fault": {"kind": "AUTH", "step": "login", "said": SAID},
    "level": "CRITICAL",
    "reasons": [f"the login was refused in login: {SAID}"],
}

TRIP_AS_JSON = {
    "trip": "abc.example",
    "earlier": False,
    "domain": "abc.example",
    "message_id": "<t0k3n@probe.example>",
    "outcome": "delivered",
    "waiting_for": None,
    "submit_seconds": 0.04,
    "transit_seconds": 1.1,
    "retrieve_seconds": 0.012,
    "total_seconds": 1.152,
    "uncertainty_seconds": 0.0,
    "folder": "INBOX",
    "hops": [
        {"server": "probe", "by": "mx.isp.example", "received_at": "2026-11-20T08:00:00.223Z", "seconds": None},
        {"server": "mx.isp.example", "by": "hub.isp.example", "received_at": "2026-11-20T08:00:00.523Z", "seconds": 0.3},
        {"server": "hub.isp.example", "by": "store.isp.example", "received_at": None, "seconds": None},
    ],
    "level": "OK",
    "reasons": [],
}


def test_json_has_the_keys_that_people_script_against() -> None:
    failing = broken(a_check(), FaultKind.AUTH, "login", SAID)
    text = show_json(Report("berlin", AT, (failing,), (a_trip(),)))
    assert text.isascii()
    assert "\n" not in text
    head = {"site": "berlin", "started_at": "2026-11-20T08:00:00.123Z", "level": "CRITICAL"}
    assert json.loads(text) == {**head, "checks": [CHECK_AS_JSON], "trips": [TRIP_AS_JSON]}


def test_json_of_what_is_not_known_is_null() -> None:
    one = json.loads(show_json(Report("", AT, (judged(a_result()),), (a_trip(None),))))
    assert one["checks"][0]["fault"] is None
    trip = one["trips"][0]
    assert (trip["outcome"], trip["waiting_for"]) == (None, "the message in INBOX of probe@abc.example")
    assert (trip["transit_seconds"], trip["total_seconds"], trip["folder"], trip["hops"]) == (None, None, None, [])


# -- the plugin


def test_nagios_says_status_and_perfdata_then_details() -> None:
    first, *details = show_nagios(a_bad_day()).split("\n")
    status, perfdata = first.split("|")
    assert status.startswith(
        "MAIL CRITICAL - 3 domains, 6 checks: 3 OK, 2 CRITICAL, 1 WARNING; 3 trips: 2 OK, 1 CRITICAL (alpha.test/imap: "
    )
    assert perfdata.split()[0] == "'abc.example/imap'=0.0327s;0.5;2;0;10"
    assert perfdata.split()[-1] == "'trip/abc.example'=1.152s;;;0;"
    assert [line.partition(":")[0] for line in details] == ["CRITICAL", "CRITICAL", "CRITICAL", "WARNING"]


@pytest.mark.parametrize("word", ["|", "\n", "\r", "\x1b[2J", "\u2028", "\x00"])
def test_a_peer_can_add_neither_a_line_nor_perfdata(word: str) -> None:
    evil = broken(a_check(), FaultKind.PERMANENT, "rcpt", f"550 x{word}'y'=9s;;")
    text = show_nagios(Report("", AT, (evil,)))
    assert text.count("\n") == 1
    assert text.count("|") == 1
    assert all(char.isprintable() or char == "\n" for char in text)


def test_labels_are_escaped_as_the_guidelines_ask() -> None:
    assert perfdatum("it's=a|b/imap", 1.5, Bounds(None, 2.0), 10.0) == "'it''s_a_b/imap'=1.5s;;2;0;10"
    assert perfdatum("a/b", 0.0000001, Bounds()) == "'a/b'=0s;;;0;"
    assert harmless("a|b\r\nc") == "a/b  c"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_shown(outcome: Outcome) -> None:
    report = Report("", AT, (), (a_trip(outcome, said="why"),))
    assert outcome.value in "".join(table(report))
    assert json.loads(show_json(report))["trips"][0]["outcome"] == outcome.value
