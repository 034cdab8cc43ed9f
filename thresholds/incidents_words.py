"""What is told of an open incident, and when: opened, worsened, reminded, closed; and the sentences of each. Pure; time is a parameter.

The order that is told of each incident: one OPENED, others, one CLOSED. What is muted is recorded with the reason and not told; it refuses
to mute the end of what was told, and to tell the end of what was not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from thresholds.blame_words import listed, plural
from thresholds.incident_values import CauseKind, Change, ChangeKind, Incident, Rules
from thresholds.incidents_book import MENDED, PART_OF, RECOVERED, SOUND, WELL
from thresholds.incidents_own import survived
from thresholds.moments import bounded
from thresholds.mutes import muting, next_end, stamp
from thresholds.values import Level
from thresholds.wording import span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from thresholds.incident_values import Acknowledgement, Cause
    from thresholds.incidents_book import Book, Case

REMIND_SECONDS = Rules().remind_seconds  # between two words of how it grows, where no reminders are wanted
UNTOLD = "its opening was told to nobody"
NOW: dict[CauseKind, str] = {
    CauseKind.PROBER: "now the prober itself, at {name}",
    CauseKind.RESOLVER: "now the name server {name}",
    CauseKind.HOST: "now the whole host {name}",
    CauseKind.SERVER: "now the whole server {name}",
    CauseKind.PATH: "now the way {name}",
    CauseKind.HOP: "now the hop {name}",
    CauseKind.LINK: "now the link {name}",
    CauseKind.DOMAIN: "now the whole domain {name}",
    CauseKind.ACCOUNT: "now the mailbox of {name}",
    CauseKind.CHECK: "now {name}",
}


def widened(cause: Cause) -> str:
    """Return to what a cause has widened: `now the whole server imap`."""
    return NOW[cause.kind].format(name=cause.name)


# -- one review of one incident


def settle(book: Book, case: Case, now: datetime) -> Change | None:
    """Return what is to be told of an incident now, or recorded of it; None = nothing. At most one thing at a time."""
    book.refresh(case)
    _mute(book, case, now)
    change = _end(book, case, now) or _beginning(case, now) or _worse(book.rules, case, now) or _reminder(book.rules, case, now)
    case.dirty, case.widened = False, ""
    case.due_at = _due(book, case, now)
    return change


def _mute(book: Book, case: Case, now: datetime) -> None:
    cells = book.planned(case.incident.failing or case.incident.cells)  # in order: the words must not change from one look to the next
    case.incident = replace(case.incident, muted=muting(case.incident.cause, cells, book.mutes, now))


def _changed(case: Case, kind: ChangeKind, now: datetime, said: str = "") -> Change:
    """Take note that something happened; it is told unless the incident is muted."""
    incident = case.incident
    worst = max(incident.level, Level(incident.worst or incident.level))
    case.incident = replace(incident, changes=incident.changes + 1, worst=worst)
    if not incident.muted:
        case.incident = replace(case.incident, told=True, reminded_at=now, unheard="")
    if kind in {ChangeKind.OPENED, ChangeKind.WORSENED}:
        case.told = case.incident
    if not incident.muted and kind is not ChangeKind.ACKNOWLEDGED:
        case.heard = case.incident
    return Change(case.incident, kind, now, case.incident.changes, incident.muted, said)


# -- opening


def _beginning(case: Case, now: datetime) -> Change | None:
    incident = case.incident
    if incident.changes == 0:
        return _changed(case, ChangeKind.OPENED, now, case.widened)
    if not incident.told and not incident.muted:
        return _changed(case, ChangeKind.OPENED, now, "it was muted until now")
    return None


def flapping(count: int, rules: Rules) -> str:
    """Return the sentence about an incident that is held open."""
    steady = span(rules.steady_seconds)
    return f"flapping: closed {count} times within {span(rules.flap_seconds)}; held open until all has been well for {steady}"


# -- worsening


def _worse(rules: Rules, case: Case, now: datetime) -> Change | None:
    incident = case.incident
    worst = Level(incident.worst or incident.level)
    deeper = f"from {worst.name} to {incident.level.name}" if incident.level > worst else ""
    said = _joined(case.widened, deeper)
    if not incident.muted:
        said = _joined(incident.unheard, said)
        grown_at = _grown_at(rules, case)
        if grown_at is not None and now >= grown_at:
            said = _joined(said, *_news(case))
    elif said and incident.told:
        case.incident = replace(incident, unheard=_joined(incident.unheard, said))
    return _changed(case, ChangeKind.WORSENED, now, said) if said else None


def _grown_at(rules: Rules, case: Case) -> datetime | None:
    """Return when it is to be told that twice as much fails as anybody has heard of: a reminder's time after the last word."""
    incident, heard = case.incident, case.heard
    if incident.reminded_at is None or heard is None or len(incident.failing) < 2 * max(1, len(heard.failing)):
        return None
    return incident.reminded_at + timedelta(seconds=rules.remind_seconds if rules.remind_seconds > 0 else REMIND_SECONDS)


