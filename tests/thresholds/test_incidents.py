"""The watch as its service meets it: repeats, witnesses, reviews that are due, what people do, and the exact words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.thresholds.story import CELLS, PROMPT, START, VERDICTS, World, cell, words
from thresholds.incident_values import Acknowledgement, Observation, Rules
from thresholds.incidents import AT_ONCE
from thresholds.values import Level, Verdict

HOUR = timedelta(hours=1)


def live(story: str, world: World | None = None) -> World:
    """Live through a story whose words are not of interest."""
    world = world or World()
    for word in story.split():
        world.hear(word)
    return world


# -- repeats


@pytest.mark.parametrize(
    ("story", "again"),
    [
        ("critical", [3.0]),
        ("critical critical", [3.0, None]),  # decided
        ("critical ok critical", [3.0, None, None]),
        ("critical ok ok critical", [3.0, None, None, 3.0]),  # trouble anew
        ("critical unknown suspect", [3.0, None, None]),
        ("critical near", [3.0, None]),
        ("ok near", [None, None]),
        ("critical critical ok critical", [3.0, None, None, None]),  # it is open: nothing to decide
        ("critical critical close critical", [3.0, None, None]),
        ("critical+critical critical", [3.0, None, None]),  # two at the same moment: one repeat is pending
    ],
)
def test_what_is_undecided_is_probed_again(story: str, again: list[float | None]) -> None:
    assert live(story).again == again


def test_a_repeat_is_asked_for_once_until_it_is_due() -> None:
    world = World(replace(PROMPT, bad=4, of=6, again_seconds=5.0))
    assert live("critical critical critical", world).again == [5.0, None, 5.0]


def test_who_is_probed_as_often_anyway_is_not_repeated() -> None:
    assert live("critical", World(cells=(replace(CELLS[0], every_seconds=3.0),))).again == [None]


def test_one_bad_is_enough_where_the_rules_say_so() -> None:
    assert live("critical", World(replace(PROMPT, bad=1, of=1))).again == [None]


# -- what is due


def test_nothing_is_due_while_all_is_well() -> None:
    world = live("ok ok")
    assert world.watch.next_at() is None
    assert world.watch.review(START + timedelta(days=9)) == ()


def test_a_review_is_due_at_once_when_an_incident_has_changed() -> None:
    world = live("critical critical ok")
    world.watch.saw(Observation("a/imap", world.now, VERDICTS["ok"]))
    assert world.watch.next_at() == AT_ONCE
    assert words(world.review(), causes=False) == "closed"


def test_a_review_is_due_when_a_cause_is_to_be_named_and_when_a_reminder_is() -> None:
    world = World(Rules())
    live("critical critical", world)
    assert world.watch.next_at() == world.now + timedelta(seconds=4)
    world.hear("4s")
    assert world.watch.next_at() == world.now + timedelta(hours=4)


def test_no_reminders_where_the_rules_want_none() -> None:
    world = live("critical critical", World(replace(PROMPT, remind_seconds=0.0)))
    assert world.watch.next_at() is None


def test_new_rules_hold_at_once() -> None:
    world = live("critical critical 1h")
    world.watch.rules = replace(PROMPT, remind_seconds=60.0)
    assert world.watch.rules.remind_seconds == 60.0
    assert words(world.pass_time(1.0), causes=False) == "reminded"


def test_new_rules_of_nothing_open() -> None:
    world = World()
    world.watch.rules = PROMPT
    assert world.review() == []
    assert world.watch.next_at() is None


# -- what is told


def test_an_opening_says_what_is_known() -> None:
    (change,) = live("critical critical").told
    incident = change.incident
    assert (incident.id, incident.level, incident.worst) == ("i00000001", Level.CRITICAL, Level.CRITICAL)
    assert (incident.began_at, incident.opened_at) == (START + timedelta(seconds=3), START + timedelta(seconds=6))
    assert (incident.domains, incident.cells, incident.failing) == (("a",), ("a/imap",), ("a/imap",))
    assert (incident.reasons, incident.limit) == (("a/imap: no connection",), "critical 2 s")
    assert (incident.told, incident.muted, incident.reminded_at) == (True, "", change.at)
    assert (change.number, change.muted, change.said) == (1, "", "")


def said(story: str, world: World | None = None) -> list[tuple[str, str]]:
    return [(change.kind.value, change.said) for change in live(story, world).told]


def test_the_words_of_an_incidents_life() -> None:
    assert said("warning warning critical critical ack:5h 4h 2h ok ok") == [
        ("opened", ""),
        ("worsened", "from WARNING to CRITICAL"),
        ("acknowledged", "by anna until 2026-11-20 13:00 UTC: on it"),
        ("reminded", "open for 5 h"),
        ("closed", "all is well again"),
    ]


def test_the_words_of_what_comes_and_goes() -> None:
    rules = replace(PROMPT, bad=1, good=1, flap_count=2, flap_seconds=600.0, steady_seconds=60.0)
    world = live("critical ok critical ok critical", World(rules))
    assert world.told[-1].said == "flapping: closed 2 times within 10 min; held open until all has been well for 1 min"
    assert [change.incident.flapping for change in world.told if change.kind.value == "opened"] == [False, False, True]


def test_the_words_of_what_was_muted() -> None:
    world = live("silence:1h@a/* critical critical b/imap:critical b/imap:critical")
    assert [(change.kind.value, change.said, change.muted) for change in world.told] == [
        ("opened", "", "silenced by anna until 2026-11-20 09:00 UTC: known"),
        ("opened", "it was muted until now", ""),
    ]
    world = live("warning warning silence:1h critical critical b/imap:critical b/imap:critical c/pop3:warning 2h")
    assert [(change.kind.value, change.said, bool(change.muted)) for change in world.told] == [
        ("opened", "", False),
        ("worsened", "from WARNING to CRITICAL", True),
        ("worsened", "now the whole server imap", True),
        ("worsened", "from WARNING to CRITICAL; now the whole server imap", False),
    ]


def test_a_closing_of_what_was_never_told_says_why_it_is_not() -> None:
    world = live("silence:1m critical critical")
    world.now += HOUR  # nobody reviewed when the silence ended; the incident is over by then
    for _ in range(2):
        world.watch.saw(Observation("a/imap", world.now, VERDICTS["ok"]))
    (change,) = world.review()
    assert (change.kind.value, change.muted) == ("closed", "its opening was told to nobody")


def test_a_closed_incident_keeps_the_worst_that_it_was() -> None:
    world = live("critical critical warning warning warning ok ok")
    closed = world.told[-1].incident
    assert (closed.level, closed.failing, closed.closed_at, closed.muted) == (Level.CRITICAL, (), world.now, "")
    assert world.watch.open == ()


def test_a_level_that_got_better_is_to_be_stored() -> None:
    world = live("critical critical warning warning")
    assert (world.stored["i00000001"].level, world.stored["i00000001"].worst) == (Level.WARNING, Level.CRITICAL)
    assert world.watch.touched() == ()


def test_of_many_reasons_the_worst_eight_are_kept() -> None:
    cells = tuple(cell(f"d{number:02}/imap") for number in range(20))
    story = "+".join(f"{one.name}:{'critical' if one.domain > 'd17' else 'warning'}" for one in cells)
    incident = live(f"{story} {story}", World(cells=cells)).watch.open[0]
    assert [reason.partition("/")[0] for reason in incident.reasons] == ["d18", "d19", "d00", "d01", "d02", "d03", "d04", "d05"]


def test_a_verdict_without_reasons_has_none() -> None:
    world = World()
    for seconds in (-9, -6):
        world.watch.saw(Observation("a/imap", world.now + timedelta(seconds=seconds), Verdict(Level.CRITICAL)))
    world.review()
    assert world.watch.open[0].reasons == ()


def test_two_bad_verdicts_of_one_moment_are_one() -> None:
    world = World()
    for seconds in (-9.0, -8.8, -8.3):
        world.watch.saw(Observation("a/imap", world.now + timedelta(seconds=seconds), Verdict(Level.CRITICAL)))
    world.review()
    assert world.watch.open == ()


def test_after_a_restart_the_old_reasons_stand_until_there_are_new_ones() -> None:
    world = live("critical critical restart")
    assert world.watch.open[0].reasons == ("a/imap: no connection",)
    live("warning warning warning", world)
    assert world.watch.open[0].reasons == ("a/imap: took 1.2 s",)


def test_whose_good_verdicts_must_not_be_near() -> None:
    world = live("critical")
    assert [world.watch.troubled(name) for name in ("a/imap", "b/imap")] == [True, False]
    live("critical ok ok", world)
    assert not world.watch.troubled("a/imap")


# -- what people do


def test_who_closes_an_incident_is_told_with_the_reason() -> None:
    world = live("critical critical")
    change = world.watch.close("i00000001", "anna", "", world.now)
    assert (change.said, change.incident.ended, change.incident.failing) == ("closed by anna", "closed by anna", ("a/imap",))
    assert said("critical critical close")[-1] == ("closed", "closed by anna: mended")


def test_no_such_incident_is_open() -> None:
    watch = World().watch
    sentence = "no open incident i00000009; `probe incidents list` shows those that are open"
    with pytest.raises(KeyError) as error:
        watch.close("i00000009", "anna", "", START)
    assert error.value.args == (sentence,)
    with pytest.raises(KeyError) as error:
        watch.acknowledge("i00000009", Acknowledgement("anna", START), START)
    assert error.value.args == (sentence,)


def test_an_acknowledgement_that_is_over_already_is_none() -> None:
    world = live("critical critical")
    with pytest.raises(ValueError, match=r"^an acknowledgement until 2026-11-20 08:00 UTC is over already; give a later time$"):
        world.watch.acknowledge("i00000001", Acknowledgement("anna", START, "", START), world.now)


def test_an_acknowledgement_at_the_edge_of_the_calendar_is_refused_and_changes_nothing() -> None:
    world = live("critical critical")
    edge = datetime.fromisoformat("9999-12-31T23:59:59-12:00")
    told = "^9999-12-31T23:59:59-12:00 is out of bounds: times lie between 1970-01-01 and 2200-01-01$"
    with pytest.raises(ValueError, match=told):
        world.watch.acknowledge("i00000001", Acknowledgement("anna", START, "", edge), world.now)
    assert world.watch.open[0].acknowledged is None


def test_an_acknowledgement_without_a_reason() -> None:
    world = live("critical critical")
    change = world.watch.acknowledge("i00000001", Acknowledgement("anna", world.now), world.now)
    assert (change.said, change.number, change.incident.acknowledged) == ("by anna", 2, Acknowledgement("anna", world.now))


# -- what was before


def test_what_closed_long_ago_is_not_remembered() -> None:
    world = live("critical critical ok ok 2h b/imap:critical b/imap:critical")
    assert world.watch._book.closings == {}


def test_a_cell_that_was_closed_by_hand_and_is_open_again_is_open() -> None:
    world = live("critical critical close ok critical critical restart ok ok")
    assert [change.kind.value for change in world.told] == ["opened", "closed", "opened", "closed"]


def test_which_domains_are_checked_on_a_server() -> None:
    watch = World().watch
    assert (watch.domains_on("imap"), watch.domains_on("imapp")) == (("a", "b", "c", "d"), ())
