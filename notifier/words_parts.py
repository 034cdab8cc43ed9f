"""What stands below the first line, in parts that the text and the HTML page both show: evidence, reasons, limit, history, links. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from notifier.words_clean import NAME, line, some
from notifier.words_matter import DRILL, TEST, Matter, lasted, moment
from notifier.words_says import SUBJECT, UNNAMED, headline
from thresholds.incident_values import CauseKind, ChangeKind
from thresholds.incidents_narrow import found_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifier.values import Stored
    from thresholds.incident_values import Cause, Incident

FIRST = 200  # characters of the first line, which the names in it keep to
TOLD = 240  # of a sentence; the console shows more of it
REASONS = 5  # of the worst cells that are told; the console shows them all
EVIDENCE = 5
SURE, LIKELY = 0.9, 0.5  # from this confidence on
SETTLED = frozenset({ChangeKind.ACKNOWLEDGED, ChangeKind.CLOSED})  # what these tell needs nobody to take it on
LATE_SECONDS = 60.0  # between opening and telling, from which on it needs a word

KINDS: dict[CauseKind, str] = {
    CauseKind.PROBER: "the prober itself, {}: this says nothing of the mail system",
    CauseKind.RESOLVER: "the name server {}",
    CauseKind.HOST: "the host {}",
    CauseKind.SERVER: "the server {}",
    CauseKind.PATH: "the way of the mail, {}",
    CauseKind.HOP: "the hop {} on the way of the mail",
    CauseKind.LINK: "the link {} on the way of the mail",
    CauseKind.DOMAIN: "the domain {}",
    CauseKind.ACCOUNT: "the test mailbox of {}",
    CauseKind.CHECK: "{} alone; nothing wider fits",
}
MARKS: dict[str, str] = {
    DRILL: "This is a test, a drill: the failure was made on purpose, and nothing is to be acknowledged. Do what your drill says.",
    TEST: "This is a test of the channel {channel}. Nothing is broken, and nothing is to be done: that you read this is all it is for.",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One place to go to."""

    title: str  # "Runbook"
    url: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a notice: a title and sentences, or a list below it."""

    title: str  # "" = sentences that need none
    says: tuple[str, ...]
    listed: bool = False
    below: bool = False  # it stands below the links: long, and not needed to act


@dataclass(frozen=True, slots=True)
class Page:
    """All that a notice says, before it is text or HTML."""

    first: str  # the first line
    parts: tuple[Part, ...]
    links: tuple[Link, ...]
    command: str  # that acknowledges without the link; "" = there is nothing to acknowledge
    foot: str


def page(matter: Matter) -> Page:
    """Return what a notice says."""
    trial = matter.mark == TEST
    parts = (_marked(matter),) if trial else (_marked(matter), *_happened(matter), *_facts(matter), *_history(matter), *_more(matter))
    told = tuple(part for part in parts if part.says)
    return Page(headline(matter).line(FIRST), told, () if trial else links(matter), command(matter), _foot(matter))


def _marked(matter: Matter) -> Part:
    return Part("", tuple(said.format(channel=line(matter.channel, NAME)) for mark, said in MARKS.items() if mark == matter.mark))


# -- what happened now


def _happened(matter: Matter) -> Iterator[Part]:
    """Yield what this change says, beyond the state that it leads to."""
    told = {
        ChangeKind.OPENED: _opened,
        ChangeKind.WORSENED: _worsened,
        ChangeKind.REMINDED: _reminded,
        ChangeKind.ACKNOWLEDGED: _acknowledged,
        ChangeKind.CLOSED: _closed,
    }[matter.change.kind](matter)
    yield Part("", told)


def _opened(matter: Matter) -> tuple[str, ...]:
    said = (sentence(line(matter.change.said)),) if matter.change.said.strip() else ()
    if (matter.change.at - matter.incident.opened_at).total_seconds() <= LATE_SECONDS:
        return said
    return (f"Open since {moment(matter.incident.opened_at, matter.zone)}; this is the first word of it.", *said)


def _worsened(matter: Matter) -> tuple[str, ...]:
    said, found = line(matter.change.said), line(found_out(matter.change.said))
    if found:
        return (sentence(f"it is known since {moment(matter.change.at, matter.zone)}: {found}"),)
    return (sentence(f"it became worse at {moment(matter.change.at, matter.zone)}{f': {said}' if said else ''}"),)


def _reminded(matter: Matter) -> tuple[str, ...]:
    return (f"At {moment(matter.change.at, matter.zone)} it had lasted {lasted(matter.incident, matter.change.at)}, and it goes on.",)


def _acknowledged(matter: Matter) -> tuple[str, ...]:
    return (f"{taken(matter)} Nobody else needs to act now.",)


def _closed(matter: Matter) -> tuple[str, ...]:
    incident, zone = matter.incident, matter.zone
    end = incident.closed_at or matter.change.at
    worst = (incident.worst or incident.level).name
    why = sentence(line(incident.ended)) if incident.ended else "It is over."
    return (why, f"It lasted {lasted(incident, end)}, from {moment(incident.began_at, zone)} to {moment(end, zone)}, at worst {worst}.")


def sentence(text: str) -> str:
    """Return words as a sentence: with a capital at its beginning and a stop at its end."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?', '..')) else '.'}"


