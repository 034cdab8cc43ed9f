"""What measurements mean: the default levels, limits and their reasons, forbidden services, trips, and doubt about ourselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probe.values import Check, Endpoint, Fault, FaultKind, Outcome, Relay, Result, Step, Trip
from thresholds.judge import DEFAULT_LEVELS, judge, judge_result, judge_trip
from thresholds.limits import Limits
from thresholds.values import Aspect, Baseline, Level, Limit, Match, Verdict

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143))
POP3 = replace(CHECK, name="abc.example/pop3", server="pop3", kind="pop3", forbidden=True)
GOOD = Result(CHECK, AT, (Step("connect", 0.2), Step("login", 1.0)))
TRIP = Trip("abc.example", "abc.example", "<1@probe>", AT, Outcome.DELIVERED, "", 0.2, 1.0, 0.3)
UNDER_WAY = Trip("abc.example", "abc.example", "<1@probe>", AT, waiting_for="the message in INBOX of probe@abc.example")
NONE = Limits()
ANY = Limit(Match(), 0.5, 2.0, origin="thresholds[0]")
IMAP = Limit(Match(server="imap*"), 0.5, 2.0, origin="thresholds[0]")


def faulty(kind: FaultKind, step: str = "login", said: str = "") -> Result:
    return replace(GOOD, fault=Fault(kind, step, said))


def test_nothing_measured_is_unknown() -> None:
    assert judge([], Limits()) == Verdict(Level.UNKNOWN, ("not measured yet",))


def test_an_answer_without_limits_is_ok() -> None:
    assert judge_result(GOOD, NONE) == Verdict(Level.OK)


def test_every_fault_and_every_outcome_has_its_level() -> None:
    assert set(DEFAULT_LEVELS) == {*FaultKind, *Outcome}


@pytest.mark.parametrize(
    ("kind", "level", "reason"),
    [
        (FaultKind.RESOLVE, Level.CRITICAL, "the name mail.isp.example could not be resolved: NXDOMAIN"),
        (FaultKind.CONNECT, Level.CRITICAL, "no connection to mail.isp.example: NXDOMAIN"),
        (FaultKind.TIMEOUT, Level.CRITICAL, "no answer in login within 10 s: NXDOMAIN"),
        (FaultKind.TLS, Level.CRITICAL, "TLS failed in login: NXDOMAIN"),
        (FaultKind.AUTH, Level.CRITICAL, "the login was refused in login: NXDOMAIN"),
        (FaultKind.TEMPORARY, Level.WARNING, "asked to come again later, in login: NXDOMAIN"),
        (FaultKind.PERMANENT, Level.CRITICAL, "refused in login: NXDOMAIN"),
        (FaultKind.PROTOCOL, Level.CRITICAL, "broke its own protocol in login: NXDOMAIN"),
        (FaultKind.OURS, Level.UNKNOWN, "our own error in login, which says nothing of the server: NXDOMAIN"),
    ],
)
def test_faults(kind: FaultKind, level: Level, reason: str) -> None:
    assert judge_result(faulty(kind, said="NXDOMAIN"), Limits([ANY])) == Verdict(level, (reason,))


def test_a_slow_answer_names_the_limit_that_it_broke() -> None:
    verdict = judge_result(GOOD, Limits([IMAP, Limit(Match(Aspect.STEP, "login"), 0.5, origin="thresholds[1]")]))
    assert verdict.level is Level.WARNING
    assert verdict.reasons == (
        "took 1.2 s, limit 500 ms (thresholds[0], imap*)",
        "took 1 s in login, limit 500 ms (thresholds[1], step login)",
    )
    assert verdict.limit == "warning 500 ms, critical 2 s (thresholds[0], imap*)"


def test_the_worst_reason_comes_first() -> None:
    verdict = judge_result(GOOD, Limits([IMAP, Limit(Match(Aspect.STEP, "login"), critical=0.5, origin="thresholds[1]")]))
    assert verdict.level is Level.CRITICAL
    assert [reason.split(",")[0] for reason in verdict.reasons] == ["took 1 s in login", "took 1.2 s"]
    assert verdict.limit == "critical 500 ms (thresholds[1], step login)"


def test_the_limit_itself_is_still_allowed() -> None:
    assert judge_result(GOOD, Limits([Limit(Match(), 1.2, 1.2)])) == Verdict(Level.OK, (), "warning 1.2 s, critical 1.2 s (everything)")


@pytest.mark.parametrize(("days", "level"), [(30.0, Level.OK), (10.0, Level.WARNING), (2.5, Level.CRITICAL)])
def test_a_certificate_is_worse_the_less_it_has_left(days: float, level: Level) -> None:
    limit = Limit(Match(Aspect.CERTIFICATE), 14.0, 3.0, origin="thresholds[2]")
    verdict = judge_result(replace(GOOD, readings={"certificate_days": days}), Limits([limit]))
    assert verdict.level is level
    assert verdict.limit == "warning 14 days, critical 3 days (thresholds[2], every certificate)"


def test_a_certificate_says_when_it_expires() -> None:
    verdict = judge_result(replace(GOOD, readings={"certificate_days": 2.5}), Limits([Limit(Match(Aspect.CERTIFICATE), critical=3.0)]))
    assert verdict.reasons == ("the certificate expires in 2.5 days, limit 3 days (every certificate)",)


def test_a_limit_can_change_the_level_of_a_fault() -> None:
    limit = Limit(Match(Aspect.FAULT, "TEMPORARY"), level=Level.CRITICAL, origin="thresholds[3]")
    verdict = judge_result(faulty(FaultKind.TEMPORARY, said="4.3.2 busy"), Limits([limit]))
    reason = "asked to come again later, in login: 4.3.2 busy (counted as CRITICAL by thresholds[3], fault TEMPORARY)"
    assert verdict == Verdict(Level.CRITICAL, (reason,), "CRITICAL (thresholds[3], fault TEMPORARY)")


def test_a_baseline_without_history_is_unknown() -> None:
    verdict = judge_result(GOOD, Limits([Limit(Match(), baseline=Baseline(2.0, 3.0), origin="thresholds[0]")]))
    missing = "not enough history: none of this hour of the week (thresholds[0], everything)"
    assert verdict == Verdict(Level.UNKNOWN, (f"took 1.2 s; {missing}",), missing)


def test_a_limit_of_another_site_says_nothing_here() -> None:
    limits = Limits([Limit(Match(site="bonn"), 0.5)])
    assert judge_result(GOOD, limits, "berlin").level is Level.OK
    assert judge_result(GOOD, limits, "bonn").level is Level.WARNING


# -- services that a domain may not use


LET_IN = [
    ("imap", "select"),
    ("imap", "quota"),
    ("pop3", "stat"),
    ("pop3", "retr"),
    ("smtp", "data"),
    ("lmtp", "message"),
    ("ldap", "unbind"),
]


@pytest.mark.parametrize(("server", "step"), LET_IN)
@pytest.mark.parametrize("kind", [FaultKind.PERMANENT, FaultKind.TIMEOUT])
def test_a_forbidden_service_that_fails_once_it_let_us_in_has_answered(server: str, step: str, kind: FaultKind) -> None:
    verdict = judge_result(replace(faulty(kind, step), check=replace(POP3, kind=server)), NONE)
    assert verdict == Verdict(Level.WARNING, ("pop3 answers, but abc.example is not permitted it",))


@pytest.mark.parametrize(
    ("server", "step"), [("smtp", "rcpt"), ("submission", "auth"), ("imap", "login"), ("ldap", "search"), ("dns", "query")]
)
def test_a_forbidden_service_may_refuse_up_to_the_door(server: str, step: str) -> None:
    assert judge_result(replace(faulty(FaultKind.PERMANENT, step), check=replace(POP3, kind=server)), NONE) == Verdict(Level.OK)


def test_a_forbidden_service_that_answers_is_a_warning() -> None:
    verdict = judge_result(replace(GOOD, check=POP3), NONE)
    assert verdict == Verdict(Level.WARNING, ("pop3 answers, but abc.example is not permitted it",))


@pytest.mark.parametrize("kind", [FaultKind.AUTH, FaultKind.PERMANENT])
def test_a_forbidden_service_that_refuses_is_right(kind: FaultKind) -> None:
    assert judge_result(replace(faulty(kind), check=POP3), NONE) == Verdict(Level.OK)


def test_a_forbidden_service_that_is_away_tells_nothing() -> None:
    verdict = judge_result(replace(faulty(FaultKind.CONNECT, "connect", "Connection refused"), check=POP3), NONE)
    reason = "cannot tell whether pop3 refuses abc.example: no connection to mail.isp.example: Connection refused"
    assert verdict == Verdict(Level.UNKNOWN, (reason,))


# -- trips


@pytest.mark.parametrize(
    ("outcome", "level", "reason"),
    [
        (Outcome.LATE, Level.WARNING, "the test message came late: words"),
        (Outcome.DUPLICATE, Level.WARNING, "the test message came more than once: words"),
        (Outcome.MISPLACED, Level.WARNING, "the test message was filed in Junk: words"),
        (Outcome.MODIFIED, Level.WARNING, "the test message was changed on the way: words"),
        (Outcome.BOUNCED, Level.CRITICAL, "the test message bounced: words"),
        (Outcome.REJECTED, Level.CRITICAL, "the test message was refused at submission: words"),
        (Outcome.GREYLISTED, Level.WARNING, "the test message was put off (greylisted) until it was given up: words"),
        (Outcome.LOST, Level.CRITICAL, "the test message never arrived: words"),
        (Outcome.UNSURE, Level.UNKNOWN, "what became of the test message cannot be known: words"),
    ],
)
def test_outcomes(outcome: Outcome, level: Level, reason: str) -> None:
    trip = replace(TRIP, outcome=outcome, folder="Junk", said="words")
    assert judge_trip(trip, NONE, AT, 120.0) == Verdict(level, (reason,))


def test_a_message_that_was_never_sent_says_so() -> None:
    trip = replace(TRIP, outcome=Outcome.UNSURE, said="not sent: the submission was put off")
    assert judge_trip(trip, NONE, AT, 120.0).reasons == ("the test message was not sent: the submission was put off",)


def test_a_delivered_trip_is_judged_by_its_times() -> None:
    limits = Limits([Limit(Match(Aspect.TRIP, "total"), 1.0, 2.0), Limit(Match(Aspect.TRIP, "transit"), 30.0)])
    verdict = judge_trip(TRIP, limits, AT, 120.0)
    assert judge_trip(TRIP, NONE, AT, 120.0) == Verdict(Level.OK)
    assert verdict.reasons == ("the test message took 1.5 s (total), limit 1 s (trip total)",)


def test_a_trip_without_known_times_has_its_outcome_alone() -> None:
    trip = replace(UNDER_WAY, outcome=Outcome.LOST)
    assert judge_trip(trip, Limits([Limit(Match(Aspect.TRIP, "*"), 0.001)]), AT, 120.0).reasons == ("the test message never arrived",)


def test_a_hop_is_judged_by_the_server_that_it_led_to() -> None:
    relays = (Relay(None, "mx1.isp.example", AT, None), Relay("mx1", "hub.isp.example", AT, 40.0), Relay("hub", None, AT, 1.0))
    verdict = judge_trip(replace(TRIP, relays=relays), Limits([Limit(Match(Aspect.HOP, "hub*"), 30.0)]), AT, 120.0)
    assert verdict.reasons == ("the test message took 40 s to hub.isp.example, limit 30 s (hop hub*)",)


def test_a_trip_under_way_is_ok_until_it_is_late() -> None:
    assert judge_trip(UNDER_WAY, NONE, AT + timedelta(seconds=119), 120.0) == Verdict(Level.OK)
    verdict = judge_trip(UNDER_WAY, NONE, AT + timedelta(seconds=180), 120.0)
    says = "the test message is under way for 3 min, waiting for the message in INBOX of probe@abc.example; late after 2 min"
    assert verdict == Verdict(Level.WARNING, (says,))


def test_a_trip_under_way_can_break_a_limit_by_its_age() -> None:
    verdict = judge_trip(
        replace(UNDER_WAY, waiting_for=""), Limits([Limit(Match(Aspect.TRIP, "total"), critical=60.0)]), AT + timedelta(seconds=90), 120.0
    )
    assert verdict.reasons == ("the test message is under way for 90 s, limit 1 min (trip total)",)


def test_a_trip_whose_message_has_come_grows_no_older_while_a_second_copy_is_looked_for() -> None:
    come = replace(UNDER_WAY, submit_seconds=0.5, transit_seconds=118.0, retrieve_seconds=0.5, waiting_for="a second copy")
    assert judge_trip(come, NONE, AT + timedelta(seconds=120.5), 120.0) == Verdict(Level.OK)
    late = judge_trip(replace(come, transit_seconds=120.0), NONE, AT + timedelta(seconds=121.5), 120.0)
    says = "the test message has come after 2 min, waiting for a second copy; late after 2 min"
    assert late == Verdict(Level.WARNING, (says,))


def test_a_limit_cannot_make_a_late_trip_better_than_late() -> None:
    age = Limits([Limit(Match(Aspect.TRIP, "age"), 600.0, 900.0, origin="thresholds[4]")])
    late = replace(UNDER_WAY, uncertainty_seconds=2.0)
    assert judge_trip(late, age, AT + timedelta(seconds=180), 120.0).level is Level.WARNING
    assert judge_trip(late, age, AT + timedelta(seconds=899), 120.0).suspect
    assert judge_trip(late, age, AT + timedelta(seconds=1000), 120.0).level is Level.CRITICAL


# -- doubt about ourselves


@pytest.mark.parametrize(("uncertainty", "suspect"), [(0.0, False), (0.5, False), (0.71, True), (0.9, True)])
def test_a_verdict_that_our_own_lag_could_change_is_suspect(uncertainty: float, suspect: bool) -> None:
    assert judge_result(replace(GOOD, uncertainty_seconds=uncertainty), Limits([ANY])).suspect is suspect


def test_lag_does_not_age_a_certificate() -> None:
    result = replace(GOOD, readings={"certificate_days": 13.9}, uncertainty_seconds=0.2)
    assert not judge_result(result, Limits([Limit(Match(Aspect.CERTIFICATE), 14.0)])).suspect


@pytest.mark.parametrize(("uncertainty", "suspect"), [(0.05, False), (9.9, False), (10.0, True)])
def test_a_deadline_proves_nothing_where_we_slept_for_longer_than_it_was_put_off(uncertainty: float, suspect: bool) -> None:
    assert judge_result(replace(faulty(FaultKind.TIMEOUT), uncertainty_seconds=uncertainty), NONE).suspect is suspect


@pytest.mark.parametrize(("total", "uncertainty", "suspect"), [(9.9, 3.0, False), (10.2, 0.3, True), (10.2, 0.1, False)])
def test_an_answer_after_the_deadline_may_have_come_too_late(total: float, uncertainty: float, suspect: bool) -> None:
    late = replace(GOOD, steps=(Step("login", total),), uncertainty_seconds=uncertainty)
    assert judge_result(late, NONE).suspect is suspect


def test_lateness_within_our_uncertainty_is_suspect() -> None:
    late = replace(TRIP, outcome=Outcome.LATE, transit_seconds=120.0, uncertainty_seconds=1.0)
    assert judge_trip(late, NONE, AT, 120.0).suspect
    assert not judge_trip(late, NONE, AT, 110.0).suspect
    assert judge_trip(replace(UNDER_WAY, uncertainty_seconds=1.0), NONE, AT + timedelta(seconds=120), 120.5).suspect
    assert not judge_trip(replace(late, outcome=Outcome.BOUNCED), NONE, AT, 120.0).suspect
