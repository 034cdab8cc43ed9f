"""Budgets: never exceeded in any minute, shared by place, and said in words when no interval can keep them."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from config.load import load
from config.plan import plan
from probe.values import Check, Directory, Endpoint
from service.cli import run
from service.rounds.budget import Budget, Cost, Purse, Window, by_place, cost_of
from service.rounds.round_plan import budgets_of
from service.rounds.shortfall import shortfalls

PATIENT = settings(deadline=None)  # the machine may be busy
PLAIN, LOGIN, MESSAGE = Cost(logins=False, messages=False), Cost(logins=True, messages=False), Cost(logins=True, messages=True)


def checks(count: int, server: str = "imap", every: float = 60.0, host: str = "mail.isp.example", **rest: str) -> list[Check]:
    kind = rest.pop("kind", "imap")
    ends = [f"d{number}.example" for number in range(count)]
    return [Check(f"{domain}/{server}", domain, server, kind, Endpoint(host, 143), every, **rest) for domain in ends]  # type: ignore[arg-type] # any field of a check


# -- any 60 seconds


def most_in_a_minute(times: list[float]) -> int:
    return max((sum(begin <= at < begin + 59.999_999 for at in times) for begin in times), default=0)


@PATIENT
@given(some.integers(1, 40), some.lists(some.floats(0, 8), max_size=120))
def test_a_window_never_lets_more_through_than_its_limit(limit: int, pauses: list[float]) -> None:
    window, now, times = Window(limit), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if not window.wait_seconds(now):
            window.take(now)
            times.append(now)
    assert most_in_a_minute(times) <= limit


@PATIENT
@given(some.integers(1, 40))
def test_who_waits_as_long_as_is_said_may_go_and_the_limit_is_used_up(limit: int) -> None:
    window, now, times = Window(limit), 0.0, list[float]()
    while now < 300.0:
        wait = window.wait_seconds(now)
        if wait:
            now += wait + 1e-9
        else:
            window.take(now)
            times.append(now)
    assert most_in_a_minute(times) <= limit
    assert len(times) >= 4 * limit  # in five minutes: no more than one of them is lost to going evenly
    late = [at for at in times if at > 120.0]
    assert all(later - earlier > 0.9 * 60.0 / limit for earlier, later in pairwise(late))  # no burst each minute


def test_what_comes_regularly_at_the_very_limit_waits_for_nobody() -> None:
    window = Window(60)
    for second in range(600):
        assert window.wait_seconds(float(second)) == 0.0
        window.take(float(second))


# -- one server


def test_a_purse_counts_each_kind_of_conversation_against_its_own_rates() -> None:
    purse = Purse(Budget(connections_per_minute=10, logins_per_minute=2, messages_per_minute=1))
    purse.take(MESSAGE, 0.0)
    assert [purse.wait_seconds(cost, 1.0) > 0 for cost in (PLAIN, LOGIN, MESSAGE)] == [False, True, True]
    assert [purse.wait_seconds(cost, 31.0) > 0 for cost in (PLAIN, LOGIN, MESSAGE)] == [False, False, True]
    assert purse.wait_seconds(MESSAGE, 60.0) == 0.0


def test_a_purse_is_full_when_as_many_are_open_as_may_be() -> None:
    purse = Purse(Budget(connections=2))
    purse.take(LOGIN, 0.0)
    assert not purse.full
    purse.take(LOGIN, 0.0)
    assert purse.full


def test_what_was_taken_under_the_old_budget_counts_under_the_new_one() -> None:
    purse = Purse(Budget(connections_per_minute=100))
    for second in range(20):
        purse.take(PLAIN, float(second))
    purse.change(Budget(connections_per_minute=10))
    assert purse.wait_seconds(PLAIN, 20.0) > 0
    purse.change(Budget())
    assert purse.wait_seconds(PLAIN, 20.0) == 0.0


def test_servers_on_one_host_and_port_share_the_strictest_of_their_budgets() -> None:
    both = [*checks(1, "imap"), *checks(1, "imap-too"), *checks(1, "elsewhere", host="other.example")]
    budgets = {"imap": Budget(4, 100), "imap-too": Budget(8, 200, logins_per_minute=5), "elsewhere": Budget(2)}
    assert by_place(both, budgets) == {("mail.isp.example", 143): Budget(4, 100, 5), ("other.example", 143): Budget(2)}
    assert by_place(both, {}) == {("mail.isp.example", 143): Budget(), ("other.example", 143): Budget()}


@pytest.mark.parametrize(
    ("check", "cost"),
    [
        (checks(1)[0], LOGIN),
        (checks(1, kind="submission", send="message")[0], MESSAGE),
        (checks(1, kind="smtp", send="message")[0], Cost(logins=False, messages=True)),
        (checks(1, kind="smtp")[0], PLAIN),
        (checks(1, kind="imap", send="message")[0], LOGIN),
        (Check("a/b", "a", "b", "ldap", Endpoint("h", 389), directory=Directory("", "", bind_dn="cn=probe")), LOGIN),
        (Check("a/b", "a", "b", "ldap", Endpoint("h", 389), directory=Directory("", "")), PLAIN),
    ],
)
def test_what_a_conversation_takes(check: Check, cost: Cost) -> None:
    assert cost_of(check) == cost


# -- in words


@pytest.mark.parametrize(
    ("planned", "budget", "says"),
    [
        (
            checks(10_000),
            Budget(64, 600),
            (
                "imap: 10,000 checks every 1m need 10,000 connections a minute, and its budget is 600: so each can run every 17m only; "
                "raise budget.connections_per_minute or every"
            ),
        ),
        (
            checks(90, every=30.0),
            Budget(logins_per_minute=100),
            (
                "imap: 90 checks every 30s need 180 logins a minute, and its budget is 100: so each can run every 54s only; "
                "raise budget.logins_per_minute or every"
            ),
        ),
        (
            [*checks(1, "mx", 10.0, kind="smtp", send="message"), *checks(2, "mx", 30.0, kind="smtp", send="message")],
            Budget(messages_per_minute=1),
            (
                "mx: 1 check every 10s and 2 checks every 30s need 10 messages a minute, and its budget is 1: so each can run every 100s "
                "and 5m only; raise budget.messages_per_minute or every"
            ),
        ),
        (
            checks(10_000),
            Budget(),
            (
                "imap: 10,000 checks every 1m need 167 connections a second, and its budget is 8 at once: that works only while each takes "
                "under 48 ms; raise budget.connections, or every (to 63s for 50 ms each)"
            ),
        ),
    ],
)
def test_a_budget_that_cannot_be_kept_is_said_with_what_could(planned: list[Check], budget: Budget, says: str) -> None:
    assert shortfalls(planned, {planned[0].server: budget}) == [says]


def test_a_budget_that_is_just_enough_is_not_spoken_of() -> None:
    assert shortfalls(checks(600), {"imap": Budget(8, 600, 600)}) == []


def test_two_names_of_one_place_are_said_together() -> None:
    (says,) = shortfalls([*checks(2, "imap"), *checks(2, "imap-too")], {"imap": Budget(8, 3)})
    assert says.startswith(
        "imap and imap-too: 4 checks every 1m need 4 connections a minute, and its budget is 3: so each can run every 80s"
    )


CONFIG = """servers:
  mx: {{kind: smtp, host: mx.isp.example, budget: {budget}}}
