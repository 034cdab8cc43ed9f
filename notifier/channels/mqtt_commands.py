"""What may be commanded over MQTT: to acknowledge an incident. The broker decides who may publish there. Pure.

TOPIC/commands/acknowledge    {"incident": "i0badcafe", "by": "ada", "why": "on it"}
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from notifier.words_clean import line

LONGEST = 4_096  # bytes of a command
LONGEST_WORDS = 200  # characters of a name or a reason
TOPIC = "commands/acknowledge"
FORM = '{"incident": "i0badcafe", "by": "ada", "why": "on it"}'


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody takes an incident on."""

    incident: str  # its id
    by: str
    why: str = ""


def command(body: bytes) -> Command:
    """Return what is commanded.

    Raises: ValueError with a sentence.
    """
    if len(body) > LONGEST:
        raise ValueError(f"is {len(body):,} bytes long, and a command at most {LONGEST:,}")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(said.get(name, ""), str) for name in ("incident", "by", "why")):
        raise ValueError(f"is no command; one looks like {FORM}")
    found = Command(*(line(said.get(name, ""), LONGEST_WORDS) for name in ("incident", "by", "why")))
    if not found.incident or not found.by:
        raise ValueError(f"does not say who takes which incident; a command looks like {FORM}")
    return found
