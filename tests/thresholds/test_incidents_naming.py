"""Whose incident a cause is, told with a blame that says what the test wants it to say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.thresholds.story import PROMPT, START, VERDICTS, World, words
from thresholds.incident_values import Cause, CauseKind, Change, Observation
from thresholds.values import Level

if TYPE_CHECKING:
    from thresholds.blame import Facts
    from thresholds.incident_values import Incident

GATHER = replace(PROMPT, bad=1, of=1, good=1, gather_seconds=4.0)


class Says:
    """A blame that says what it was told to say, of the cells that are bad; each other one is alone."""

    def __init__(self) -> None:
        self.causes: dict[str, str] = {}  # "server:imap" -> "a/imap b/imap"
        self.asked: list[Facts] = []

    def __call__(self, facts: Facts) -> tuple[Cause, ...]:
        self.asked.append(facts)
        return tuple(self._cause(key, facts) for key in self.causes)

    def _cause(self, key: str, facts: Facts) -> Cause:
        kind, _, name = key.partition(":")
        cells = tuple(cell for cell in sorted(self.causes[key].split()) if cell in facts.bad)
        return Cause(CauseKind(kind), name, cells)


class Scripted(World):
    """A world whose blame is scripted."""

    def __init__(self) -> None:
        self.says = Says()
        super().__init__(rules=GATHER, blame=self.says)

    def when(self, story: str, **causes: str) -> str:
        """Live through some words; causes are given as `server_imap="a/imap b/imap"`. Return what was told."""
        self.says.causes = {key.replace("_", ":", 1).replace("_", " "): cells for key, cells in causes.items()}
        found = [change for word in story.split() for change in self.hear(word)]
        return words(found, causes=True)

    def failing(self) -> dict[str, str]:
        return {incident.cause.key: " ".join(incident.failing) for incident in self.watch.open}


@pytest.fixture
def world() -> Scripted:
    return Scripted()


def last(world: Scripted) -> Change:
    return world.told[-1]


def one(world: Scripted) -> Incident:
    (incident,) = world.watch.open
    return incident


# -- widening and narrowing


def test_an_incident_is_what_it_was_when_its_cause_widens(world: Scripted) -> None:
    assert world.when("a/imap:critical 4s", check_a="a/imap") == "opened=check:a"
    assert world.when("a/pop3:critical 4s", domain_a="a/imap a/pop3") == "worsened=domain:a"
    assert last(world).said == "now the whole domain a"
    assert (one(world).id, one(world).changes, world.failing()) == ("i00000001", 2, {"domain:a": "a/imap a/pop3"})


def test_a_wider_name_for_the_same_checks_wakes_nobody(world: Scripted) -> None:
    assert world.when("a/imap:critical 4s", check_a="a/imap") == "opened=check:a"
    assert world.when("b/imap:critical 4s", server_imap="a/imap", check_b="b/imap") == "opened=check:b"
    assert world.when("c/imap:critical 4s", server_imap="a/imap", check_c="c/imap") == "opened=check:c"
    assert world.failing() == {"check:a": "a/imap", "check:b": "b/imap", "check:c": "c/imap"}


def test_how_wide_it_was_told_is_known_after_a_restart(world: Scripted) -> None:
    assert world.when("a/imap:critical+b/imap:critical 4s", server_imap="a/imap b/imap") == "opened=server:imap"
    world.when("restart")
    assert world.when("c/imap:critical 4s", check_a="a/imap c/imap") == "-"
    assert world.failing() == {"check:a": "a/imap b/imap c/imap"}
    assert world.when("d/imap:critical 4s", server_imap="a/imap b/imap c/imap d/imap") == "-"
    assert world.failing() == {"server:imap": "a/imap b/imap c/imap d/imap"}


def test_another_cause_of_the_same_width_that_explains_more_is_taken_and_told_with_the_next_reminder(world: Scripted) -> None:
    assert world.when("a/imap:critical+a/pop3:critical+b/imap:critical 4s", server_imap="a/imap a/pop3 b/imap") == "opened=server:imap"
    assert world.when("c/pop3:critical 4s", server_directory="a/imap a/pop3 b/imap c/pop3") == "-"
    assert one(world).cause.key == "server:directory"
    assert world.when("4h") == "reminded=server:directory"
    assert last(world).said == "open for 4 h; now the whole server directory; 1 more domain: c"
    assert world.when("4h") == "reminded=server:directory"
    assert last(world).said == "open for 8 h"


def test_a_way_that_widens_with_every_trip_is_told_when_it_has_doubled_and_a_reminder_is_due(world: Scripted) -> None:
    ways = {"path_s_->_i": "a/imap"}
    world.when("a/imap:critical 4s", **ways)
    for cell in ("b/imap", "c/imap", "a/pop3"):
        ways = {f"path_s_->_i{cell[0]}": f"{' '.join(ways.values())} {cell}"}
        assert world.when(f"{cell}:critical 4s", **ways) == "-"
    assert len(one(world).failing) == 4
    assert world.when("4h").startswith("worsened=path:")
    assert last(world).said == "now the way s -> ia; from 1 to 4 failing; 2 more domains: b and c"
    assert world.when("4h").startswith("reminded=path:")
    assert last(world).said == "open for 8 h"


def test_an_incident_that_was_told_keeps_its_name_when_what_is_left_of_it_has_a_narrower_one(world: Scripted) -> None:
    world.when("a/imap:critical+b/imap:critical+c/imap:critical 4s", server_imap="a/imap b/imap c/imap")
    assert world.when("b/imap:ok+c/imap:ok 4s", account_a="a/imap") == "-"
    assert (one(world).cause.key, one(world).failing) == ("server:imap", ("a/imap",))
    assert world.says.asked[-1].since == START.replace(second=3)
    assert world.when("a/imap:ok") == "closed=server:imap"


def test_the_reasons_that_were_told_stand_when_only_what_followed_from_them_is_left(world: Scripted) -> None:
    world.when("a/imap:critical 4s", server_imap="a/imap")
    world.when("b/imap:warning 4s", server_imap="a/imap b/imap")
    world.when("a/imap:ok+a/imap:ok 1m")
    assert one(world).failing == ("b/imap",)
    assert [reason.partition(":")[0] for reason in one(world).reasons] == ["a/imap"]


def test_while_more_than_half_of_it_fails_nobody_asks_again(world: Scripted) -> None:
    world.when("a/imap:critical+b/imap:critical+c/imap:critical 4s", server_imap="a/imap b/imap c/imap")
    world.when("c/imap:ok 1m")
    assert len(world.says.asked) == 1


def test_a_narrower_cause_that_does_not_explain_the_rest_is_not_taken(world: Scripted) -> None:
    world.when("a/imap:critical+b/imap:critical+c/imap:critical+d/imap:critical 4s", server_imap="a/imap b/imap c/imap d/imap")
    assert world.when("c/imap:ok+d/imap:ok 4s", check_a="a/imap", check_b="b/imap") == "-"
    assert world.failing() == {"server:imap": "a/imap b/imap"}


# -- several at once


def test_two_that_turn_out_to_have_one_cause_become_the_older_one(world: Scripted) -> None:
    world.when("a/imap:critical 4s", check_a="a/imap")
    world.when("b/imap:critical 4s", check_b="b/imap", check_a="a/imap")
    assert world.when("c/imap:critical 4s", server_imap="a/imap b/imap c/imap") == "worsened=server:imap+closed=check:b"
    assert (last(world).incident.ended, last(world).said) == ("part of i00000001, the whole server imap",) * 2
    assert world.failing() == {"server:imap": "a/imap b/imap c/imap"}
    assert world.when("a/imap:ok+b/imap:ok+c/imap:ok") == "closed=server:imap"


def test_the_same_cause_goes_before_cells_in_common(world: Scripted) -> None:
    world.when("a/imap:critical+a/pop3:critical 4s", check_a="a/imap a/pop3")
    world.when("b/imap:critical 4s", server_imap="b/imap", check_a="a/imap a/pop3")
    assert world.when("c/imap:critical 4s", server_imap="a/imap a/pop3 b/imap c/imap") == "closed=check:a"
    assert last(world).incident.ended == "part of i00000002, the whole server imap"


def test_the_second_cause_of_one_incident_is_its_own_once_it_has_something_new(world: Scripted) -> None:
    world.when("a/imap:critical+b/imap:critical 4s", server_imap="a/imap b/imap")
    assert world.when("b/pop3:critical 4s", server_imap="a/imap", domain_b="b/imap b/pop3") == "opened=domain:b"
    assert world.failing() == {"server:imap": "a/imap", "domain:b": "b/imap b/pop3"}


def test_who_left_for_another_incident_comes_back_in_time_to_keep_his_own(world: Scripted) -> None:
    world.when("a/imap:critical 4s", server_imap="a/imap")
    found = world.when("a/pop3:critical+b/imap:critical 4s", domain_a="a/imap a/pop3", server_imap="b/imap")
    assert found == "opened=domain:a"
    assert world.failing() == {"server:imap": "b/imap", "domain:a": "a/imap a/pop3"}


def test_what_blame_leaves_out_is_alone(world: Scripted) -> None:
    assert world.when("a/imap:critical+b/imap:critical 4s", check_a="a/imap") == "opened=check:a+opened=check:b/imap"
    assert world.watch.open[1].cause.evidence == ("only b/imap",)


def test_what_blame_names_that_is_not_bad_joins_nothing(world: Scripted) -> None:
    world.says = Says()
    world.watch._blame = lambda _: (Cause(CauseKind.SERVER, "imap", ("a/imap", "b/imap")),)
    world.hear("a/imap:critical")
    world.hear("4s")
    assert one(world).cells == ("a/imap",)


def test_what_was_closed_by_hand_joins_no_other(world: Scripted) -> None:
    world.when("a/imap:critical 4s close", check_a="a/imap")
    assert world.when("b/imap:critical 4s", server_imap="a/imap b/imap") == "opened=server:imap"
    assert world.failing() == {"server:imap": "b/imap"}


# -- the prober


def test_what_blame_finds_with_us_and_our_own_sickness_are_one_incident(world: Scripted) -> None:
    assert world.when("a/imap:critical+b/imap:critical 4s", prober_berlin="a/imap b/imap") == "opened=prober:berlin"
    assert world.when("sick") == "-"
    assert world.stored[one(world).id].cause.evidence == ("the event loop sleeps",)
    assert world.when("sound") == "-"
    assert world.when("a/imap:ok+b/imap:ok") == "closed=prober:berlin"
    assert last(world).incident.ended == "all is well again"


def test_sickness_that_is_found_out_to_be_a_network_cut_keeps_its_incident(world: Scripted) -> None:
    world.rules = world.watch.rules = replace(GATHER, flap_count=0, gather_seconds=0.0)
    assert world.when("sick sound") == "opened=prober:berlin"
    assert world.when("a/imap:critical", prober_elsewhere="a/imap") == "worsened=prober:elsewhere"
    assert last(world).said == "from WARNING to CRITICAL"
    assert world.failing() == {"prober:elsewhere": "a/imap"}


def test_the_words_of_a_sickness_are_its_last(world: Scripted) -> None:
    world.when("a/imap:critical 4s", prober_berlin="a/imap")
    for world.sick in ("no memory", "no disk"):
        world.review()
    assert one(world).cause.evidence == ("no disk",)


def test_of_no_site_while_nothing_is_planned() -> None:
    world = World(cells=())
    assert words(world.hear("sick"), causes=True) == "opened=prober:"
    assert one_of(world).level is Level.WARNING


def one_of(world: World) -> Incident:
    (incident,) = world.watch.open
    return incident


# -- what blame is told


def test_blame_is_told_the_last_bad_word_of_a_bad_cell_though_a_good_one_came_since(world: Scripted) -> None:
    world.rules = world.watch.rules = replace(GATHER, good=3)
    world.when("a/imap:critical a/imap:ok+b/imap:ok 1s", check_a="a/imap")
    (facts,) = world.says.asked
    assert facts.bad == {"a/imap"}
    assert facts.latest["a/imap"].verdict is VERDICTS["critical"]
    assert (facts.since, facts.asked("b/imap"), facts.asked("c/imap")) == (facts.latest["a/imap"].at, True, False)


def test_blame_is_told_something_of_what_was_not_seen_since_a_restart(world: Scripted) -> None:
    world.when("a/imap:critical 4s restart b/imap:critical 4s", check_a="a/imap", check_b="b/imap")
    facts = world.says.asked[-1]
    assert facts.bad == {"a/imap", "b/imap"}
    seen = facts.latest["a/imap"]
    assert (seen.at, seen.verdict.level, seen.verdict.reasons) == (
        START.replace(second=3),
        Level.CRITICAL,
        ("not seen since the restart",),
    )


def test_a_cell_of_two_incidents_in_the_store_belongs_to_the_older(world: Scripted) -> None:
    world.when("a/imap:critical 4s", check_a="a/imap")
    twin = replace(one(world), id="i000000ff")
    world.stored |= {twin.id: twin}
    changes = world.do_restart("")
    assert [(change.kind.value, change.incident.id) for change in changes] == [("closed", "i000000ff")]


def test_a_verdict_joins_the_reasons_of_its_incident(world: Scripted) -> None:
    world.watch.saw(Observation("a/imap", world.now, VERDICTS["warning"]))
    world.watch.saw(Observation("b/imap", world.now, VERDICTS["critical"]))
    world.when("4s", server_imap="a/imap b/imap")
    incident = one(world)
    assert incident.reasons == ("b/imap: no connection", "a/imap: took 1.2 s")
    assert (incident.limit, incident.level, incident.domains) == ("critical 2 s", Level.CRITICAL, ("a", "b"))
