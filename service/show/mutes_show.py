"""Silences, windows of maintenance, channels and routes for a human."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from service.show.api_values import moment
from service.show.grid import grid
from service.show.hanging import print_hanging
from service.words import clock, harmless, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

Shape = dict[str, Any]
SENTENCE = 300  # letters of one sentence
COUNTS = {"sent": "SENT", "failed": "FAILED", "refused": "REFUSED", "taken_over": "TAKEN OVER"}
PARTS = ("domain", "server", "site", "cause")


def scene_words(scene: Mapping[str, Any]) -> str:
    """Return `domain abc.example, server imap*`, or `everything`."""
    named = [f"{part} {scene[part]}" for part in PARTS if scene[part] != "*"]
    return harmless(", ".join(named) or "everything")


def _state(one: Mapping[str, Any], words: str) -> Text:
    return Text("in force", "yellow") if one["in_force"] else Text(words, "dim")


def print_silences(silences: Sequence[Shape], console: Console) -> None:
    """Print a row for each silence."""
    if not silences:
        console.print("no silences")
        return
    table = grid("SILENCE", "OF", "UNTIL", "STATE", "WHY")
    for one in silences:
        why = shorten(f"{one['reason']} ({one['author']}, {clock(moment(one['made_at']))})", SENTENCE)
        until = clock(moment(one["expires_at"]))
        table.add_row(Text(one["id"], "bold"), Text(scene_words(one)), until, _state(one, "over"), Text(why))
    console.print(table)


def print_windows(windows: Sequence[Shape], console: Console) -> None:
    """Print a row for each window of maintenance."""
    if not windows:
        console.print("no maintenance")
        return
    table = grid("WINDOW", "OF", "WHEN", "STATE", "WHY")
    for one in windows:
        why = shorten(f"{one['reason']} ({one['author']})" if one["author"] else one["reason"], SENTENCE)
        table.add_row(Text(one["id"], "bold"), Text(scene_words(one)), Text(_when(one)), _state(one, "not now"), Text(why))
    console.print(table)


def _when(one: Mapping[str, Any]) -> str:
    bounds = [f"{word} {clock(moment(one[name]))}" for word, name in (("from", "begins_at"), ("until", "ends_at")) if one[name]]
    calendar = [f"by the calendar {one['calendar']}"] if one["calendar"] else []
    return "\n".join([*calendar, *bounds]) or "always"


# -- telling


def print_channels(channels: Sequence[Shape], console: Console) -> None:
    """Print a row for each channel; a count that is 0 for all of them has no column."""
    if not channels:
        console.print("no channels: notify.channels of the configuration names them; nobody is told of anything")
        return
    counted = [name for name in COUNTS if any(one[name] for one in channels)]
    table = grid("CHANNEL", "KIND", *(COUNTS[name] for name in counted), "LAST PROOF")
    for one in channels:
        table.add_row(Text(one["name"], "bold"), one["kind"], *(f"{one[name]:,}" for name in counted), _proof(one))
    console.print(table)


def _proof(one: Mapping[str, Any]) -> Text:
    text = Text(clock(moment(one["last_proof_at"])) if one["last_proof_at"] else "none yet")
    if one["last_proof"]:
        text.append(f": {shorten(one['last_proof'], SENTENCE)}", "dim")
    if one["last_test_at"]:
        text.append(f"\na test arrived at {clock(moment(one['last_test_at']))}: {shorten(one['last_test'], SENTENCE)}", "dim")
    if one["last_error"]:
        text.append(f"\nfailed: {shorten(one['last_error'], SENTENCE)}", "red")
    return text


def print_route(routed: Shape, console: Console) -> None:
    """Print who would be told, and how that was decided."""
    for chain in routed["chains"]:
        console.print(Text(harmless(" > ".join(chain)), "bold"))
    if not routed["chains"]:
        console.print(Text("nobody would be told", "bold red"))
    sentences = list(dict.fromkeys(routed["words"]))
    for words in sentences:
        print_hanging(f"  {shorten(words, SENTENCE)}", console)
    for name, why in routed["refused"].items():
        if not any(words.startswith(f"{name} is not asked") for words in sentences):
            print_hanging(f"  not over {shorten(f'{name}: {why}', SENTENCE)}", console, "yellow")
