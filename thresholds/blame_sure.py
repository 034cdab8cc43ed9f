"""How sure a cause is, as a number and as the sentence that says why not surer. Pure.

The number is Laplace's rule with a little trust beforehand: three of three are sure (0.91), one of one is likely, half of many a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.blame_suspects import EARLY
from thresholds.blame_words import Case, listed, plural
from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from collections.abc import Iterator

DOUBTED = 0.4  # of a witness, beforehand
ALONE, SUPPOSED, UNASKED = 0.75, 0.7, 0.9  # what is left of it when one witness speaks, when a tie is supposed, when most were not asked


def confidence(case: Case) -> float:
    """Return how sure a cause is, 0 to 1."""
    if case.kind is CauseKind.CHECK:
        return 0.9 if _compared(case) else 0.5
    own = len(case.own)
    sure = (own + 1) / (own + 1 + DOUBTED) * own / (own + case.good)
    sure *= ALONE if own == 1 else 1.0
    sure *= SUPPOSED if case.supposed else 1.0
    return round(sure * (UNASKED if case.open > own else 1.0), 2)


def doubt(case: Case) -> str:
    """Return why a cause is not sure, in one sentence; "" = it is."""
    if case.kind is CauseKind.CHECK:
        return "" if _compared(case) else "nothing that it could be compared with was asked since it began"
    return "; ".join(_doubts(case))


def _compared(case: Case) -> bool:
    """Say whether anything that shares the one cell's server or way was asked, and is well."""
    cell = case.own[0]
    return bool(case.found.good[("trips",) if cell.kind == "trip" else ("server", cell.server)])


def _doubts(case: Case) -> Iterator[str]:
    own, good, wide = len(case.own), case.good, case.kind not in {CauseKind.DOMAIN, CauseKind.ACCOUNT}
    if good:
        part = ": only a part of it may be broken" if good > own and wide else ""
        yield f"{good} that share it are well{part}"
    if case.supposed:
        yield f"that {listed(cell.server if cell.kind != 'trip' else 'the mail' for cell in case.supposed)} hangs on it is supposed"
    if own == 1:
        yield _only(case)
    elif case.open > own:
        yield f"{plural(case.open, 'other')} that share it were not asked since it began"
    if case.kind is CauseKind.PROBER:
        yield "they might all be down in truth"
    if len(case.found.hosts) == 1 and all(case.found.symptoms[cell.name].sign in EARLY for cell in case.own):
        yield "it is the only host that is probed, so our own network may be to blame"


def _only(case: Case) -> str:
    """Return what one witness leaves open."""
    cell = case.own[0]
    if case.kind is CauseKind.SERVER and case.found.all(("server", cell.server)) == 1:
        return f"{cell.domain} is the only domain on {case.name}: the fault may be its own"
    more = f", {case.open} more were not asked since it began" if case.open else ""
    return f"{cell.name} alone shows it{more}"
