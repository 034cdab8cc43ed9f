"""Blame holds its promises for any matrix: each bad cell once, the same whatever the order, and a good majority is not blamed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.thresholds.blame_matrix import FAULTS, SLOW, TRIPS, facts
from thresholds.blame import causes
from thresholds.blame_suspects import MANY
from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from random import Random

    from thresholds.blame import Facts

SERVERS = (
    "imap@m needs=directory",
    "pop3@m",
    "smtp@x",
    "submission@x needs=directory",
    "lmtp@l",
    "dns@127.0.0.1",
    "directory@d",
)
WAYS = ("trip submission>imap", "trip smtp>pop3 name=other origin=d0 needs=directory")
CHECK_SIGNS = st.sampled_from(["."] * 12 + ["?"] * 4 + ["~", "-", "O", "U", *FAULTS, *SLOW])
TRIP_SIGNS = st.sampled_from([".", ".", ".", "?", "-", "U", *TRIPS])


@st.composite
def matrices(draw: st.DrawFn) -> str:
    """Return a matrix; sometimes a whole server or domain is bad in one way."""
    width = draw(st.integers(1, 8))
    rows = [" ".join(f"d{number}" for number in range(width))]
    for server in SERVERS:
        alike = draw(st.one_of(st.none(), CHECK_SIGNS))
        rows.append(" ".join([server, *(alike or draw(CHECK_SIGNS) for _ in range(width))]))
    for way in WAYS:
        signs = [draw(TRIP_SIGNS) for _ in range(width if "name" not in way else 1)]
        rows.append(" ".join([way, *signs, *["-"] * (width - len(signs))]))
    return "\n".join(rows)


@given(matrices())
def test_each_bad_cell_is_explained_once(matrix: str) -> None:
    told = facts(matrix)
    found = causes(told)
    assert sorted(cell for cause in found for cell in cause.cells) == sorted(told.bad)
    assert len({cause.key for cause in found}) == len(found)
    assert all(cause.evidence and cause.name and 0 < cause.confidence <= 1 and cause.cells == tuple(sorted(cause.cells)) for cause in found)


@given(matrices(), st.randoms(use_true_random=False))
def test_the_order_of_cells_is_nothing(matrix: str, random: Random) -> None:
    told = facts(matrix)
    cells, seen = list(told.cells.items()), list(told.latest.items())
    random.shuffle(cells)
    random.shuffle(seen)
    assert causes(replace(told, cells=dict(cells), latest=dict(seen))) == causes(told)


@given(matrices())
def test_a_good_majority_is_not_blamed(matrix: str) -> None:
    told = facts(matrix)
    for cause in causes(told):
        own = [cell for cell in cause.cells if told.cells[cell].kind != "trip" and told.cells[cell].server == cause.name]
        if cause.kind is CauseKind.SERVER and own:
            good = sum(cell.server == cause.name and sign_is_good(told, cell.name) for cell in told.cells.values() if cell.kind != "trip")
            bad = sum(told.cells[cell].server == cause.name for cell in told.bad if told.cells[cell].kind != "trip")
            assert bad >= good or bad >= MANY


def sign_is_good(told: Facts, cell: str) -> bool:
    return cell not in told.bad and told.asked(cell) and not told.latest[cell].verdict.level
