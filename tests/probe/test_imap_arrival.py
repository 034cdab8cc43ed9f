"""How the IMAP reader waits for mail at a server that talks: what is no news costs nothing, and nobody makes us ask again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from probe.imap_arrival import CHATTER_LINES, FALSE_ALARMS
from probe.values import FaultKind
from tests.probe.reading import HEADERS, OUT, Script, enter, headers, read, whole

if TYPE_CHECKING:
    from tests.probe.transcripts import Told

IDLE = "C: IDLE\nS: + idling\n"
DONE = "C: DONE\nS: OK\n"
LOOK = f"C: UID FETCH 5:* {HEADERS}\n"
OURS = f"{LOOK}{headers(1, 5, 'X-Mailsonde: a')}\nS: OK\n{whole(1, 5, 'it is ours')}\nC: UID STORE 5 +FLAGS.SILENT (\\Deleted)\nS: OK\n"
FLOOD = "S: * OK Still here\n" * CHATTER_LINES
NOOP = "...\nC: NOOP\nS: OK\n"


def waits(told: Told, step: str) -> list[object]:
    """Return the seconds of the waits of that step; None = what is left of the one before."""
    return [move[1] for move in told.moves if move[0] == step and not isinstance(move[1], bytes)]


@pytest.mark.parametrize(
    "word", ["* OK Still here", "* 0 RECENT", "* 0 EXISTS", "* FLAGS (\\Seen)", "* 7 FETCH (FLAGS ())", "* 1 EXPUNGE", "* NO x", "+ idling"]
)
def test_words_without_news_end_no_idle_and_lengthen_none(word: str) -> None:
    told, script = read(enter("IDLE") + IDLE + f"S: {word}\n" * 3 + "...\n" + DONE + OUT, lambda: Script([5.0]))
    assert (told.fault, script.told, waits(told, "idle")) == (None, [], [5.0, None, None, None])


def test_news_among_chatter_are_seen_at_once() -> None:
    story = enter("IDLE") + IDLE + "S: * OK Still here\n...\nS: * OK Still here\nS: * 1 EXISTS\n" + DONE + OURS + OUT
    told, script = read(story, lambda: Script([5.0, 5.0]))
    assert (told.fault, script.told) == (None, ["noticed", "INBOX 7.5 0.0"])
    assert waits(told, "idle") == [5.0, None, 5.0, None]


def test_who_talks_without_end_is_not_listened_to_for_a_nap() -> None:
    story = enter("IDLE") + IDLE + FLOOD + DONE + NOOP + IDLE + "S: * 1 EXISTS\n" + DONE + OURS + OUT
    told, script = read(story, lambda: Script([5.0, 5.0, 5.0]))
    assert (told.fault, script.told, waits(told, "noop")) == (None, ["noticed", "INBOX 7.5 0.0"], [0.2])


def test_who_goes_on_talking_is_asked_ever_less_often() -> None:
    loud = f"...\nC: NOOP\n{FLOOD}S: OK\n"
    story = enter("IDLE") + IDLE + FLOOD + DONE + loud * 3 + f"...\nC: NOOP\n{FLOOD}S: * 1 EXISTS\nS: OK\n" + OURS + OUT
    told, script = read(story, lambda: Script([5.0] * 5))
    assert waits(told, "noop") == pytest.approx([0.2, 0.3, 0.45, 0.675])
    assert (told.fault, script.told) == (None, ["noticed", f"INBOX 7.5 {0.2 * 1.5**3}"])


def test_chatter_ends_no_nap_but_news_do() -> None:
    story = enter("") + "S: * OK Still here\n" + NOOP + "S: * OK Still here\nS: * 1 EXISTS\nC: NOOP\nS: OK\n" + OURS + OUT
    told, script = read(story.replace("@", ""), lambda: Script([5.0, 5.0]))
    assert (told.fault, script.told) == (None, ["noticed", f"INBOX 7.5 {0.2 * 1.5}"])
    assert waits(told, "noop") == pytest.approx([0.2, None, 0.2 * 1.5, None])


def test_a_nap_in_a_flood_lasts() -> None:
    told, _ = read(enter("") + FLOOD + NOOP + OUT, lambda: Script([5.0]))
    assert told.fault is None
    assert waits(told, "noop") == [0.2, *[None] * CHATTER_LINES]


def test_who_tells_of_mail_that_is_not_there_is_asked_ever_less_often_until_he_is_quiet() -> None:
    alarms = [f"{IDLE}S: * {count} EXISTS\n{DONE}{LOOK}S: OK\n" for count in range(1, FALSE_ALARMS + 2)]
    lie = "...\nC: NOOP\nS: * %d EXISTS\nS: OK\n" + LOOK + "S: OK\n"
    story = enter("IDLE") + "".join(alarms) + lie % 20 + lie % 21 + NOOP + IDLE + "S: * 22 EXISTS\n" + DONE + OURS + OUT
    told, script = read(story, lambda: Script([5.0] * (FALSE_ALARMS + 5)))
    assert (told.fault, script.told[-1]) == (None, "INBOX 7.5 0.0")
    assert waits(told, "noop") == pytest.approx([0.2, 0.3, 0.45])


def test_what_an_unheeded_alarm_tells_of_is_timed_by_the_look_after_it() -> None:
    alarms = [f"{IDLE}S: * {count} EXISTS\n{DONE}{LOOK}S: OK\n" for count in range(1, FALSE_ALARMS + 1)]
    alarms.append(f"{IDLE}S: * 10 EXISTS\n{DONE}{LOOK}S: * 11 EXISTS\nS: OK\n")
    story = enter("IDLE") + "".join(alarms) + "...\nC: NOOP\nS: OK\n" + OURS + OUT
    told, script = read(story, lambda: Script([5.0] * (FALSE_ALARMS + 2)))
    assert (told.fault, script.told[-3:]) == (None, ["noticed", "noticed", "INBOX 7.5 0.2"])


def test_a_storm_of_expunges_counts_no_message_below_none() -> None:
    story = enter("IDLE") + IDLE + "S: * 1 EXPUNGE\n" * 300 + "S: * 1 EXISTS\n" + DONE + OURS + OUT
    told, script = read(story, lambda: Script([5.0]))
    assert (told.fault, script.told) == (None, ["noticed", "INBOX 7.5 0.0"])


@pytest.mark.parametrize(("idle", "step"), [("IDLE", "idle"), ("", "noop")])
def test_goodbye_in_the_midst_of_chatter_is_temporary(idle: str, step: str) -> None:
    story = enter(idle) + (IDLE if idle else "") + "S: * OK Still here\nS: * BYE idle for too long"
    told, _ = read(story, lambda: Script([5.0]))
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step, told.fault.said) == (FaultKind.TEMPORARY, step, "BYE idle for too long")


def test_goodbye_to_who_does_not_listen_is_temporary_too() -> None:
    told, _ = read(enter("IDLE") + IDLE + FLOOD + DONE + "S: * BYE enough", lambda: Script([5.0, 5.0]))
    assert told.fault is not None
    assert (told.fault.kind, told.fault.step) == (FaultKind.TEMPORARY, "noop")
