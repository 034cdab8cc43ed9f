"""What of an incident a reader may see: of one that touches many domains, only what concerns his own. Pure; it errs towards hiding.

Cells and reasons go by the domain of their cell. Free sentences (evidence, notes, limits) belong to no domain, so whoever may not see all
domains is shown none that names a host or domain not his, or that counts ("12 of 12 domains on imap").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from thresholds.incident_values import CauseKind
from thresholds.incidents_book import PART_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thresholds.incident_values import Acknowledgement, Cause, Change, Incident
    from thresholds.scope import Scope

TRIP = "trip "  # how the cell of a journey's trips begins
NAMED = re.compile(r"(?:[\w-]+\.)+[^\W\d][\w-]*")  # what may be a domain or a host; "4.1" is a number
WORD = re.compile(r"[\w.-]*\w")
NOUNS = "domains?|checks?|cells?|trips?|hosts?|servers?|logins?|others?|more|failing"  # that are counted
COUNTED = re.compile(rf"\b\d+ of (?:the )?\d+|\b\d+ (?:other |more )?(?:{NOUNS})\b|\(\d+[,)]")  # the last: "no connection (12)"
PRIVATE = frozenset({CauseKind.DOMAIN, CauseKind.ACCOUNT, CauseKind.CHECK})  # causes whose name is a domain's own
OF_ANOTHER, MUTED, ENDED, UNHEARD = "another domain", "muted for more than what you may see", "closed", "it has become worse"


def visible(incident: Incident, scope: Scope, trips: Mapping[str, str] | None = None) -> Incident | None:
    """Return what this reader may see of it, None = nothing. `trips` gives the domains of journeys that are not named after theirs."""
    if scope.domains is None:
        return incident
    view = _View(scope, frozenset(incident.domains), trips or {})
    domains = tuple(filter(scope.allows, incident.domains))
    return view.of(incident, domains) if domains else None


def visible_change(change: Change, scope: Scope, trips: Mapping[str, str] | None = None) -> Change | None:
    """Return what this reader may see of a change, None = nothing."""
    incident = visible(change.incident, scope, trips)
    if incident is None or scope.domains is None:
        return change if incident else None
    view = _View(scope, frozenset(change.incident.domains), {})
    said = incident.ended if change.said == change.incident.ended else view.said(change.said)
    return replace(change, incident=incident, said=said, muted=view.said(change.muted, MUTED))


@dataclass(frozen=True, slots=True)
class _View:
    """What one reader, who may not see everything, sees of one incident."""

    scope: Scope
    domains: frozenset[str]  # of the incident
    trips: Mapping[str, str]
    hidden: frozenset[str] = field(init=False)  # domains of the incident that are not his, in lower case

    def __post_init__(self) -> None:
        hidden = frozenset(domain.lower() for domain in self.domains if not self.scope.allows(domain))
        object.__setattr__(self, "hidden", hidden)

    def of(self, incident: Incident, domains: tuple[str, ...]) -> Incident:
        cells = self.cells(incident.cells)
        known = frozenset(cells)
        return replace(
            incident,
            domains=domains,
            cells=cells,
            failing=self.cells(incident.failing),
            reasons=tuple(reason for reason in incident.reasons if reason.partition(": ")[0] in known),
            cause=self.cause(incident.cause),
            limit=self.said(incident.limit),
            ended=self.ended(incident.ended),
            muted=self.said(incident.muted, MUTED),
            unheard=self.said(incident.unheard, UNHEARD),
            acknowledged=self.acknowledged(incident.acknowledged),
        )

    def ended(self, words: str) -> str:
        """Return why it closed; of an incident that has swallowed it the id alone, where the cause is not his to know."""
        return self.said(words, words.partition(",")[0] if words.startswith(PART_OF) else ENDED)

    def cells(self, names: Iterable[str]) -> tuple[str, ...]:
        if not self.hidden:
            return tuple(names)
        return tuple(name for name in names if self.scope.allows(self.domain_of(name)))

    def domain_of(self, cell: str) -> str:
        """Return the domain of a cell by its name: "abc.example/imap", "trip abc.example", "trip inbound"."""
        trip = cell.removeprefix(TRIP)
        return self.trips.get(trip, trip) if cell.startswith(TRIP) else cell.partition("/")[0]

    def cause(self, cause: Cause) -> Cause:
        name = OF_ANOTHER if cause.kind in PRIVATE and self.names_others(cause.name) else cause.name
        evidence = tuple(filter(self.said, cause.evidence))
        return replace(cause, name=name, cells=self.cells(cause.cells), evidence=evidence, doubt=self.said(cause.doubt))

    def acknowledged(self, word: Acknowledgement | None) -> Acknowledgement | None:
        return None if word is None else replace(word, why=self.said(word.why))

    def said(self, sentence: str, instead: str = "") -> str:
        """Return a sentence that he may read; `instead` of one that he may not."""
        return instead if COUNTED.search(sentence) or self.names_others(sentence) else sentence

    def names_others(self, text: str) -> bool:
        named = any(not self.scope.allows(name) for name in NAMED.findall(text))
        return named or (bool(self.hidden) and any(word.lower() in self.hidden for word in WORD.findall(text)))
