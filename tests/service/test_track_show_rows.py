"""What a waterfall's rows say and where their bars lie: handing over, clocks that disagree, gaps, what is still there, nothing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from service.show.flow_bars import Axis, axis_of, bar, scale
from service.show.flow_rows import Row, places, rows_of
from service.show.flow_show import print_flow
from service.show.flow_words import fitted, is_backwards, size_text, span_text
from tracking.values import Flow, Hop, Line, Link, Outcome

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
LINES = (Line("a.log", 3), Line("a.log", 4), Line("a.log", 9), Line("b.log", 1))


def seconds(after: float) -> datetime:
    return AT + timedelta(seconds=after)


def hop(server: str, begin: float, end: float | None, link: Link | None = None, **delays: float) -> Hop:
    left = None if end is None else seconds(end)
    stay = None if end is None else end - begin
    return Hop(server, "postfix", "4F", seconds(begin), left, stay, delays, 0.0, "", link, LINES)


def flow(*hops: Hop, outcome: Outcome = Outcome.DELIVERED) -> Flow:
    return Flow(
        *("<1@a>", "a@a", "b@b", (), None, None),
        probe=False,
        domains=("a", "b"),
        entered_at=hops[0].arrived_at if hops else None,
        left_at=hops[-1].left_at if hops else None,
        end_to_end_seconds=None,
        uncertainty_seconds=0.1,
        outcome=outcome,
        said=None,
        hops=hops,
    )


@pytest.mark.parametrize(
    ("link_seconds", "transmission", "letter"),
    [(0.2, 0.0, "-"), (0.0, 0.0, "-"), (-0.1, 0.0, "="), (-0.4, 0.3, "="), (-0.5, 0.3, "!"), (-3.0, 0.3, "!")],
)
def test_a_message_may_be_in_two_servers_while_it_is_handed_over(link_seconds: float, transmission: float, letter: str) -> None:
    link = Link("queued-as", 1.0, link_seconds)
    _, between, _ = rows_of(flow(hop("mx1", 0, 1, link, transmission=transmission), hop("hub1", 1 + link_seconds, 5)))
    assert (between.name, between.id, list(between.letters)) == ("> queued-as", "sure", [letter])


def test_a_guess_says_how_sure_it_is_and_a_gap_that_it_is_one() -> None:
    _, guess, _, gap, _ = rows_of(flow(hop("mx1", 0, 1, Link("message-id", 0.7, 1.0)), hop("hub1", 2, 3), hop("mbx1", 9, 9)))
    assert guess.id == "70 % sure"
    assert (gap.name, gap.notes) == ("> not tied", ("no rule ties it to mbx1",))


def test_what_is_still_there_says_so() -> None:
    (stay,) = rows_of(flow(hop("mx1", 0, None), outcome=Outcome.DEFERRED))
    assert stay.notes == ("postfix; still there", "lines a.log:3-4,9 b.log:1")
    assert stay.seconds is None


def test_a_clock_that_was_corrected_is_told() -> None:
    (stay,) = rows_of(flow(replace(hop("mx1", 0, 1), clock_offset_seconds=-2.5)))
    assert stay.notes[0] == "postfix; its clock is 2.50 s behind, corrected here"


def test_places_stay_short() -> None:
    assert places(()) == ""
    assert places([Line("", 1)]) == "unknown file:1"
    assert places(Line("a", number * 2) for number in range(15)) == "a:" + ",".join(str(number * 2) for number in range(12)) + " and 3 more"


@pytest.mark.parametrize(
    ("begin", "stay", "drawn"),
    [(0, 10, "##########"), (0, 5, "#####"), (5, 5, "     #####"), (0, 0, "#"), (10, 0, "         #"), (3, -2, " ##"), (0, None, "#")],
)
def test_a_bar_lies_where_its_time_does(begin: float, stay: float | None, drawn: str) -> None:
    assert bar(Row("mx1", "", seconds(begin), stay), Axis(AT, seconds(10), 10)) == drawn


def test_parts_share_the_cells_of_their_stay() -> None:
    row = Row("mx1", "", AT, 10.0, {"b": 1.0, "q": 3.0, "t": 1.0})
    assert bar(row, Axis(AT, seconds(10), 10)) == "bbqqqqqqtt"
    assert bar(Row("mx1", "", None, 1.0), Axis(AT, seconds(10), 10)) == ""


def test_an_axis_of_no_time_is_one_mark() -> None:
    rows = [Row("mx1", "", AT, 0.0)]
    axis = axis_of(rows, 40)
    assert axis is not None
    assert (scale(axis), bar(rows[0], axis)) == ("0", "#")
    assert axis_of([Row("mx1", "", None, None)], 40) is None
    assert scale(Axis(AT, seconds(10), 40)) == "0                   | 5.00 s     10.00 s"


@pytest.mark.parametrize("width", [60, 110, 160])
def test_a_refusal_without_any_hop_is_shown(width: int) -> None:
    screen = StringIO()
    print_flow(flow(outcome=Outcome.REJECTED), Console(file=screen, width=width))
    assert screen.getvalue() == "message  <1@a>\nfrom     a@a\nto       b@b\noutcome  rejected\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0.0 ms"),
        (-0.25, "-250 ms"),
        (4.2, "4.20 s"),
        (599, "599 s"),
        (2100, "35.0 min"),
        (9000, "2.5 h"),
        (216_000, "2.5 d"),
    ],
)
def test_durations_of_any_size(value: float | None, text: str) -> None:
    assert span_text(value) == text


def test_texts_fit_their_cells() -> None:
    assert fitted("abc", 5) == "abc  "
    assert fitted("abcdefgh", 5) == "abc.."
    assert fitted("日本語日本語", 5) == "日 .."  # a letter of two cells does not fit into one
    assert [size_text(size) for size in (None, 5, 1_250, 3_100_000)] == ["", "5 B", "1.2 kB", "3.1 MB"]


@pytest.mark.parametrize(("end", "told"), [(-190.0, True), (-0.05, False), (3.0, False)])
def test_a_clock_that_contradicts_itself_is_told(end: float, told: bool) -> None:
    screen = StringIO()
    backwards = replace(flow(hop("mx1", 0, end), outcome=Outcome.RELAYED), end_to_end_seconds=end)
    print_flow(backwards, Console(file=screen, width=200))
    assert ("; less than no time: a server's clock contradicts itself or another's\n" in screen.getvalue()) is told
    assert is_backwards(backwards) is told
