"""A tiny language of stories: `critical critical ok ok -> - opened - closed`. Each word before the arrow has its word after it.

Before: verdicts (of a/imap, or `b/imap:critical`, `trip_a:ok`, `critical#2` of the 2nd message, several at once with +), `5m` to let
time pass, what people do (`ack`, `ack:1h`, `close`, `silence:1h@a/*`, `expire`, `work:10m@*/imap`, `quiet:7d`, `loud`), what the
prober is (`sick`, `sound`), `restart`, `plan:a/imap+b/imap`. After: what was told, `(..)` what was recorded and muted, `-` nothing;
`opened=server:imap` asks for the cause too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from thresholds.incident_values import (
    Acknowledgement,
    Cause,
    CauseKind,
    Cell,
    Change,
    Incident,
    Maintenance,
    Mutes,
    Observation,
    Rules,
    Scene,
    Silence,
)
from thresholds.incidents import Watch
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thresholds.blame import Facts

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
STEP_SECONDS = 3.0  # that each verdict takes
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
PROMPT = Rules(gather_seconds=0.0)  # a cause is named as soon as one cell is surely bad
VERDICTS = {
    "ok": Verdict(Level.OK),
    "near": Verdict(Level.OK),
    "unknown": Verdict(Level.UNKNOWN, ("our own error",)),
    "warning": Verdict(Level.WARNING, ("took 1.2 s",), "warning 1 s"),
    "critical": Verdict(Level.CRITICAL, ("no connection",), "critical 2 s"),
    "suspect": Verdict(Level.CRITICAL, ("no answer",), suspect=True),
}


def cell(name: str) -> Cell:
    """The check of a domain and a server, `a/imap`."""
    domain, _, server = name.partition("/")
    return Cell(name, domain, server, "imap", 60.0, site="berlin")


CELLS = tuple(cell(f"{domain}/{server}") for server in ("imap", "pop3") for domain in "abcd")


def seconds(text: str) -> float:
    return float(text[:-1]) * UNITS[text[-1]]


def by_server(facts: Facts) -> tuple[Cause, ...]:
    """A blame that is easy to follow: a server, once two cells on it are bad."""
    on: dict[str, list[str]] = {}
    for name in sorted(facts.bad):
        on.setdefault(facts.cells[name].server, []).append(name)
    return tuple(
        Cause(CauseKind.SERVER, server, tuple(names)) if len(names) > 1 else Cause(CauseKind.CHECK, names[0], tuple(names))
        for server, names in on.items()
    )


def scene(words: str) -> Scene:
    """`b/*` is a domain's, `*/imap` a server's, `server:*` a cause's; nothing is all there is."""
    if ":" in words:
        return Scene(cause=words)
    domain, _, server = (words or "*/*").partition("/")
    return Scene(domain, server)


