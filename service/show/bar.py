"""The steps of a conversation as a small bar: one letter per phase, as wide as its share of the time. Pure; knows no terminal.

    rrcctttttttgaaaawwq     r resolve, c connect, t TLS, g greeting, a login, w work, q quit; a ! ends it where it broke

Letters, not blocks, so that it reads without colour, without UTF-8 and by those who do not see colours; a terminal may colour them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe import Result

PHASES: dict[str, str] = {
    "r": "resolve",
    "c": "connect",
    "t": "TLS",
    "g": "greeting",
    "a": "login",
    "w": "work",
    "q": "quit",
}
_STEPS: dict[str, str] = {
    "r": "resolve",
    "c": "connect",
    "t": "tls starttls",
    "g": "greeting hello hello-tls capability capability-tls capa capa-tls",
    "a": "auth login bind",
    "q": "quit logout unbind",
}
LETTER_OF_STEP: dict[str, str] = {step: letter for letter, steps in _STEPS.items() for step in steps.split()}
BROKEN = "!"


def phase_seconds(result: Result) -> dict[str, float]:
    """Return the seconds of each phase that took place, by letter, in the order of `PHASES`; what is no phase's is work."""
    found = dict.fromkeys(PHASES, 0.0)
    for step in result.steps:
        found[LETTER_OF_STEP.get(step.name, "w")] += step.seconds
    return {letter: seconds for letter, seconds in found.items() if seconds > 0}


def shares(amounts: dict[str, float], width: int) -> dict[str, int]:
    """Return how many of `width` cells each letter gets: by largest remainder, so that they sum to `width` exactly."""
    total = sum(amounts.values())
    if total <= 0:
        return {}
    exact = {letter: width * amount / total for letter, amount in amounts.items()}
    cells = {letter: int(share) for letter, share in exact.items()}
    by_remainder = sorted(exact, key=lambda letter: cells[letter] - exact[letter])
    for letter in by_remainder[: width - sum(cells.values())]:
        cells[letter] += 1
    return cells


def bar(result: Result, width: int) -> str:
    """Return the bar, exactly `width` letters wide, or empty where no time passed; a fault takes the last cell."""
    broken = BROKEN if result.fault is not None else ""
    cells = shares(phase_seconds(result), width - len(broken))
    drawn = "".join(letter * count for letter, count in cells.items())
    return f"{drawn}{broken}" if drawn else ""


def legend(letters: str) -> str:
    """Return what the letters that were used stand for."""
    words = [f"{letter} {name}" for letter, name in PHASES.items() if letter in letters]
    return "  ".join([*words, *([f"{BROKEN} broke here"] if BROKEN in letters else [])])
