"""Single values of notification and of planned work: moments on a wall clock, shares, causes, URLs, topics, chains of channels.

Functions raise ValueError with a sentence on what is allowed; they touch neither network nor disk.
URLs: RFC 3986; topics: MQTT 5 section 4.7.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from config import scalars
from config.errors import did_you_mean, listed
from thresholds.incident_values import CauseKind
from thresholds.moments import BOUNDS, possible

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?")
SCHEMES = ("https", "http")
WILDCARDS = ("+", "#")
LONGEST_TOPIC = 65_535  # bytes, MQTT 5 section 1.5.4
CAUSES = [str(kind) for kind in CauseKind]


def moment(value: Any) -> datetime:
    """Return a moment of a wall clock, without a zone: that of `timezone` is meant. A date is its first moment."""
    if isinstance(value, datetime):
        return value
    written = scalars.text(value)
    at = _read(written)
    if at is None:
        raise ValueError(f"`{written}` is no moment; one looks like 2026-12-01 22:00, or 2026-12-01, on the wall clock of `timezone`")
    if not possible(at.replace(tzinfo=UTC)):
        raise ValueError(f"`{written}` is out of bounds: {BOUNDS}")
    return at


def _read(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written) if MOMENT.fullmatch(written) else None
    except ValueError:
        return None


def aware(local: datetime, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """Return the UTC time of a wall clock's moment. Of an hour that comes twice the first is meant, at the end of a span the second."""
    return local.replace(tzinfo=zone, fold=int(end)).astimezone(UTC)


def leapt(local: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clocks of a zone leap over this moment: it never comes."""
    return aware(local, zone).astimezone(zone).replace(tzinfo=None) != local


def share(value: Any) -> float:
    """Return a percentage as a share above 0, up to 1."""
    if isinstance(value, float):
        return value
    written = scalars.text(value)
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?%", written) or not 0 < float(written[:-1]) <= 100:
        raise ValueError(f"`{written}` is no share; write a percentage above 0%, up to 100%: 90%")
    return float(written[:-1]) / 100


def cause(value: Any) -> str:
    """Return a glob over causes, `kind:name`; a kind that there is not is refused."""
    written = scalars.text(value)
    kind, colon, _ = written.partition(":")
    if written == "*" or (colon and any(fnmatchcase(one, kind.lower()) for one in CAUSES)):
        return written
    if not colon:
        raise ValueError(f"`{written}` is no cause; a cause is its kind and its name: server:imap, domain:abc.example, server:*, or *")
    raise ValueError(f"there is no kind of cause `{kind}`; the kinds are {listed(CAUSES, 'and')}{did_you_mean(kind, CAUSES)}")


def url(value: Any, *, may_hold_secret: bool = False) -> str:
    """Return a web address; one with a password in it is refused, unless it comes from a secret's source."""
    written = scalars.text(value)
    try:
        parts = urlsplit(written)
        sound = bool(parts.hostname) and parts.port != 0 and not set(written) & set(' \t\r\n"<>\\^`{|}')
    except ValueError:
        raise ValueError(f"`{_masked(written)}` is no URL; one looks like https://mailsonde.isp.example/path") from None
    if parts.scheme not in SCHEMES:
        hint = f" (`{parts.scheme}:` is neither)" if parts.scheme and "://" in written else ""
        raise ValueError(f"`{_masked(written)}` does not begin with https:// or http://{hint}")
    if not may_hold_secret and (parts.username is not None or parts.password is not None):
        raise ValueError("holds a name or a password before its @, and a secret does not stand in the configuration; take it out")
    if not sound:
        raise ValueError(f"`{written}` is no URL; one looks like https://mailsonde.isp.example/path")
    return written


def _masked(written: str) -> str:
    """Return a URL without what may be a secret in it."""
    return re.sub(r"//[^/@]*@", "//***@", written)


def base_url(value: Any) -> str:
    """Return a web address under which others lie: no query, no slash at its end."""
    written = url(value)
    if "?" in written or "#" in written:
        raise ValueError(f"`{written}` has a query or a fragment, but paths are put behind it; leave that out")
    return written.rstrip("/")


def topic(value: Any) -> str:
    """Return an MQTT topic to publish to: no wildcard, no NUL, at most 65,535 bytes."""
    written = scalars.text(value)
    wild = [char for char in WILDCARDS if char in written]
    if wild:
        raise ValueError(f"`{written}` holds the wildcard {listed(wild, 'and')}; what is published goes to one exact topic")
    if not written or "\x00" in written or len(written.encode()) > LONGEST_TOPIC:
        raise ValueError("is no topic; one looks like mailsonde/berlin")
    return written


def chains(value: Any) -> tuple[tuple[str, ...], ...]:
    """Return who is told: a list of channels, each alone or in a list with those that take over from it."""
    if not isinstance(value, list | tuple):
        raise ValueError("a list of channels is wanted: [ops-mail]; [[ops-mail, pager]] where pager takes over from ops-mail")  # noqa: TRY004 - pydantic collects ValueErrors
    return tuple(_chain(one) for one in value)


def _chain(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("holds a chain without any channel; leave it out")
        return tuple(scalars.name(one) for one in value)
    return (scalars.name(value),)
