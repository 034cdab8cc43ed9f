"""Reads a situation from a small matrix, domain x server, one sign per cell, and gives the Facts that blame is told.

    hosts and needs behind the server's name      alpha beta gamma
    imap@mail needs=directory                     C     .    ?

A row's name is server@host (no host: its own name); trips are `trip submission>imap`. `-` = no such cell.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from probe.values import Fault, FaultKind, Outcome, Step
from thresholds.blame import Facts
from thresholds.incident_values import Cell, Observation
from thresholds.values import Level, Verdict

SINCE = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
BEFORE, AFTER = SINCE - timedelta(minutes=1), SINCE + timedelta(seconds=5)
KINDS = {"smtps": "submission", "imaps": "imap", "pop3s": "pop3", "directory": "ldap", "mx": "smtp"}
LOGIN_STEP = {"imap": "login", "pop3": "login", "submission": "auth", "ldap": "bind"}

FAULTS: dict[str, tuple[FaultKind, str, str]] = {  # sign -> kind, step ("" = where the kind signs in, or rcpt), words
    "R": (FaultKind.RESOLVE, "resolve", "no such name"),
    "r": (FaultKind.TIMEOUT, "resolve", ""),
    "C": (FaultKind.CONNECT, "connect", "connection refused"),
    "c": (FaultKind.TIMEOUT, "connect", ""),
    "T": (FaultKind.TIMEOUT, "greeting", ""),
    "t": (FaultKind.TIMEOUT, "", ""),
    "X": (FaultKind.TLS, "tls", "certificate has expired"),
    "A": (FaultKind.AUTH, "", "no"),
    "E": (FaultKind.PERMANENT, "login", "-ERR"),
    "p": (FaultKind.TEMPORARY, "", "come again"),
    "P": (FaultKind.PERMANENT, "rcpt", "550 5.7.1 no"),
    "Q": (FaultKind.PERMANENT, "rcpt", "552 5.2.2 over quota"),
    "G": (FaultKind.PROTOCOL, "greeting", ""),
}
SLOW: dict[str, tuple[tuple[str, ...], tuple[Step, ...]]] = {  # sign -> what broke its limit, where the time went
    "s": (("total",), ()),
    "w": (("total",), (Step("connect", 1.5), Step("login", 0.1))),  # before anything behind was asked
    "b": (("total",), (Step("connect", 0.1), Step("login", 3.0))),  # while what is behind was asked
    "B": (("step login",), ()),
    "W": (("step greeting",), ()),
    "n": (("total",), (Step("resolve", 2.0), Step("login", 0.1))),
    "N": (("step resolve",), ()),
    "e": (("certificate",), ()),
    "q": (("resource quota",), ()),
}
TRIPS: dict[str, tuple[Outcome | None, tuple[str, ...], str]] = {  # sign -> outcome, what broke its limit, a reason
    "l": (None, (), "the test message is under way for 8 s"),
    "L": (Outcome.LOST, (), ""),
    "s": (Outcome.DELIVERED, ("trip total",), ""),
    "h": (Outcome.DELIVERED, ("trip total", "hop hub.lab"), ""),
    "k": (Outcome.DELIVERED, ("trip total", "link mx.lab -> hub.lab"), ""),
    "u": (Outcome.DELIVERED, ("trip total", "trip submit"), ""),
    "v": (Outcome.DELIVERED, ("trip retrieve",), ""),
    "b": (Outcome.BOUNCED, (), "550 5.1.1 nobody here"),
    "Q": (Outcome.BOUNCED, (), "552 5.2.2 Quota exceeded"),
    "j": (Outcome.REJECTED, (), "550 no"),
    "f": (Outcome.MISPLACED, (), ""),
    "d": (Outcome.DUPLICATE, (), ""),
    "m": (Outcome.MODIFIED, (), ""),
}
GOOD, UNASKED, NONE, DOUBTFUL, FORBIDDEN, UNSEEN = ".", "?", "-", "~", "O", "U"


def facts(matrix: str) -> Facts:
    """Return what a matrix tells: its first line names the domains, each other one a server or a trip."""
    head, *rows = [line for line in matrix.splitlines() if line.strip()]
    domains = head.split()
    cells: dict[str, Cell] = {}
    latest: dict[str, Observation] = {}
    bad = set()
    for row in rows:
        words = row.split()
        what, signs = words[: -len(domains)], words[-len(domains) :]
        for domain, sign in zip(domains, signs, strict=True):
            if sign == NONE:
                continue
            cell = cell_of(what, domain)
            cells[cell.name] = cell
            seen = observation(cell, sign)
            if seen is not None:
                latest[cell.name] = seen
            if sign not in {GOOD, UNASKED, DOUBTFUL}:
                bad.add(cell.name)
    return Facts(cells, latest, frozenset(bad), SINCE)


def cell_of(what: list[str], domain: str) -> Cell:
    """Return the cell of a row for a domain; options are `needs=a,b`, `origin=alpha`, `kind=ldap`."""
    options = dict(word.split("=") for word in what if "=" in word)
    needs = tuple(options["needs"].split(",")) if "needs" in options else ()
    box = f"probe@{domain}"
    if what[0] == "trip":
        submits, _, fetch = what[1].partition(">")
        name = f"trip {domain}" if "name" not in options else f"trip {options['name']}"
        return Cell(name, domain, fetch, "trip", 60, submits, fetch, box, "lab", needs, options.get("origin", ""))
    server, _, host = what[0].partition("@")
    kind = options.get("kind", KINDS.get(server, server))
    account = box if kind in {"imap", "pop3", "submission"} else ""
    return Cell(f"{domain}/{server}", domain, server, kind, 60, "", host or server, account, "lab", needs)


def observation(cell: Cell, sign: str) -> Observation | None:
    """Return what was seen last of a cell."""
    if sign == UNSEEN:
        return None
    if sign in {GOOD, UNASKED}:
        return Observation(cell.name, AFTER if sign == GOOD else BEFORE, Verdict(Level.OK), 0.1)
    if sign == DOUBTFUL:
        return Observation(cell.name, AFTER, Verdict(Level.WARNING), 0.1)
    if sign == FORBIDDEN:
        return Observation(cell.name, AFTER, Verdict(Level.WARNING, ("answers",)), 0.1)
    return _of_trip(cell, sign) if cell.kind == "trip" else _of_check(cell, sign)


def _of_trip(cell: Cell, sign: str) -> Observation:
    outcome, slow, reason = TRIPS[sign]
    return Observation(cell.name, AFTER, Verdict(Level.CRITICAL, (reason,), "1 s" if slow else ""), 9.0, None, outcome, slow)


def _of_check(cell: Cell, sign: str) -> Observation:
    if sign in SLOW:
        slow, steps = SLOW[sign]
        return Observation(cell.name, AFTER, Verdict(Level.WARNING, ("slow",), "1 s"), 4.1, slow=slow, steps=steps)
    kind, step, said = FAULTS[sign]
    return Observation(
        cell.name, AFTER, Verdict(Level.CRITICAL, (said,)), 0.3, Fault(kind, step or LOGIN_STEP.get(cell.kind, "rcpt"), said)
    )
