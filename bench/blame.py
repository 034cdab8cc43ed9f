"""`make blame`: puts faults in force on the real lab, singly and in pairs, and writes docs/blame.md: what was named, and how soon.

Stopped, it goes on where it was (.make/blame.json); AGAIN=1 begins anew. `--healthy SECONDS --domains N` puts nothing in force and exits
with 1 when an incident opens all the same. `--only NAME` tries one case, as the page names it, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING

from bench.blame_ground import CHECK_SECONDS, TRIP_SECONDS, BrokenError, look, watched
from bench.blame_page import Found, hit, page
from bench.blame_plan import Case, cases
from probe.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT, PAGE = Path(".make/blame.json"), Path("docs/blame.md")
GROUNDS = 2  # labs at a time: most of it is waiting
HEALTHY_EVERY_SECONDS = 60.0


class Book:
    """What was found so far, on the disk after each case."""

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        self._path, self._lock = path, Lock()
        self.found: Found = {} if anew or not path.exists() else json.loads(path.read_text("utf-8"))

    def left(self, every: Sequence[Case]) -> list[Case]:
        """Return the cases that are still to be tried."""
        return [case for case in every if case.name not in self.found]

    def add(self, case: Case, seen: dict[str, object]) -> None:
        """Keep what was seen; a crash leaves the old file or the new one."""
        with self._lock:
            self.found[case.name] = seen
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(self.found, indent=1), "utf-8")
            new.replace(self._path)


class Queue:
    """The cases that are left, for several at once; it tells how far it has come."""

    def __init__(self, left: Sequence[Case], every: int) -> None:
        self._left, self._every, self._lock = list(left), every, Lock()
        self._began, self._done = monotonic(), 0

    def take(self) -> Case | None:
        """Return the next; None = nothing is left."""
        with self._lock:
            return self._left.pop(0) if self._left else None

    def stop(self) -> None:
        """Let nobody begin another."""
        with self._lock:
            self._left.clear()

    def done(self, words: str) -> None:
        """Say what came of one, and how long the rest will take."""
        with self._lock:
            self._done += 1
            minutes = (monotonic() - self._began) / self._done * len(self._left) / 60
            print(f"[{self._every - len(self._left)}/{self._every}, {minutes:.0f} min left] {words}", flush=True)


def work(queue: Queue, book: Book) -> None:
    """Try what is left on a lab of one's own. Raises: BrokenError."""
    case = queue.take()
    if case is None:
        return
    with watched() as place:
        try:
            while case is not None:
                seen = asdict(look(place, case))
                book.add(case, seen)
                queue.done(f"{'hit ' if hit(case, seen) else 'MISS'} {case.name}: {', '.join(seen['named']) or 'nothing'}")
                case = queue.take()
        except BaseException:
            queue.stop()
            raise


def measure(*, anew: bool) -> int:
    """Try all that is left and write the page; return the exit code: 1 = a miss."""
    every, book = cases(), Book(KEPT, anew=anew)
    queue = Queue(book.left(every), len(every))
    with ThreadPoolExecutor(GROUNDS) as pool:
        try:
            for one in [pool.submit(work, queue, book) for _ in range(GROUNDS)]:
                one.result()
        finally:
            queue.stop()  # interrupted: what is under way is finished, so that no lab is left behind
    PAGE.write_text(page(every, book.found, utc_now().date().isoformat(), (CHECK_SECONDS, TRIP_SECONDS)), "utf-8")
    missed = [case.name for case in every if not hit(case, book.found[case.name])]
    print(f"{len(every) - len(missed)} of {len(every)} hits; {PAGE} is written")
    return int(bool(missed))


def only(name: str) -> int:
    """Try one case and show what was seen; return the exit code."""
    case = next((case for case in cases() if case.name == name), None)
    if case is None:
        raise BrokenError(f"there is no case {name!r}: docs/blame.md names them")
    with watched() as place:
        seen = asdict(look(place, case))
    print(json.dumps(seen, indent=1))
    return int(not hit(case, seen))


def healthy(seconds: float, domains: int) -> int:
    """Watch a lab on which nothing is wrong; return the exit code: 1 = an incident has opened."""
    with watched(domains, HEALTHY_EVERY_SECONDS) as place:
        until = monotonic() + seconds
        while monotonic() < until:
            print(f"{until - monotonic():.0f} s left, {len(place.incidents(limit=100))} incidents so far", flush=True)
            sleep(min(30.0, max(0.0, until - monotonic())))
        found = place.incidents(limit=100)
    for one in found:
        print(f"{one['opened_at']} {one['cause']['kind']}:{one['cause']['name']}: {'; '.join(one['reasons'][:3])}")
    print(f"{len(found)} incidents in {seconds:g} s of a healthy load with {domains} domains")
    return int(bool(found))


def main() -> int:
    """Run what is wanted; return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):  # who starts it in the background has Ctrl-C ignored
        signal.signal(number, signal.default_int_handler)
    words = argparse.ArgumentParser(prog="python -m bench.blame", description="What is named when something is broken.")
    words.add_argument("--healthy", type=float, metavar="SECONDS", help="put nothing in force, for so long")
    words.add_argument("--domains", type=int, default=200, help="of the healthy load (default: %(default)s)")
    words.add_argument("--only", metavar="NAME", help="try one case alone")
    options = words.parse_args()
    if options.healthy is not None:
        return healthy(options.healthy, options.domains)
    return only(options.only) if options.only else measure(anew=os.environ.get("AGAIN") == "1")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenError as error:
        sys.exit(f"blame: {error}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `make blame` goes on from here.")
