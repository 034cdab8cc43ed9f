"""The first line: what is broken for whom since when; never cut where it matters, however little room there is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from notifier.words_clean import CUT, NAME, SENTENCE, TO, line, middle, plain, spoken, way
from notifier.words_matter import TEST, brief_moment, counted, lasted, moment, touched
from notifier.words_symptoms import RATHER, symptom
from thresholds.incident_values import CauseKind, ChangeKind
from thresholds.incidents_book import BY_HAND, PART_OF, RECOVERED, UNPROBED
from thresholds.incidents_narrow import found_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifier.words_matter import Matter
    from thresholds.incident_values import Cause, Incident

SUBJECT = 120  # characters
SHORT = 160  # of one text message
LEAST, LESS, ENOUGH = 12, 24, 40  # of a name, by the room there is
ROOM = 24  # characters below which the beginning of a reason says nothing
NAMED = 3  # servers that are named rather than counted
UNNAMED = "here"  # stands for the name of what has none: a prober without a site

# How each kind of cause is called: where a server fares badly, and where mail does. {} = its name.
CALLED: dict[CauseKind, tuple[str, str]] = {
    CauseKind.PROBER: ("the prober itself ({})", "the prober itself ({})"),
    CauseKind.RESOLVER: ("the name server {}", "the name server {}"),
    CauseKind.HOST: ("the host {}", "mail over the host {}"),
    CauseKind.SERVER: ("{}", "mail over {}"),
    CauseKind.PATH: ("mail from {}", "mail from {}"),
    CauseKind.HOP: ("mail through {}", "mail through {}"),
    CauseKind.LINK: ("mail from {}", "mail from {}"),
    CauseKind.DOMAIN: ("{}", "mail of {}"),
    CauseKind.ACCOUNT: ("the test mailbox of {}", "mail of the mailbox of {}"),
    CauseKind.CHECK: ("{}", "mail of {}"),
}
LOCAL = frozenset({CauseKind.DOMAIN, CauseKind.ACCOUNT})  # they say on which servers, not for which domains


@dataclass(frozen=True, slots=True)
class Headline:
    """The parts of the first line."""

    tag: str  # "ACKNOWLEDGED by anna"
    tag_brief: str  # "ACKNOWLEDGED"
    called: str  # how the cause is called, {} = its name
    name: str
    what: str  # "does not answer"
    whom: str  # "for 12 of 12 domains"
    whom_brief: str
    when: str  # "since 03:12:05 CET (21 Nov 2026)"
    when_brief: str
    after: str = ""  # what follows: ", and 37 more"

    def line(self, most: int) -> str:
        """Return the fullest form that has at most `most` characters: year, names and for whom give way; what, when and how bad do not."""
        last = f"{self.tag_brief}: {self._says(LEAST, '', self.when_brief)}"
        return next((form for form in (*self._forms(), last) if len(form) <= most), f"{last[: most - len(CUT)]}{CUT}")

    def _forms(self) -> Iterator[str]:
        whole, brief = (SENTENCE, self.whom), (self.whom_brief, self.when_brief)
        for name, whom, when in (
            (*whole, self.when),
            (*whole, self.when_brief),
            (ENOUGH, self.whom, self.when_brief),
            (ENOUGH, *brief),
            (LESS, *brief),
            (LESS, "", self.when_brief),
            (LEAST, "", self.when_brief),
        ):
            yield f"{self.tag}: {self._says(name, whom, when)}{self.after}"

    def _says(self, name: int, whom: str, when: str) -> str:
        parts = (self.called.format(way(self.name, name)), self.what, whom, when)
        return " ".join(part for part in parts if part)


def _called(cause: Cause, *, mail: bool) -> tuple[str, str]:
    """Return how a cause is called, and its name: of a check alone, the server."""
    name = line(cause.name) or UNNAMED
    if cause.kind in {CauseKind.PATH, CauseKind.LINK}:
        return CALLED[cause.kind][mail], name.replace(" -> ", TO)
    if cause.kind is not CauseKind.CHECK or "/" not in name:
        return CALLED[cause.kind][mail], name
    return "{}", name.partition("/")[2]


def servers(incident: Incident) -> list[str]:
    """Return the servers of the cells that fail, or failed, by name: what stands behind `domain/`."""
    names = {cell.partition("/")[2] for cell in incident.failing or incident.cells}  # few, however many cells
    return sorted(line(name, NAME) for name in names if name)


def _whom(incident: Incident) -> tuple[str, str]:
    """Return for whom it is broken, and the same as a number; of a domain or an account: on which servers."""
    cause = incident.cause
    if cause.kind is CauseKind.PROBER or (cause.kind is CauseKind.CHECK and "/" not in cause.name):
        return "", ""
    if cause.kind not in LOCAL:
        whom = touched(incident)
        return (f"for {whom}", f"for {counted(incident)}") if whom else ("", "")
    names = servers(incident)
    if not names:
        return "", ""
    many = f"on {len(names)} servers" if len(names) > 1 else "on 1 server"
    return (f"on {spoken(names)}" if len(names) <= NAMED else many), many


def _tags(matter: Matter) -> tuple[str, str]:
    """Return how the first line begins, in full and in brief: the level, or what became of the incident."""
    incident, level = matter.incident, matter.incident.level.name
    ack, mark = incident.acknowledged, f"{line(matter.mark, LEAST)}: " if matter.mark else ""
    tag = {
        ChangeKind.OPENED: level,
        ChangeKind.WORSENED: f"{level} ({'found' if found_out(matter.change.said) else 'worse'})",
        ChangeKind.REMINDED: f"STILL {level}",
        ChangeKind.ACKNOWLEDGED: "ACKNOWLEDGED",
        ChangeKind.CLOSED: "OK" if incident.ended in RECOVERED else "CLOSED",
    }[matter.change.kind]
    who = f" by {line(ack.by, LESS)}" if ack and matter.change.kind is ChangeKind.ACKNOWLEDGED else ""
    return f"{mark}{tag}{who}", f"{mark}{tag}"


def _what(matter: Matter, says: str) -> str:
    incident, kind = matter.incident, matter.incident.cause.kind
    if matter.ends:
        return "is well again" if incident.ended in RECOVERED else _ended(incident.ended)
    return "is sick or cut off" if kind is CauseKind.PROBER else RATHER.get((kind, says), says)


def _ended(ended: str) -> str:
    """Return how one ended that has not recovered: by hand, unprobed, as part of another with as much of its cause as there is room for."""
    if ended.startswith(PART_OF):
        other, _, cause = line(ended).partition(", ")
        return f"is {other}{', ' if cause else ''}{middle(cause, LESS)}"
    if ended.startswith(BY_HAND):
        return f"was closed by {line(ended.removeprefix(BY_HAND).partition(': ')[0], LESS)}"
    return f"is {ended}" if ended == UNPROBED else "was closed"


def _when(matter: Matter) -> tuple[str, str, str]:
    """Return since when, in full and in brief, and how long it lasted if it is over."""
    incident, zone = matter.incident, matter.zone
    if not matter.ends:
        return f"since {moment(incident.began_at, zone)}", f"since {brief_moment(incident.began_at, zone)}", ""
    at, word = incident.closed_at or matter.change.at, "since" if incident.ended in RECOVERED else "at"
    return f"{word} {moment(at, zone)}", f"{word} {brief_moment(at, zone)}", f", after {lasted(incident, at)}"


def headline(matter: Matter) -> Headline:
    """Return the parts of a notice's first line."""
    found = symptom(matter.incident.reasons)
    called, name = _called(matter.incident.cause, mail=found.mail)
    when, brief, after = _when(matter)
    more = f"{after}, and {len(matter.more)} more" if matter.more else after
    if matter.mark == TEST:
        tried = moment(matter.change.at, matter.zone)
        return Headline(
            TEST,
            TEST,
            "the channel {}",
            line(matter.channel, NAME),
            "is tried",
            "",
            "",
            f"at {tried}",
            f"at {tried}",
            "; nothing is broken",
        )
    return Headline(*_tags(matter), called, name, _what(matter, found.says), *_whom(matter.incident), when, brief, more)


def subject(matter: Matter) -> str:
    """Return the first line as a mail's subject: one line of at most 120 characters."""
    return headline(matter).line(SUBJECT)


def short(matter: Matter) -> str:
    """Return what a text message holds: the first line, the incident's id to acknowledge it by, and the worst reason as far as it fits."""
    parts = headline(matter)
    bare = {
        name: plain(getattr(parts, name))
        for name in ("tag", "tag_brief", "name", "what", "whom", "whom_brief", "when", "when_brief", "after")
    }
    id_ = "" if matter.mark == TEST else f" ({plain(line(matter.incident.id, LESS))})"
    told = f"{replace(parts, **bare).line(SHORT - len(id_))}{id_}"
    reasons = () if matter.ends or matter.mark == TEST else matter.incident.reasons
    room = SHORT - len(told) - len(": ")
    if not reasons or room < ROOM:
        return told
    reason = plain(line(reasons[0]))
    return f"{told}: {reason if len(reason) <= room else reason[: room - len(CUT)].rstrip() + CUT}"
