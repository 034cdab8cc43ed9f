"""What blame is told of a check and of a journey: who sends, and where the time of a bad conversation went."""

from __future__ import annotations

from probe.clock import utc_now
from probe.values import Check, Endpoint, Journey, Mailbox, Result, Step
from service.alarms.cells import cells_of, of_run
from service.rounds.work import Work
from store.values import Run
from thresholds.incident_values import Cell
from thresholds.limits import Limits
from thresholds.values import Level, Verdict


def check(domain: str, server: str, kind: str) -> Check:
    return Check(f"{domain}/{server}", domain, server, kind, Endpoint(f"{server}.isp.example", 143), mailbox=Mailbox(f"probe@{domain}"))


SMTPS, IMAPS = check("abc.example", "smtps", "submission"), check("xyz.example", "imaps", "imap")


def test_a_journey_names_both_its_ends_and_all_that_these_need() -> None:
    work = Work((IMAPS,), (Journey("abc-to-xyz", "xyz.example", SMTPS, IMAPS),), Limits([]), "berlin")
    of_check, of_trip = cells_of(work, {"smtps": ("directory",), "imaps": ("storage", "directory")})
    assert of_check == Cell(
        "xyz.example/imaps",
        "xyz.example",
        "imaps",
        "imap",
        60.0,
        host="imaps.isp.example",
        account="probe@xyz.example",
        site="berlin",
        needs=("storage", "directory"),
    )
    assert of_trip == Cell(
        "trip abc-to-xyz",
        "xyz.example",
        "imaps",
        "trip",
        300.0,
        "smtps",
        "imaps.isp.example",
        "probe@xyz.example",
        "berlin",
        ("directory", "storage"),
        "abc.example",
    )


def test_only_a_bad_conversation_says_where_its_time_went() -> None:
    result = Result(IMAPS, utc_now(), (Step("connect", 1.0), Step("login", 2.0)))
    assert of_run(Run(result, Verdict(Level.WARNING, broke=("total",))), utc_now()).steps == result.steps
    assert of_run(Run(result, Verdict(Level.OK)), utc_now()).steps == ()
