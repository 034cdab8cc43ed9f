"""Incidents for a human: the list, the worst first; and the story of one, a timeline with who was told over what and with which proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from service.report import plural
from service.show.api_values import moment
from service.show.grid import LEVEL_STYLES, grid, level_text
from service.show.hanging import print_hanging
from service.words import clock, harmless, shorten
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from rich.console import Console

    Row = tuple[str, Text, Text]  # when, what, and what there is to say of it

Shape = dict[str, Any]
SENTENCE = 300  # letters of one sentence
NAMES = 20  # cells that are named
EVIDENCE = 2  # sentences in a list
NOT_ASKED = "not asked"  # how the words of a delivery begin that its route kept from a channel
STATES = {
    "sent": "green",
    "due": "yellow",
    "taken-over": "yellow",
    "refused": "red",
    "given-up": "bold red",
    "dropped": "dim",
    "not-asked": "yellow",
}
SURE = ((0.9, "certain"), (0.7, "likely"), (0.4, "perhaps"))  # from this confidence on
DISMISSED = (
    "{count} check of {name} still fails; nothing is told of it before it has been well once",
    "{count:,} checks of {name} still fail; nothing is told of them before they have been well once",
)
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def lasted(seconds: float) -> str:
    """Return a duration in its two largest units: `3 d 4 h`, `28 min 5 s`, `12 s`."""
    for place, (size, name) in enumerate(UNITS):
        if seconds >= size:
            below, unit = UNITS[place + 1] if place + 1 < len(UNITS) else (1, "s")
            rest = int(seconds % size // below)
            return f"{int(seconds // size)} {name}{f' {rest} {unit}' if rest else ''}"
    return f"{seconds:.0f} s"


def cause_words(cause: Mapping[str, Any]) -> str:
    """Return `server imap`."""
    return harmless(f"{cause['kind']} {cause['name']}")


def sureness(cause: Mapping[str, Any]) -> str:
    """Return how sure a cause is, with the doubt: `likely, not certain: ..`; "" = it is certain."""
    if not cause["doubt"] and cause["confidence"] >= SURE[0][0]:
        return ""
    word = next((word for least, word in SURE[1:] if cause["confidence"] >= least), "a guess")
    return ": ".join(filter(None, (f"{word}, not certain", cause["doubt"])))


def acknowledged(ack: Mapping[str, Any]) -> str:
    """Return `acknowledged by alice: looking at it; until ..`."""
    until = f"; until {clock(moment(ack['until']))}" if ack["until"] else ""
    return harmless(": ".join(filter(None, (f"acknowledged by {ack['by']}", ack["why"]))) + until)


# -- the list


def print_incidents(incidents: Sequence[Shape], console: Console, now: datetime) -> None:
    """Print a row for each incident: open ones the worst first, then those that have closed; `now` is aware."""
    if not incidents:
        console.print(Text("no incidents", LEVEL_STYLES[Level.OK]))
        return
    table = grid("INCIDENT", "LEVEL", "SINCE", "WHAT")
    for one in sorted(incidents, key=lambda one: (one["closed_at"] is not None, -Level[one["level"]])):
        since = Text(clock(moment(one["began_at"])))
        since.append(f"\n{_how_long(one, now)}", "dim")
        table.add_row(Text(one["id"], "bold"), level_text(Level[one["level"]]), since, _what(one))
    console.print(table)


def _how_long(one: Mapping[str, Any], now: datetime) -> str:
    if one["closed_at"]:
        return f"closed after {lasted(one['seconds'])}"
    return f"open for {lasted((now - moment(one['began_at'])).total_seconds())}"


def _what(one: Mapping[str, Any]) -> Text:
    cause = one["cause"]
    text = Text(cause_words(cause), "bold")
    for sentence in cause["evidence"][:EVIDENCE]:
        text.append(f"\n{shorten(sentence, SENTENCE)}", "not bold")
    for words in _beside(one):
        text.append(f"\n{shorten(words, SENTENCE)}", "not bold dim")
    return text


def _beside(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to know beside its cause."""
    if sure := sureness(one["cause"]):
        yield sure
    if not one["closed_at"]:
        yield f"{one['failing_count']:,} failing, {plural(one['domain_count'], 'domain')}"
    if one["flapping"]:
        yield "flapping: it comes and goes"
    if one["acknowledged"]:
        yield acknowledged(one["acknowledged"])
    if one["muted"]:
        yield f"nobody is told: {one['muted']}"
    if one["ended"]:
        yield one["ended"]