def _news(case: Case) -> Iterator[str]:
    """Yield what has joined since anything was told: a page for each trip that is held up by the same thing helps nobody."""
    incident, heard = case.incident, case.heard
    if heard is None:
        return
    if incident.cause.key != heard.cause.key and not case.widened:
        yield widened(incident.cause)
    if len(incident.failing) >= 2 * max(1, len(heard.failing)):
        yield f"from {len(heard.failing)} to {len(incident.failing)} failing"
    more = set(incident.domains).difference(heard.domains)
    if more:
        yield f"{plural(len(more), 'more domain')}: {listed(more)}"


def _joined(*sentences: str) -> str:
    return "; ".join(filter(None, sentences))


# -- reminders and acknowledgements


def _remind_at(rules: Rules, incident: Incident) -> datetime | None:
    """Return when it is to be told again that it is still open; None = it is not."""
    taken = incident.acknowledged
    if incident.muted or incident.reminded_at is None or rules.remind_seconds <= 0 or (taken is not None and taken.until is None):
        return None
    due = incident.reminded_at + timedelta(seconds=rules.remind_seconds)
    return due if taken is None or taken.until is None else max(due, taken.until)


def _reminder(rules: Rules, case: Case, now: datetime) -> Change | None:
    due = _remind_at(rules, case.incident)
    if due is None or now < due:
        return None
    since = span((now - case.incident.opened_at).total_seconds())
    return _changed(case, ChangeKind.REMINDED, now, _joined(f"open for {since}", *_news(case)))


def acknowledged(case: Case, ack: Acknowledgement, now: datetime) -> Change:
    """Take note that somebody has taken an incident on. Raises: ValueError when that would last out of bounds."""
    until = f" until {stamp(bounded(ack.until))}" if ack.until is not None else ""
    said = f"by {ack.by}{until}" + (f": {ack.why}" if ack.why else "")
    case.incident = replace(case.incident, acknowledged=ack)
    return _changed(case, ChangeKind.ACKNOWLEDGED, now, said)


# -- closing


def _end(book: Book, case: Case, now: datetime) -> Change | None:
    """Close an incident of which nothing fails any more; while the prober is sick, nothing is known to be well."""
    if case.failing or book.sick:
        case.well_since = None
        return closed(book, case, now, case.end) if case.end and not case.about_us else None
    case.well_since = case.well_since or now
    steady = case.well_since + timedelta(seconds=book.rules.steady_seconds)
    if not case.end and case.incident.flapping and now < steady:
        return None
    return closed(book, case, now, case.end or _well(book, case))


def _well(book: Book, case: Case) -> str:
    """Return how well it ended: of a server that is well again while what it held up fails by another's fault not everything is."""
    if not case.cells:
        return SOUND
    return MENDED if survived(book, case) else WELL


def closed(book: Book, case: Case, now: datetime, ended: str) -> Change:
    """Close an incident; its end is told if, and only if, its opening was."""
    incident = case.incident
    ended = _swallowed(book, ended)
    worst = max(incident.level, Level(incident.worst or incident.level))
    muted = "" if incident.told else incident.muted or UNTOLD
    number = incident.changes + 1
    case.incident = replace(incident, level=worst, worst=worst, closed_at=now, ended=ended, muted=muted, changes=number, unheard="")
    if ended in RECOVERED:
        book.note_closing(incident.cause.key, now)
    book.release(case)
    return Change(case.incident, ChangeKind.CLOSED, now, number, muted, ended)


def _swallowed(book: Book, ended: str) -> str:
    """Return the end of an incident that another has swallowed, with that one's cause: `part of i00000001, the whole server imap`."""
    other = book.cases.get(ended.removeprefix(PART_OF)) if ended.startswith(PART_OF) else None
    return ended if other is None else f"{ended}, {widened(other.incident.cause).removeprefix('now ')}"


# -- when to look again


def _due(book: Book, case: Case, now: datetime) -> datetime | None:
    """Return when an incident is to be looked at although nothing was seen of it."""
    incident = case.incident
    moments = [_remind_at(book.rules, incident), next_end(book.mutes, now) if incident.muted else None]
    if not incident.muted:
        moments.append(_grown_at(book.rules, case))
    if case.well_since is not None:
        moments.append(case.well_since + timedelta(seconds=book.rules.steady_seconds))
    return min((at for at in moments if at is not None), default=None)
