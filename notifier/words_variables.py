"""What a template may speak of: one table of names, what each is, and how it is read from a notice's matter. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notifier.words_clean import NAME, line, some
from notifier.words_facts import facts
from notifier.words_matter import Matter, brief_moment, lasted, moment, touched
from notifier.words_parts import FIRST, cause_words, command, first_of, links, page, surety, taken
from notifier.words_says import headline, servers, short, subject
from notifier.words_symptoms import symptom
from notifier.words_text import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

LISTED = 200  # entries of a list; the last says how many more there are


@dataclass(frozen=True, slots=True)
class Variable:
    """One name that a template may use."""

    about: str
    of: Callable[[Matter], Any]


def _in_words(matter: Matter, at: datetime | None) -> str:
    return moment(at, matter.zone) if at else ""


def _cause(matter: Matter) -> dict[str, Any]:
    cause = matter.incident.cause
    return {
        "kind": cause.kind.value,
        "name": line(cause.name, NAME),
        "words": cause_words(cause),
        "evidence": some(cause.evidence),
        "confidence": cause.confidence,
        "doubt": line(cause.doubt),
        "surety": surety(cause),
    }


def _links(matter: Matter) -> dict[str, str]:
    there = {link.title.lower(): link.url for link in links(matter)}
    return {name: there.get(name, "") for name in ("console", "runbook", "acknowledge")}


def _lasted(matter: Matter) -> str:
    return lasted(matter.incident, matter.incident.closed_at or matter.change.at)


def _more(matter: Matter) -> list[str]:
    told = [first_of(matter, stored) for stored in matter.more[:LISTED]]
    rest = len(matter.more) - len(told)
    return [*told, f"and {rest} more"] if rest else told


VARIABLES: dict[str, Variable] = {
    "first": Variable("the first line, uncut: how bad, what, for whom, since when", lambda matter: headline(matter).line(FIRST)),
    "subject": Variable("the same in at most 120 characters", subject),
    "short": Variable("the same with the incident's id and the worst reason, in at most 160 characters of ASCII", short),
    "text": Variable("our own plain text, whole", lambda matter: text(page(matter))),
    "kind": Variable("`opened`, `worsened`, `reminded`, `acknowledged` or `closed`", lambda matter: matter.change.kind.value),
    "level": Variable("`WARNING` or `CRITICAL`; of a closed one the worst it had", lambda matter: matter.incident.level.name),
    "mark": Variable("`DRILL`, `TEST`, or empty: it is real", lambda matter: line(matter.mark, NAME)),
    "incident": Variable("the incident's id", lambda matter: line(matter.incident.id, NAME)),
    "number": Variable("of the change within its incident, from 1", lambda matter: matter.change.number),
    "said": Variable("what the change adds, such as `from WARNING to CRITICAL`", lambda matter: line(matter.change.said)),
    "symptom": Variable("what is wrong in few words: `does not answer`", lambda matter: symptom(matter.incident.reasons).says),
    "cause": Variable(
        "what is to blame: `.kind`, `.name`, `.words`, `.evidence` (a list), `.confidence` (0 to 1), `.doubt`, `.surety`", _cause
    ),
    "whom": Variable("`abc.example`, or `12 of 12 domains`", lambda matter: touched(matter.incident)),
    "domains": Variable("those that it touches, by name", lambda matter: some(matter.incident.domains, LISTED, NAME)),
    "servers": Variable("on which checks fail, by name", lambda matter: some(servers(matter.incident), LISTED, NAME)),
    "failing": Variable("the checks that fail, by name", lambda matter: some(matter.incident.failing, LISTED, NAME)),
    "failing_count": Variable("how many they are", lambda matter: len(matter.incident.failing)),
    "reasons": Variable("what the worst of them say, worst first", lambda matter: some(matter.incident.reasons)),
    "limit": Variable("the limit in force, or empty", lambda matter: line(matter.incident.limit)),
    "began": Variable("when it began: `03:12:05 CET (21 Nov 2026)`", lambda matter: _in_words(matter, matter.incident.began_at)),
    "began_brief": Variable("the same without the year", lambda matter: brief_moment(matter.incident.began_at, matter.zone)),
    "opened": Variable("when the incident opened", lambda matter: _in_words(matter, matter.incident.opened_at)),
    "closed": Variable("when it closed, or empty", lambda matter: _in_words(matter, matter.incident.closed_at)),
    "at": Variable("when the change happened", lambda matter: _in_words(matter, matter.change.at)),
    "lasted": Variable("how long it has lasted: `28 min`", _lasted),
    "ended": Variable("why it closed, or empty", lambda matter: line(matter.incident.ended)),
    "acknowledged": Variable("who has acknowledged, when and why, or empty", taken),
    "flapping": Variable("whether it is held open because it comes and goes", lambda matter: matter.incident.flapping),
    "muted": Variable("why nothing of it is told now, or empty", lambda matter: line(matter.incident.muted)),
    "site": Variable("where the prober stands", lambda matter: line(matter.site, NAME)),
    "channel": Variable("over which this is told", lambda matter: line(matter.channel, NAME)),
    "links": Variable("`.console`, `.runbook`, `.acknowledge`, each an address or empty", _links),
    "command": Variable("that acknowledges it, or empty", command),
    "more": Variable("the first lines of others that are told with it", _more),
    "facts": Variable("all of it as the machines get it, for the filter `tojson`", facts),
}


def values(matter: Matter) -> dict[str, Any]:
    """Return every variable's value for one notice."""
    return {name: variable.of(matter) for name, variable in VARIABLES.items()}