@dataclass
class World:
    """A watch, its clock, and those who speak to it."""

    rules: Rules = PROMPT
    blame: Callable[[Facts], tuple[Cause, ...]] = by_server
    cells: tuple[Cell, ...] = CELLS
    now: datetime = START
    mutes: Mutes = field(default_factory=Mutes)
    sick: str = ""
    told: list[Change] = field(default_factory=list)
    again: list[float | None] = field(default_factory=list)  # what each verdict asked for
    stored: dict[str, Incident] = field(default_factory=dict)  # as a store would have it

    def __post_init__(self) -> None:
        self._ids = count(1)
        self.watch = self._made()
        self.review()

    def _made(self) -> Watch:
        watch = Watch(self.rules, lambda: f"i{next(self._ids):08x}", self.blame)
        watch.plan(self.cells, self.now)
        return watch

    # -- time

    def review(self) -> list[Change]:
        return self.keep(*self.watch.review(self.now, self.mutes, self.sick))

    def keep(self, *changes: Change) -> list[Change]:
        """Store what a service would store."""
        self.told += changes
        self.stored |= {change.incident.id: change.incident for change in changes}
        self.stored |= {incident.id: incident for incident in self.watch.touched()}
        return list(changes)

    def pass_time(self, length: float) -> list[Change]:
        """Review whenever the watch asks for it."""
        end, found = self.now + timedelta(seconds=length), []
        while (due := self.watch.next_at()) is not None and due <= end:
            self.now = max(self.now, due)
            found += self.review()
        self.now = end
        return found + self.review()

    # -- words

    def hear(self, word: str) -> list[Change]:
        """Live through one word; return what came of it."""
        verb, _, rest = word.partition(":")
        deed = getattr(self, f"do_{verb}", None)
        if deed is not None:
            return list(deed(rest))
        return self.pass_time(seconds(word)) if word[0].isdigit() else self.see(word)

    def see(self, words: str) -> list[Change]:
        """Take verdicts: `critical`, `b/imap:warning+c/imap:ok`."""
        found = self.pass_time(STEP_SECONDS)
        for part in words.split("+"):
            name, _, verdict = part.rpartition(":")
            verdict, _, message = verdict.partition("#")
            seen = Observation(name.replace("_", " ") or "a/imap", self.now, VERDICTS[verdict], message=message)
            self.again.append(self.watch.saw(seen, near=verdict == "near"))
        return found + self.review()

    def do_ack(self, rest: str) -> list[Change]:
        until = self.now + timedelta(seconds=seconds(rest)) if rest else None
        ack = Acknowledgement("anna", self.now, "on it", until)
        return self.keep(self.watch.acknowledge(self.watch.open[0].id, ack, self.now)) + self.review()

    def do_close(self, _: str) -> list[Change]:
        return self.keep(self.watch.close(self.watch.open[0].id, "anna", "mended", self.now)) + self.review()

    def _until(self, rest: str) -> tuple[datetime, Scene]:
        length, _, where = rest.partition("@")
        return self.now + timedelta(seconds=seconds(length)), scene(where)

    def do_silence(self, rest: str) -> list[Change]:
        until, where = self._until(rest)
        made = Silence(f"s{len(self.mutes.silences):08x}", where, "anna", "known", self.now, until)
        self.mutes = replace(self.mutes, silences=(*self.mutes.silences, made))
        return self.review()

    def do_expire(self, _: str) -> list[Change]:
        self.mutes = replace(self.mutes, silences=())
        return self.review()

    def do_work(self, rest: str) -> list[Change]:
        until, where = self._until(rest)
        made = Maintenance("maintenance[0]", where, "new disks", begins_at=self.now, ends_at=until)
        self.mutes = replace(self.mutes, maintenances=(made,))
        return self.review()

    def do_quiet(self, rest: str) -> list[Change]:
        self.mutes = replace(self.mutes, quiet_until=self.now + timedelta(seconds=seconds(rest)))
        return self.review()

    def do_loud(self, _: str) -> list[Change]:
        self.mutes = replace(self.mutes, quiet_until=None)
        return self.review()

    def do_sick(self, _: str) -> list[Change]:
        self.sick = "the event loop sleeps"
        return self.review()

    def do_sound(self, _: str) -> list[Change]:
        self.sick = ""
        return self.review()

    def do_plan(self, rest: str) -> list[Change]:
        self.watch.plan([cell(name) for name in rest.split("+") if name], self.now)
        return self.review()

    def do_restart(self, _: str) -> list[Change]:
        """Kill the service and start it on what is stored."""
        self.watch = self._made()
        known = sorted(self.stored.values(), key=lambda incident: incident.opened_at)
        self.watch.restore([one for one in known if one.closed_at is None], [one for one in known if one.closed_at is not None])
        return self.review()


def words(changes: list[Change], *, causes: bool) -> str:
    """What came of one word."""
    return "+".join(_word(change, causes=causes) for change in changes) or "-"


def _word(change: Change, *, causes: bool) -> str:
    word = f"{change.kind.value}={change.incident.cause.key}" if causes else change.kind.value
    return f"({word})" if change.muted else word


def play(story: str, world: World) -> Iterator[tuple[str, str, str]]:
    """Yield each word, what came of it, and what should have."""
    deeds, _, ends = story.partition("->")
    for deed, end in zip(deeds.split(), ends.split(), strict=True):
        yield deed, words(world.hear(deed), causes="=" in end), end


def assert_story(story: str, world: World) -> None:
    __tracebackhide__ = True
    lived = list(play(story, world))
    assert [(deed, was) for deed, was, _ in lived] == [(deed, should) for deed, _, should in lived]