domains:
  - {{name: abc.example, servers: [mx], mailbox: {{address: probe@abc.example}}}}
  - {{name: def.example, servers: [mx], mailbox: {{address: probe@def.example}}}}
"""


def test_check_config_says_it_before_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.yml").write_text(CONFIG.format(budget="{connections_per_minute: 1}"))
    monkeypatch.chdir(tmp_path)
    assert run(["check-config", "m.yml"]) == 0
    told = capsys.readouterr()
    assert told.err == (
        "warning: m.yml: mx: 2 checks every 1m need 2 connections a minute, and its budget is 1: so each can run every 2m only; "
        "raise budget.connections_per_minute or every\n"
    )
    assert told.out == "m.yml: right: 2 domains, 1 server, 2 checks, 0 trips, 0 thresholds; 1 warning\n"


def test_budgets_come_from_the_configuration_and_checks_of_one_server_share_their_endpoint(
    tmp_path: Path,
) -> None:
    file = tmp_path / "m.yml"
    file.write_text(CONFIG.format(budget="{connections: 3, connections_per_minute: 4, logins_per_minute: 5, messages_per_minute: 6}"))
    settings = load(str(file))
    assert budgets_of(settings) == {"mx": Budget(3, 4, 5, 6)}
    one, other = plan(settings)[0]
    assert one.endpoint is other.endpoint
