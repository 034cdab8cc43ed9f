"""A story per rule of incidents: what is seen and done, and what is told of it. The language stands in tests/thresholds/story.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.thresholds.story import PROMPT, World, assert_story

FLAPS = replace(PROMPT, bad=1, good=1, flap_count=2, flap_seconds=600.0, steady_seconds=60.0)

STORIES = {
    # n of m bad open it, k good in a row close it
    "two bad in a row open, two good in a row close": "critical critical ok ok -> - opened - closed",
    "one bad alone opens nothing": "critical ok ok critical ok ok -> - - - - - -",
    "two of three open": "critical ok critical -> - - opened",
    "two of four do not": "critical ok ok critical ok -> - - - - -",
    "good ones before do not count": "ok ok ok critical critical -> - - - - opened",
    "one good alone closes nothing": "critical critical ok critical ok ok -> - opened - - - closed",
    "it opens once, however long it lasts": "critical critical critical critical ok ok -> - opened - - - closed",
    "it opens anew after it has closed": "critical critical ok ok critical critical -> - opened - closed - opened",
    "a warning opens as well": "warning warning ok ok -> - opened - closed",
    # what is not sure
    "a suspect counts for nothing while it is good": "suspect suspect suspect -> - - -",
    "a suspect neither helps to open nor hinders": "critical suspect suspect critical -> - - - opened",
    "a suspect does not interrupt a row of good ones": "critical critical ok suspect ok -> - opened - - closed",
    "unknown counts for nothing": "critical unknown critical ok unknown ok -> - - opened - - closed",
    "near its limit is not good": "critical critical near near near -> - opened - - -",
    "near its limit interrupts a row of good ones": "critical critical ok near ok ok -> - opened - - - closed",
    "near its limit is not bad": "critical near near critical -> - - - -",
    "near its limit from a good start is nothing": "near near near -> - - -",
    # a message is one observation, however many words there are of it
    "one message that is late under way, and late when it comes": "critical#1 critical#1 critical#1 -> - - -",
    "one message that turns out worse": "warning#1 critical#1 -> - -",
    "two messages that are late": "critical#1 critical#2 -> - opened",
    "the first comes late when the second is late already": "critical#1 ok#2 critical#1 ok#3 critical#1 -> - - - - -",
    "a message's last word stands": "critical#1 critical#2 ok#1 ok#2 -> - opened - closed",
    "one message that is late comes well after all": "critical#1 ok#1 critical#2 -> - - -",
    "a message that came well is no second one": "critical#1 critical#2 ok#3 ok#3 ok#4 -> - opened - - closed",
    "two messages worsen": "warning#1 warning#2 critical#1 critical#2 -> - opened - worsened",
    # worsening
    "it worsens once n of m are worse": "warning warning critical critical critical -> - opened - worsened -",
    "it gets better without a word, and worse again without one": (
        "critical critical warning warning warning critical critical ok ok -> - opened - - - - - - closed"
    ),
    "a second cell of the same cause joins in silence": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical c/imap:critical c/imap:critical -> - opened=server:imap - -"
    ),
    "a wider cause is told once": (
        "critical critical b/imap:critical b/imap:critical c/imap:critical c/imap:critical"
        " -> - opened=check:a/imap - worsened=server:imap - -"
    ),
    "wider and worse at once are told once": "warning warning b/imap:critical b/imap:critical -> - opened - worsened",
    "a wider kind is told at once, and narrower ones after it are not": (
        "critical critical b/imap:critical b/imap:critical ok ok critical critical -> - opened - worsened=server:imap - - - -"
    ),
    "twice as many are told when a reminder is due": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical c/imap:critical+d/imap:critical c/imap:critical+d/imap:critical"
        " 3h 1h -> - opened=server:imap - - - worsened=server:imap"
    ),
    "fewer than twice as many are told with the reminder": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical c/imap:critical c/imap:critical 4h -> - opened - - reminded"
    ),
    "twice as many are told though somebody has it, once": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical ack c/imap:critical+d/imap:critical"
        " c/imap:critical+d/imap:critical 4h 9h -> - opened acknowledged - - worsened -"
    ),
    "twice as many under a silence are told after it": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical silence:9h c/imap:critical+d/imap:critical"
        " c/imap:critical+d/imap:critical 8h 2h -> - opened - - - - worsened"
    ),
    "a worse level is told at once": (
        "a/imap:warning+b/imap:warning a/imap:warning+b/imap:warning c/imap:critical c/imap:critical -> - opened - worsened"
    ),
    "it closes when the last of its cells is well": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical ok ok b/imap:ok b/imap:ok -> - opened - - - closed"
    ),
    "a cell that relapses is part of it again": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical ok ok critical critical b/imap:ok b/imap:ok ok ok"
        " -> - opened - - - - - - - closed"
    ),
    "two causes are two incidents": (
        "a/imap:critical+b/pop3:critical a/imap:critical+b/pop3:critical ok ok b/pop3:ok b/pop3:ok"
        " -> - opened=check:a/imap+opened=check:b/pop3 - closed=check:a/imap - closed=check:b/pop3"
    ),
    "an incident on another server is none of it": (
        "a/imap:critical a/imap:critical a/pop3:critical a/pop3:critical b/imap:critical b/imap:critical ok+b/imap:ok ok+b/imap:ok"
        " -> - opened=check:a/imap - opened=check:a/pop3 - worsened=server:imap - closed=server:imap"
    ),
    # reminders and acknowledgements
    "it reminds, again and again": "critical critical 3h 2h 4h ok ok -> - opened - reminded reminded - closed",
    "worsening puts the reminder off": "warning warning 3h critical critical 3h 1h -> - opened - - worsened - reminded",
    "an acknowledgement ends the reminders": "critical critical ack 9h ok ok -> - opened acknowledged - - closed",
    "until it runs out": "critical critical ack:6h 5h 2h -> - opened acknowledged - reminded",
    "one that runs out early changes nothing": "critical critical ack:1h 3h 1h -> - opened acknowledged - reminded",
    "what is acknowledged still worsens": "warning warning ack critical critical -> - opened acknowledged - worsened",
    "an acknowledgement ends with the incident": (
        "critical critical ack ok ok critical critical 4h -> - opened acknowledged - closed - opened reminded"
    ),
    # by hand
    "closed by hand, and still bad: no word before it was good": (
        "critical critical close critical critical ok critical critical -> - opened closed - - - - opened"
    ),
    "near its limit is no recovery of what was closed by hand": ("critical critical close near critical critical -> - opened closed - - -"),
    "others may still open one": (
        "critical critical close b/imap:critical b/imap:critical b/imap:ok b/imap:ok -> - opened closed - opened - closed"
    ),
    "closed by hand is no flapping": (
        "critical critical close ok critical critical close ok critical critical close ok critical critical ok ok"
        " -> - opened closed - - opened closed - - opened closed - - opened - closed"
    ),
    # mutes
    "silenced: recorded, not told": "silence:1h critical critical ok ok -> - - (opened) - (closed)",
    "what is open when a silence ends is told then": ("silence:1m critical critical 2m ok ok -> - - (opened) opened - closed"),
    "a silence that is taken back": "silence:1h critical critical expire -> - - (opened) opened",
    "what was told is told to be over, whatever is muted": "critical critical silence:1h ok ok -> - opened - - closed",
    "no reminders while it is silenced, one after": "critical critical silence:9h 8h 2h -> - opened - - reminded",
    "what worsens under a silence is told after it": (
        "warning warning silence:1h critical critical 2h -> - opened - - (worsened) worsened"
    ),
    "nothing of it, if it was never told": "silence:1h warning warning critical critical 2h -> - - (opened) - (worsened) opened",
    "a silence of another domain": "silence:1h@b/* critical critical -> - - opened",
    "a silence of half of it": ("silence:1h@a/* a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical -> - - opened"),
    "when only the silenced half still fails, it was told all the same": (
        "silence:1h@a/* a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical b/imap:ok b/imap:ok ok ok"
        " -> - - opened - - - closed"
    ),
    "a silenced one that another joins is told": (
        "silence:1h@a/* critical critical b/imap:critical b/imap:critical -> - - (opened) - opened"
    ),
    "a silence of a cause": "silence:1h@check:* critical critical -> - - (opened)",
    "a silence of a cause that it no longer has": (
        "silence:1h@check:* critical critical b/imap:critical b/imap:critical -> - - (opened) - opened=server:imap"
    ),
    "maintenance": "work:10m critical critical 11m ok ok -> - - (opened) opened - closed",
    "maintenance of one server": "work:10m@*/pop3 critical critical -> - - opened",
    "a quiet first week": (
        "quiet:7d critical critical ok ok critical critical 7d ok ok -> - - (opened) - (closed) - (opened) opened - closed"
    ),
    "quiet no longer": "quiet:7d critical critical loud -> - - (opened) opened",
    "acknowledged while muted": "silence:1h critical critical ack 2h -> - - (opened) (acknowledged) opened",
    # the prober
    "sick: one incident about us": "sick 1m sound -> opened=prober:berlin - closed=prober:berlin",
    "sick: none about them": "sick critical critical critical sound -> opened - - - closed",
    "what was seen while sick is forgotten": "sick critical critical sound critical ok ok -> opened - - closed - - -",
    "what is open neither closes nor worsens": (
        "warning warning sick ok ok critical critical sound ok ok -> - opened opened - - - - closed - closed"
    ),
    "sick reminds of itself": "sick 4h sound -> opened reminded closed",
    "sick, and closed by hand": "sick close 1m sound sick -> opened closed - - opened",
    "sick, and closed by hand, over a restart": "sick close restart 1m sound sick -> opened closed - - - opened",
    "sick and silenced": "silence:1h sick sound -> - (opened) (closed)",
    # restarts
    "a restart tells nothing twice": "critical critical restart critical critical ok ok -> - opened - - - - closed",
    "well after a restart": "critical critical restart ok ok -> - opened - - closed",
    "reminded after a restart": "critical critical 3h restart 2h -> - opened - - reminded",
    "silenced over a restart": "silence:1h critical critical restart 2h -> - - (opened) - opened",
    "closed by hand before a restart": (
        "critical critical close restart critical critical ok critical critical -> - opened closed - - - - - opened"
    ),
    "acknowledged before a restart": "critical critical ack restart 9h ok ok -> - opened acknowledged - - - closed",
    "what worsened in silence before a restart": (
        "warning warning silence:1h critical critical restart 2h -> - opened - - (worsened) - worsened"
    ),
    "what was undecided is so no more": "critical restart critical ok -> - - - -",
    # the plan
    "what is no longer probed closes": "critical critical plan:b/imap -> - opened closed",
    "it goes on without one of its cells": (
        "a/imap:critical+b/imap:critical a/imap:critical+b/imap:critical plan:b/imap b/imap:ok b/imap:ok -> - opened - - closed"
    ),
    "nothing is planned at all": "critical critical plan: -> - opened closed",
    "what is not planned is not heard": "z/imap:critical z/imap:critical -> - -",
    "planned anew it begins anew": "critical plan:b/imap plan:a/imap critical -> - - - -",
}

FLAPPING = {
    "the third within ten minutes is held open": (
        "critical ok critical ok critical ok 30s critical ok 59s 2s -> opened closed opened closed opened - - - - - closed"
    ),
    "after ten quiet minutes it is an ordinary one": (
        "critical ok critical ok 11m critical ok -> opened closed opened closed - opened closed"
    ),
    "another cause does not flap with it": (
        "critical ok critical ok b/pop3:critical b/pop3:ok -> opened closed opened closed opened closed"
    ),
    "a restart forgets neither": "critical ok critical ok restart critical ok 1m -> opened closed opened closed - opened - closed",
    "held open over a restart": "critical ok critical ok critical ok restart 59s 1s -> opened closed opened closed opened - - - closed",
    "held open, it reminds": "critical ok critical ok critical 4h ok 1m -> opened closed opened closed opened reminded - closed",
    "held open, and no longer probed": "critical ok critical ok critical ok plan:b/imap -> opened closed opened closed opened - closed",
    "the prober flaps": "sick sound sick sound sick sound 1m -> opened closed opened closed opened - closed",
    "sick again while it is held open": (
        "sick sound sick sound sick sound sick sound 59s 1s -> opened closed opened closed opened - - - - closed"
    ),
    "blind, it is not steady": (
        "critical ok critical ok critical ok sick 2m sound 59s 1s -> opened closed opened closed opened - opened - closed - closed"
    ),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_story(story: str) -> None:
    assert_story(story, World())


@pytest.mark.parametrize("story", FLAPPING.values(), ids=FLAPPING)
def test_story_of_what_comes_and_goes(story: str) -> None:
    assert_story(story, World(FLAPS))


GATHERING = {
    "a cause is named seven seconds after the first": "critical critical 6s 1s -> - - - opened",
    "others gather": "a/imap:critical+b/imap:critical critical b/imap:critical 4s -> - - - opened=server:imap",
    "who recovers in time is not named": "critical critical ok ok 1m -> - - - - -",
    "who recovers in time leaves the others alone": (
        "critical b/imap:critical+critical b/imap:critical+ok ok 1s -> - - - - opened=check:b/imap"
    ),
    "what waits when we fall sick is not named": "critical critical sick 1m sound 1m ok ok -> - - opened - closed - - -",
    "but its next bad one is enough": "critical critical sick sound critical 7s -> - - opened closed - opened",
    "it worsens while it waits": "warning warning critical critical critical 3s -> - - - - opened -",
    "what is planned no more is not named": "critical critical plan:b/imap 1m -> - - - -",
}


@pytest.mark.parametrize("story", GATHERING.values(), ids=GATHERING)
def test_story_of_gathering(story: str) -> None:
    assert_story(story, World(replace(PROMPT, gather_seconds=7.0)))


def test_one_bad_that_waited_when_we_fell_sick_counts_for_nothing() -> None:
    story = "critical sick sound ok 1m critical 7s -> - opened closed - - - opened"
    assert_story(story, World(replace(PROMPT, bad=1, of=1, gather_seconds=7.0)))


def test_there_are_stories_enough() -> None:
    assert len(STORIES | FLAPPING | GATHERING) >= 40