def taken(matter: Matter) -> str:
    """Return who has acknowledged, when, why and until when; "" = nobody has."""
    ack = matter.incident.acknowledged
    if ack is None:
        return ""
    why = f": {line(ack.why)}" if ack.why.strip() else ""
    until = f" It reminds again from {moment(ack.until, matter.zone)} on." if ack.until and not matter.ends else ""
    return f"{sentence(f'acknowledged by {line(ack.by, NAME)} at {moment(ack.at, matter.zone)}{why}')}{until}"


# -- what is known


def cause_words(cause: Cause) -> str:
    """Return what is to blame, as a noun."""
    return KINDS[cause.kind].format(line(cause.name, NAME) or UNNAMED)


def surety(cause: Cause) -> str:
    """Return how sure the cause is, and why not surer; "" = it is sure."""
    if cause.confidence >= SURE and not cause.doubt:
        return ""
    how = "likely, not certain" if cause.confidence >= LIKELY else "a guess"
    return sentence(f"{how}: {line(cause.doubt)}" if cause.doubt else f"{how} ({cause.confidence:.0%})")


def _facts(matter: Matter) -> Iterator[Part]:
    incident, cause = matter.incident, matter.incident.cause
    yield Part("Cause", tuple(one for one in (f"{cause_words(cause)}.", surety(cause)) if one))
    yield Part("Evidence at the time" if matter.ends else "Evidence", tuple(some(cause.evidence, EVIDENCE, TOLD)), listed=True)
    yield Part("The worst said last" if matter.ends else "What the worst say", tuple(some(incident.reasons, REASONS, TOLD)), listed=True)
    yield Part("Limit that was in force" if matter.ends else "Limit in force", (line(incident.limit, TOLD),) if incident.limit else ())
    yield _explained(incident, ends=matter.ends)


def _explained(incident: Incident, *, ends: bool) -> Part:
    """Return which cells fail, or all that ever did."""
    cells = incident.cells if ends or not incident.failing else incident.failing
    every = len(incident.cells)
    title = (
        f"It explained {_checks(every)} in all"
        if ends
        else f"It explains {_checks(len(cells))} that {'fails' if len(cells) == 1 else 'fail'}"
    )
    ever = f", of {every} since it began" if not ends and every > len(cells) else ""
    return Part(f"{title}{ever}", (", ".join(some(cells, length=NAME)),) if cells else (), below=True)


def _checks(many: int) -> str:
    return f"{many} check{'' if many == 1 else 's'}"


def _history(matter: Matter) -> Iterator[Part]:
    """Yield what has been done and said about it so far."""
    incident, kind = matter.incident, matter.change.kind
    said = [] if kind is ChangeKind.ACKNOWLEDGED else [taken(matter)]
    if incident.flapping and "flapping" not in matter.change.said:
        said.append("It comes and goes (flapping): it is held open until it has been well for a while.")
    if incident.muted:
        said.append(sentence(f"muted now: {line(incident.muted)}"))
    yield Part("History", tuple(one for one in said if one))


def _more(matter: Matter) -> Iterator[Part]:
    """Yield the changes that are told with this one, a line each."""
    firsts = [first_of(matter, stored) for stored in matter.more[:20]]
    rest = len(matter.more) - len(firsts)
    yield Part("Told with it", (*firsts, *((f"and {rest} more",) if rest else ())), listed=True)


def first_of(matter: Matter, stored: Stored) -> str:
    """Return the first line of another change, as it is told within a summary."""
    other = Matter(stored, matter.channel, matter.zone, matter.site, mark=matter.mark)
    return f"{headline(other).line(SUBJECT)} ({line(stored.change.incident.id, NAME)})"


# -- where to go


def command(matter: Matter) -> str:
    """Return the command that acknowledges; "" = there is nothing left to acknowledge, or not for this reader."""
    if matter.mark or matter.partial or matter.change.kind in SETTLED:
        return ""
    return f'probe incidents ack {line(matter.incident.id, NAME)} --why "..."'


def links(matter: Matter) -> tuple[Link, ...]:
    """Return where a reader may go; only addresses of the web are links."""
    given = matter.links
    may = bool(command(matter))  # also of one that is acknowledged, and speaks up again
    rows = (
        Link("Runbook", given.runbook),
        Link("Console", given.console),
        Link("Acknowledge", given.acknowledge if may else "", "opens a page with one button; works once"),
    )
    return tuple(row for row in rows if row.url.lower().startswith(("https://", "http://")) and _bare(row.url))


def _bare(url: str) -> bool:
    """Say whether an address holds nothing but what may stand in one."""
    return url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`{|}')


def _foot(matter: Matter) -> str:
    change, site = matter.change, line(matter.site, NAME)
    told = f"told over {line(matter.channel, NAME)} by the prober{f' at {site}' if site else ''}."
    if matter.mark == TEST:
        return sentence(told)
    return f"Incident {line(matter.incident.id, NAME)}, change {change.number} of {moment(change.at, matter.zone)}, {told}"
