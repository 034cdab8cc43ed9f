"""The process that follows logs: `python -m service.tracking.child`. Orders come on standard input, news go to standard output.

It ends when its input does, within a second whatever it is doing: a kill costs nothing, what is committed stays. It gives way to the
probes (nice, one thread of DuckDB) and is the first that a machine without memory ends.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING

from service.tracking.news import Told, failure, imported, progress
from service.tracking.orders import JSON, NICE, THREADS, line, message
from store.extract_rows import rows_of
from tracking.errors import TrackError
from tracking.following import EVERY_SECONDS, Follow, Watch
from tracking.following_times import Ended
from tracking.importing_values import Options, Progress
from tracking.lake.append import append, cursor_of
from tracking.lake.privacy import Privacy
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from typing import BinaryIO

COMMAND = "probe serve"
OOM_SCORE = 500  # proc(5): ended before the service
FAILED = 3


def now() -> datetime:
    """Return what time it is."""
    return datetime.now(UTC)  # noqa: TID251 - the service reads clocks


class Child:
    """One run of the process.

    Args:
        first: the first order.
        out: where news go.
    """

    def __init__(self, first: JSON, out: BinaryIO) -> None:
        self._out = out
        self.orders: Queue[JSON] = Queue()
        self._options = _options(first)
        self._pen = Writer(Path(first["lake"]), COMMAND, now)
        try:
            self._follow = Follow(self._pen, [_watch(one) for one in first["sources"]], self._options, first["keep_days"], self._far)
            self._ended = Ended(self._pen)
        except BaseException:
            self._pen.close()
            raise
        self._told = Told(self._follow, self._ended)
        self._turned_at = now()

    def say(self, news: JSON) -> None:
        """Hand news to the service; whether it still hears is no matter of ours."""
        with suppress(BrokenPipeError):
            self._out.write(line(news))
            self._out.flush()

    def run(self) -> None:
        """Follow until the end. Raises: TrackError where the lake cannot be written."""
        self._reach()
        while True:
            self._turn()
            wait = (self._follow.next_due() - now()).total_seconds()
            with suppress(Empty):
                self._do(self.orders.get(timeout=min(max(wait, 0.01), EVERY_SECONDS)))

    def _turn(self) -> None:
        self._turned_at = now()
        report = self._follow.turn()
        for news in self._told.turn(report):
            self.say(news)
        self._follow.upkeep()
        self._ended.skip()

    def _far(self, far: Progress) -> None:
        """Say how far a long turn is."""
        for news in self._told.under_way(far):
            self.say(news)

    def _reach(self) -> None:
        """Say how far the lake has what the service remembers."""
        self.say({"cursor": cursor_of(self._pen.manifest)})

    def _do(self, order: JSON) -> None:
        """Do what was asked for: append what the service remembers, or, by hand, an import."""
        if "append" in order:
            append(self._pen, rows_of(order["append"], order["site"]), (order["after"], order["cursor"]), self._options)
            self._reach()
            return
        asked = str(order["import"])

        def between(far: Progress) -> None:
            self.say(progress(asked, far))
            if (now() - self._turned_at).total_seconds() >= EVERY_SECONDS:
                self._turn()

        try:
            report = self._follow.take_in(order["paths"], _by_hand(order, self._options), between)
        except ValueError as error:
            self.say(failure(str(error), asked))
            return
        self.say(imported(asked, report))


def _options(first: JSON) -> Options:
    privacy = Privacy(first["key"].encode(), first["subjects"])
    return Options(memory_bytes=first["memory_bytes"], threads=THREADS, privacy=privacy, command=COMMAND)


def _read_as(one: JSON) -> Options:
    return Options(one["format"], one["server"], one["group"], one["timezone"], one["year"], one["options"])


def _watch(one: JSON) -> Watch:
    return Watch(one["name"], tuple(one["paths"]), _read_as(one), one["every_seconds"] or EVERY_SECONDS, one["cron"] or "")


def _by_hand(order: JSON, options: Options) -> Options:
    """Return how files are read that were named by hand. Raises: TrackError where the service's lake keeps names otherwise."""
    if order.get("private"):
        raise TrackError("the service decides what its lake keeps of people: leave --pseudonym-key and --subjects out")
    return Options(*_of(_read_as(order)), memory_bytes=options.memory_bytes, privacy=options.privacy)


def _of(read: Options) -> tuple[str, str, str, str, int | None, str]:
    return read.format, read.server, read.group, read.timezone, read.year, read.options


def _hear(source: BinaryIO, orders: Queue[JSON]) -> None:
    """Take orders until there are none any more: then whoever gave them is gone, and so are we."""
    for raw in source:
        order = message(raw)
        if order is not None:
            orders.put(order)
    os._exit(0)


def _give_way() -> None:
    """Let the probes go first, and the service live longer."""
    with suppress(OSError):
        os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(f"{OOM_SCORE}\n", "ascii")


def main() -> int:
    """Follow until standard input ends; return 3 where that cannot be."""
    _give_way()
    source, out = sys.stdin.buffer, sys.stdout.buffer
    first = message(source.readline())
    if first is None:
        return FAILED
    try:
        child = Child(first, out)
        Thread(target=_hear, args=(source, child.orders), daemon=True).start()
        child.run()
    except TrackError as error:
        said = str(error)
    except Exception as bug:  # noqa: BLE001 - it must be said to the service, in one line, and the next start begins where this one stopped
        said = f"our own error: {type(bug).__name__}: {' '.join(str(bug).split())[:200]}"
    out.write(line(failure(said)))
    out.flush()
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
