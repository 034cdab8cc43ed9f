"""What one `probe run` is to do, wherever it came from (a configuration or a URL), and the choice that the command line makes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from thresholds.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe import Check, Endpoint, Journey

NAMED = 12  # how many names an error lists


@dataclass(frozen=True, slots=True)
class Work:
    """Checks and trips to run, and what they are judged by."""

    checks: tuple[Check, ...] = ()
    journeys: tuple[Journey, ...] = ()
    limits: Limits = Limits()  # noqa: RUF009 - frozen, and shared on purpose: the limits of who has none
    site: str = ""
    resolver: Endpoint | None = None
    key: bytes = b""  # signs test messages; b"" where none is sent
    ledger: Path = Path("mailsonde.trips")  # folder in which trips under way survive this run
    every_seconds: float = 60.0  # how often a run is repeated that is watched
    partial: bool = False  # the command line chose a part: what lies outside of it is not spoken of
    wait_seconds: float | None = None  # how long to wait for test messages; None = until each is late


@dataclass(frozen=True, slots=True)
class Selection:
    """What of it is wanted: globs without case for domains and servers, exact kinds; nothing given = everything."""

    domains: Sequence[str] = ()
    servers: Sequence[str] = ()
    kinds: Sequence[str] = ()
    trips: bool = True

    @property
    def words(self) -> str:
        """Return the choice as it stood on the command line."""
        options = (("--domain", self.domains), ("--server", self.servers), ("--kind", self.kinds))
        return " ".join(f"{name} {value}" for name, values in options for value in values)


class NothingSelected(LookupError):  # noqa: N818 - it names what happened
    """No check and no trip fits the choice; `str()` says what there is to choose from."""


def _fits(globs: Sequence[str], text: str) -> bool:
    return not globs or any(fnmatchcase(text.lower(), glob.lower()) for glob in globs)


def _wanted(check: Check, chosen: Selection) -> bool:
    return _fits(chosen.servers, check.server) and (not chosen.kinds or check.kind in chosen.kinds)


def _travelled(journey: Journey, chosen: Selection) -> bool:
    """Say whether a trip is wanted: its receiving domain fits, and so do both of its servers."""
    return _fits(chosen.domains, journey.domain) and _wanted(journey.submit, chosen) and _wanted(journey.fetch, chosen)


def _names(names: Iterable[str]) -> str:
    """Return the first few distinct names, and how many more there are."""
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
    return f"{', '.join(known[:NAMED]) or 'none'}{more}"


def select(work: Work, chosen: Selection) -> Work:
    """Return the part of the work that is wanted. Raises: NothingSelected."""
    checks = tuple(check for check in work.checks if _fits(chosen.domains, check.domain) and _wanted(check, chosen))
    journeys = tuple(journey for journey in work.journeys if chosen.trips and _travelled(journey, chosen))
    if checks or journeys:
        return replace(work, checks=checks, journeys=journeys, partial=bool(chosen.words))
    if not work.checks:
        raise NothingSelected("the configuration has no check to run: give a domain its servers")
    known = f"domains: {_names(one.domain for one in work.checks)}; servers: {_names(one.server for one in work.checks)}"
    raise NothingSelected(f"no check fits {chosen.words}; {known}; kinds: {_names(one.kind for one in work.checks)}")
