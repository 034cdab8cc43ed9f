"""Keeps secrets out of what is shown: knows their forms, and blanks them in a peer's words, which may echo what we sent. No I/O."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe.dialogue import Ask
    from probe.values import Check

HIDDEN = "***"  # what is shown in a secret's place
SHORTEST_SECRET = 4  # blanking shorter ones would blank ordinary words
SHORTEST_PIECE = 6  # of a secret at an end that was cut off
CUT = "…"  # what `printable` puts there


def secrets_of(check: Check) -> tuple[str, ...]:
    """Return the forms in which this check's secrets can show in what is said; those that depend on a command are learned from it."""
    holders = (check.mailbox, check.directory)
    owned = [holder.password for holder in holders if holder] + [check.mailbox.token if check.mailbox else None]
    plain = [secret.reveal() for secret in owned if secret is not None]
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in plain]  # as an IMAP quoted string has it
    coded = [b64encode(text.encode("utf-8", "surrogateescape")).decode() for text in plain]
    return tuple(dict.fromkeys(form for form in (*plain, *quoted, *coded) if len(form) >= SHORTEST_SECRET))


def secrets_in(ask: Ask) -> tuple[str, ...]:
    """Return the words of a command that its own showing hides: a mechanism's response in base64, a quoted password."""
    if ask.shown is None or HIDDEN not in ask.shown:
        return ()
    open_words = set(ask.shown.split())
    words = (word.strip('"') for word in ask.data.decode("utf-8", "replace").split() if word not in open_words)
    return tuple(word for word in words if len(word) >= SHORTEST_SECRET)


def scrub(text: str, secrets: tuple[str, ...]) -> str:
    """Return the text without secrets, nor the beginning of one at an end that was cut off."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
        body = text.removesuffix(CUT)
        for kept in range(min(len(secret) - 1, len(body)), SHORTEST_PIECE - 1, -1):
            if body.endswith(secret[:kept]):
                text = f"{body[:-kept]}{HIDDEN}{text[len(body) :]}"
                break
    return text