def print_dismissed(closed: Sequence[Shape], console: Console) -> None:
    """Print a line for each of these, just closed by hand, whose checks still fail: they are silent now."""
    for one in closed:
        if count := one["failing_count"]:
            name = "it" if len(closed) == 1 else one["id"]
            console.print(Text(DISMISSED[count > 1].format(count=count, name=name), "yellow"))


# -- the story of one


def print_story(story: Shape, console: Console, now: datetime) -> None:
    """Print one incident: what it is, why it is believed, and what happened when; `now` is aware."""
    level = Level[story["level"]]
    head = Text(f"{story['id']}  ")
    head.append(level.name, LEVEL_STYLES[level])
    head.append(f"  {cause_words(story['cause'])}", "bold")
    head.append(f"  {_how_long(story, now)}", "dim")
    console.print(head)
    for words in _about(story):
        print_hanging(f"  {shorten(words, SENTENCE)}", console)
    console.print(_timeline(story))


def _about(story: Mapping[str, Any]) -> Iterator[str]:
    yield from story["cause"]["evidence"]
    yield from story["reasons"]
    if story["limit"]:
        yield f"limit in force: {story['limit']}"
    if story["failing"]:
        yield f"failing: {_named(story['failing'], story['failing_count'])}"
    yield from (words for words in _beside(story) if not words.startswith(("acknowledged", story["ended"] or "\0")))


def _named(names: Sequence[str], count: int) -> str:
    more = f" and {count - NAMES:,} more" if count > NAMES else ""
    return f"{', '.join(names[:NAMES])}{more}"


def _timeline(story: Mapping[str, Any]) -> Any:
    """Return all that happened in the order of its time; a delivery stands where it was tried last, or will be tried first."""
    began = moment(story["began_at"])
    rows: list[tuple[datetime, Row]] = [(began, (clock(began), Text("began", "dim"), Text("the first bad verdict", "dim")))]
    for change in story["history"]:
        at = moment(change["at"])
        rows.append((at, (clock(at), Text(change["kind"], "bold"), _change(change, story))))
        told = [one for one in story["deliveries"] if one["number"] == change["number"]]
        rows += [(max(at, moment(one["tried_at"] or one["due_at"] or change["at"])), _delivery(one, change["kind"])) for one in told]
    table = grid("WHEN", "WHAT", "")
    for _, row in sorted(rows, key=lambda timed: timed[0]):
        table.add_row(*row)
    return table


def _change(change: Mapping[str, Any], story: Mapping[str, Any]) -> Text:
    text = Text()
    if change["kind"] == "acknowledged":
        text.append(f"by {harmless(change['by'])}")
    elif change["kind"] != "closed":
        text.append(change["level"], LEVEL_STYLES[Level[change["level"]]])
        text.append(f"  {harmless(change['cause'])}, {change['failing']:,} failing")
    said = [change["said"] or (story["ended"] if change["kind"] == "closed" else "")]
    said += [f"not told: {change['muted']}"] if change["muted"] else []
    for words in filter(None, said):
        text.append(f"{'' if not text else chr(10)}{shorten(words, SENTENCE)}")
    return text


def _delivery(delivery: Mapping[str, Any], kind: str) -> Row:
    """Return the row of a change of this kind on its way over a channel."""
    tried = clock(moment(delivery["tried_at"])) if delivery["tried_at"] else ""
    state, said = _stands(delivery)
    text = Text(state, STATES.get(state.replace(" ", "-"), ""))
    if delivery["tries"] > 1:
        text.append(f" after {delivery['tries']} tries" if state == "sent" else f", {delivery['tries']} tries", "not bold")
    if said:
        text.append(f": {shorten(said, SENTENCE)}", "not bold dim")
    text.append(_next_try(delivery), "not bold dim")
    return tried, Text(f"  {harmless(delivery['channel'])} ({kind})"), text


def _stands(delivery: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a delivery stands, and what was said; a channel that was never tried has refused nothing."""
    if not delivery["tries"] and delivery["said"].startswith(NOT_ASKED):
        return NOT_ASKED, delivery["said"].removeprefix(NOT_ASKED).lstrip(": ")
    return delivery["state"].replace("-", " "), delivery["said"]


def _next_try(delivery: Mapping[str, Any]) -> str:
    if not delivery["due_at"] or delivery["state"] not in {"due", "taken-over"}:
        return ""
    return f"{'; again' if delivery['tries'] else ''} at {clock(moment(delivery['due_at']))}"
