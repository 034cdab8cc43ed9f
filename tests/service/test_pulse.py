"""What lasts is a sickness, what passes is not: the control probes, the loop, and the periods in which the prober was in doubt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from probe.values import Check, Endpoint, Fault, FaultKind, Result, Step
from service.health.numbers import CODES, WELL, Reason
from service.health.pulse import Held, Pulse
from service.health.sickness import Sickness

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CHECK = Check("prober/control", "prober", "control", "smtp", Endpoint("127.0.0.1", 25))
BROKEN = Result(CHECK, AT, fault=Fault(FaultKind.PROTOCOL, "greeting", "closed the connection"))
ILL, OTHER = Reason("slow", "the prober is slow"), Reason("network", "nothing can be reached")


def control(milliseconds: float) -> Result:
    return Result(CHECK, AT, (Step("hello", milliseconds / 1000),))


def felt(*turns: Result, held: float = 0.0, waited: float = 0.0) -> Pulse:
    """A pulse after one turn a second, of which the loop was held up and waited for a processor for these shares."""
    pulse = Pulse()
    for number, turn in enumerate(turns):
        pulse.took(turn, Held(float(number), held * number, waited * number))
    return pulse


@pytest.mark.parametrize(
    ("milliseconds", "code"),
    [
        ([], ""),
        ([1, 1, 1], ""),
        ([400], ""),
        ([1, 400, 400], ""),
        ([400, 400, 1], ""),
        ([101, 400, 400], "slow"),
        ([1, 400, 300, 400], "slow"),
        ([99, 400, 400], ""),
    ],
)
def test_slow_is_what_is_slow_three_times(milliseconds: list[float], code: str) -> None:
    assert felt(*map(control, milliseconds)).reason().code == code


def test_the_sentences() -> None:
    assert felt(*[control(250)] * 3).reason().words == "the prober is slow itself: a talk to itself over loopback takes 250 ms"
    held = felt(*[control(1)] * 11, held=0.8).reason()
    assert held.words == "the prober's event loop was held up for 80% of the last 10 s: it has too much to do"
    others = felt(*[control(1)] * 11, held=0.8, waited=0.7).reason()
    assert (
        others.words == "the prober's event loop was held up for 80% of the last 10 s: other programs take the processors of this machine"
    )
    assert felt(*[control(1)] * 11, held=0.8, waited=0.3).reason() == held
    failing = felt(BROKEN, BROKEN).reason().words
    assert failing == "the prober cannot even talk to itself over loopback (PROTOCOL at greeting: closed the connection)"


def test_failing_is_what_fails_twice() -> None:
    assert felt(BROKEN).reason() is WELL
    assert felt(BROKEN, control(1)).reason() is WELL
    assert felt(control(1), BROKEN, BROKEN).reason().code == "control"
    assert felt(BROKEN, BROKEN, control(1)).failures == 2


@pytest.mark.parametrize(("turns", "held", "code"), [(11, 0.4, ""), (10, 0.8, ""), (11, 0.6, "held"), (30, 0.6, "held")])
def test_held_is_what_is_held_for_half_of_ten_seconds(turns: int, held: float, code: str) -> None:
    assert felt(*[control(1)] * turns, held=held).reason().code == code


def test_every_result_is_uncertain_by_what_the_prober_adds_for_certain() -> None:
    assert felt(control(50)).excess_seconds == 0.0
    assert felt(control(50), control(1)).excess_seconds == 0.0
    assert felt(control(50), control(30)).excess_seconds == pytest.approx(0.025)
    assert felt(control(50), control(30), control(4)).excess_seconds == 0.0


def test_a_sickness_touches_what_ran_in_it_and_nothing_else() -> None:
    sickness = Sickness()
    assert sickness.turn(ILL, 10.0)
    assert not sickness.turn(Reason("slow", "in other words"), 11.0)
    assert sickness.reason is ILL
    assert sickness.touched(8.0, 12.0) == ILL.words
    assert sickness.turn(WELL, 20.0)
    assert not sickness.turn(WELL, 21.0)
    touched = {(8.0, 9.0): "", (8.0, 10.0): ILL.words, (15.0, 30.0): ILL.words, (20.0, 21.0): ILL.words, (20.5, 21.0): ""}
    assert {times: sickness.touched(*times) for times in touched} == touched
    assert sickness.seconds(100.0) == 10.0


def test_how_long_the_last_sickness_took_leaves_out_those_before() -> None:
    sickness = Sickness()
    assert sickness.last_seconds == 0.0
    for number in (10.0, 40.0):
        sickness.turn(ILL, number)
        sickness.turn(WELL, number + number / 10)
    assert (sickness.last_seconds, sickness.seconds(100.0)) == (4.0, 5.0)


def test_one_sickness_that_becomes_another_is_one_period() -> None:
    sickness = Sickness()
    sickness.turn(ILL, 10.0)
    assert sickness.turn(OTHER, 15.0)
    assert sickness.reason is OTHER
    assert sickness.seconds(18.0) == 8.0
    sickness.turn(WELL, 20.0)
    assert sickness.touched(11.0, 12.0) == OTHER.words


def test_every_code_is_explained() -> None:
    assert set(CODES) == {"files", "control", "held", "slow", "network", "resolver"}
