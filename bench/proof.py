"""Run what takes long, one piece at a time: tests marked `proof`, then every bench script. Stopped, it goes on where it was.

A piece that is done for this state of the tree leaves a stamp under .make/proof; AGAIN=1 forgets the stamps. `--bench` runs the bench
scripts alone, always anew. Exit code 1 when a piece fails; the others run all the same.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from time import monotonic

from bench import table

STAMPS = Path(".make/proof")
HERE = Path(__file__).parent
COLLECT = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "proof", "--no-header"]


@cache
def state() -> str:
    """Return what is proven, as a name: the commit, and a hash of changes on top of it. The figures kept by this run do not count."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=False, capture_output=True, text=True).stdout.strip() or "no-commit"
    changes = subprocess.run(["git", "diff", "HEAD", "--", ".", ":!bench/RESULTS.md"], check=False, capture_output=True).stdout
    return f"{head[:12]}-{hashlib.sha256(changes).hexdigest()[:8]}" if changes else head[:12]


def tests() -> dict[str, list[str]]:
    """Return name and command of each test marked proof."""
    listed = subprocess.run(COLLECT, check=False, capture_output=True, text=True).stdout
    nodes = [line for line in listed.splitlines() if "::" in line]
    return {node: [sys.executable, "-m", "pytest", "-m", "proof", node] for node in nodes}


def benches() -> dict[str, list[str]]:
    """Return name and command of each script of bench/ that shows a table, but for this one."""
    found = [path.stem for path in sorted(HERE.glob("*.py")) if "table.show(" in path.read_text() and path != Path(__file__)]
    return {name: [sys.executable, "-m", f"bench.{name}", "--keep"] for name in found}


def stamp(name: str) -> Path:
    """Return the file that says, by being there, that this piece is done; it holds how long that took, in seconds."""
    return STAMPS / state() / re.sub(r"[^\w.-]+", "-", name)


def run(name: str, command: list[str]) -> float | None:
    """Run one piece; return how many seconds it took, or None when it failed."""
    print(f"\n{name} ...", flush=True)
    began = monotonic()
    return None if subprocess.run(command, check=False).returncode else monotonic() - began


def prove(name: str, command: list[str]) -> list[object]:
    """Run one piece unless it is done already; return its row of the table: name, outcome, seconds."""
    done = stamp(name)
    if done.exists():
        return [name, "holds (before)", float(done.read_text())]
    seconds = run(name, command)
    if seconds is None:
        return [name, "FAILS", ""]
    done.parent.mkdir(parents=True, exist_ok=True)
    done.write_text(str(seconds))
    return [name, "holds", seconds]


def measure() -> int:
    """Run the bench scripts anew; return the exit code."""
    return int(any(run(name, command) is None for name, command in benches().items()))


def main() -> int:
    """Run everything that is left and show what holds; return the exit code."""
    if "--bench" in sys.argv:
        return measure()
    if os.environ.get("AGAIN") == "1":
        shutil.rmtree(STAMPS, ignore_errors=True)
    rows = [prove(name, command) for name, command in (tests() | benches()).items()]
    table.show("What takes long", table.render(["what", "outcome", "seconds"], rows))
    return int(any(row[1] == "FAILS" for row in rows))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `make proof` goes on from here.")
