"""How right the flows are: logs of many servers with known truth, hostile worlds, imported and compared.

    python -m bench.truth --messages 20000 --seed 1 [--world NAME] [--keep]

A flow is right when each hop, the recipient and the outcome are. A link of confidence 0.9 or more that is wrong is a confident error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.table import render, show
from bench.truth_score import Score, imported, score, written
from bench.truth_traffic import generated
from bench.truth_worlds import WORLDS

COLUMNS = ("world", "lines", "flows", "wholly right %", "missing", "surplus", "wrong merges", "confident errors", "not understood")


def measured(name: str, seed: int, messages: int, folder: Path) -> Score:
    """Generate a world below a folder, import it, and score what was found."""
    net = generated(WORLDS[name], seed, messages)
    where = written(net, folder / "logs")
    report = imported(net, folder / "logs", folder / "lake")
    return score(net, folder / "lake", where, report)


def row(result: Score) -> list[object]:
    """Return a line of the table."""
    share = 100 * result.right / max(result.flows, 1)
    counts = (result.missing, result.surplus, result.merged, result.confident, result.unparsed)
    return [result.world, f"{result.lines:,}", f"{result.flows:,}", f"{share:.2f}", *counts]


def total(results: list[Score]) -> Score:
    """Return the sum of all worlds."""
    whole = Score("together")
    for one in results:
        for name in ("lines", "flows", "right", "missing", "surplus", "merged", "confident", "unparsed"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
    return whole


def main() -> None:
    """Score each world and print what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="of all worlds together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--world", choices=sorted(WORLDS), action="append")
    parser.add_argument("--keep", action="store_true", help="into bench/RESULTS.md")
    given = parser.parse_args()
    names = given.world or list(WORLDS)
    results = [_one(name, given.seed, given.messages // len(names)) for name in names]
    about = "\n".join(f"- {name}: {WORLDS[name].about}" for name in names)
    table = [row(result) for result in (*results, total(results))]
    show("Truth: flows found and flows that were", render(COLUMNS, table), about)


def _one(name: str, seed: int, messages: int) -> Score:
    with tempfile.TemporaryDirectory() as folder:
        result = measured(name, seed, messages, Path(folder))
    print(f"{name}: {row(result)}", *result.examples, sep="\n    ", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    main()
