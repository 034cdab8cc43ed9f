"""Causes that are named beside the watch while it hears more: the facts stay as they were asked, the answer counts for what still is so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.thresholds.story import PROMPT, VERDICTS, World, by_server, words
from thresholds.incident_values import Cause, CauseKind, Observation

if TYPE_CHECKING:
    from thresholds.blame import Facts


@pytest.fixture
def world() -> World:
    return World(replace(PROMPT, bad=1, of=1, good=1, gather_seconds=4.0), by_server)


def asked(world: World) -> Facts:
    """What is asked when a/imap has failed, and its time to gather is over."""
    world.watch.saw(Observation("a/imap", world.now, VERDICTS["critical"]))
    world.now += timedelta(seconds=4)
    facts = world.watch.question(world.now)
    assert facts is not None
    return facts


IMAP_OF_A = (Cause(CauseKind.CHECK, "a/imap", ("a/imap",)),)


def test_until_the_answer_comes_nothing_else_is_named(world: World) -> None:
    facts = asked(world)
    world.watch.saw(Observation("b/pop3", world.now, VERDICTS["critical"]))
    assert world.pass_time(5.0) == []
    assert (world.watch.question(world.now), world.watch.next_at()) == (None, None)
    world.watch.answer(facts, IMAP_OF_A, world.now)
    assert words(world.review(), causes=True) == "opened=check:a/imap+opened=check:b/pop3"


def test_an_answer_opens_nothing_for_what_got_well_meanwhile(world: World) -> None:
    facts = asked(world)
    world.watch.saw(Observation("a/imap", world.now, VERDICTS["ok"]))
    world.watch.answer(facts, IMAP_OF_A, world.now)
    assert (world.review(), world.watch.open) == ([], ())


def test_an_answer_opens_nothing_for_what_is_planned_no_more(world: World) -> None:
    facts = asked(world)
    world.watch.plan([], world.now)
    world.watch.answer(facts, IMAP_OF_A, world.now)
    assert (world.review(), world.watch.open) == ([], ())


def test_an_answer_that_comes_when_we_have_fallen_sick_counts_for_nothing(world: World) -> None:
    facts = asked(world)
    assert words(world.hear("sick"), causes=True) == "opened=prober:berlin"
    world.watch.answer(facts, IMAP_OF_A, world.now)
    assert world.review() == []
    assert words(world.hear("sound"), causes=True) == "closed=prober:berlin"


def test_what_an_answer_leaves_out_stands_alone(world: World) -> None:
    facts = asked(world)
    world.watch.saw(Observation("b/imap", world.now, VERDICTS["critical"]))
    world.watch.answer(facts, (), world.now)
    assert words(world.review(), causes=True) == "opened=check:a/imap"


def test_the_facts_stay_as_they_were_asked(world: World) -> None:
    facts = asked(world)
    before = (dict(facts.cells), dict(facts.latest), facts.bad)
    world.watch.saw(Observation("a/imap", world.now, VERDICTS["ok"]))
    world.watch.saw(Observation("b/imap", world.now, VERDICTS["critical"]))
    world.watch.plan([], world.now)
    assert (dict(facts.cells), dict(facts.latest), facts.bad) == before
