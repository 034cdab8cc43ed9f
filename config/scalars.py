"""Single values of the configuration: text to durations, ports, host names, addresses. Each refuses with a sentence on what is allowed.

Functions raise ValueError with that sentence; they touch neither network nor disk.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any, NamedTuple

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_557_600.0}  # seconds
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w|y))+")
DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)")
DURATION_WORDS = "a duration is a number with a suffix: 500ms, 30s, 5m, 24h, 14d, 2w, 5y"

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")  # RFC 1035 with the underscore of RFC 8552
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
LOCAL_PART = re.compile(rf"{ATOM}(?:\.{ATOM})*")  # RFC 5321 Dot-string, with the letters of RFC 6531
CHANGED_BY_IDNA2008 = frozenset("ßς\u200c\u200d")  # the two standards make other names of these
TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
MAX_NAME_LENGTH = 253
MOST = 1_000_000  # of what is counted


def text(value: Any) -> str:
    """Return a scalar as text; a list or a mapping is refused."""
    if isinstance(value, dict | list):
        raise ValueError(f"is a {'mapping' if isinstance(value, dict) else 'list'}, but text is wanted")  # noqa: TRY004 - pydantic collects ValueErrors
    return str(value)


def duration(value: Any) -> float:
    """Return a duration in seconds."""
    if isinstance(value, float):
        return value  # a default of our own
    written = text(value)
    if not DURATION.fullmatch(written):
        hint = f"; did you mean {written}s?" if written.isdecimal() else ""
        raise ValueError(f"`{written}` is no duration; {DURATION_WORDS}{hint}")
    return sum(float(number) * UNITS[unit] for number, unit in DURATION_PART.findall(written))


def duration_text(seconds: float) -> str:
    """Return a duration as the configuration writes it, in the largest unit that divides it."""
    units = [(unit, size) for unit, size in reversed(UNITS.items()) if seconds >= size and seconds % size == 0]
    unit, size = units[0] if units else ("s", 1.0)
    return f"{seconds / size:g}{unit}"


def span(value: Any) -> float:
    """Return a duration above zero, in seconds."""
    seconds = duration(value)
    if seconds <= 0:
        raise ValueError(f"`{value}` is no time at all; give more than zero")
    return seconds


def truth(value: Any) -> bool:
    """Return true or false; YAML 1.1's yes, no, on and off are refused."""
    if isinstance(value, bool):
        return value
    written = text(value)
    if written not in TRUTHS:
        raise ValueError(f"`{written}` is neither true nor false; write one of these two")
    return TRUTHS[written]


def whole(written: str) -> int:
    """Return a whole number written in decimal, without a leading zero (which YAML 1.1 reads as octal)."""
    if not re.fullmatch(r"0|[1-9]\d{0,17}", written):
        raise ValueError(f"`{written}` is no whole number; write digits alone, without a leading zero")
    return int(written)


def port(value: Any) -> int:
    """Return a TCP or UDP port."""
    number = whole(text(value))
    if not 1 <= number <= 65_535:
        raise ValueError(f"{number} is no port; a port is a number from 1 to 65535")
    return number


def count(value: Any) -> int:
    """Return a whole number above zero."""
    number = whole(text(value))
    if not 1 <= number <= MOST:
        raise ValueError(f"{number} is out of bounds; give a number from 1 to {MOST}, or leave it out")
    return number


class Listener(NamedTuple):
    """Where we listen: an IP address of this host, and a port; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def listener(value: Any) -> Listener:
    """Return an address of ours with its port, as in `127.0.0.1:9825` or `[::1]:9825`."""
    if isinstance(value, Listener):
        return value
    written = text(value)
    host, colon, number = written.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return Listener(str(ip_address(bare)), 0 if colon and number == "0" else port(number))
    except ValueError:
        raise ValueError(f"`{written}` is no address to listen on; one looks like 127.0.0.1:9825 or [::1]:9825") from None


def factor(value: Any) -> float:
    """Return a factor over a baseline, more than 1."""
    written = text(value).removesuffix("x")
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", written) or float(written) <= 1:
        raise ValueError(f"`{value}` is no factor; write how many times the median, more than 1: 2.5")
    return float(written)


def name(value: Any) -> str:
    """Return a name that can stand in `domain/server`, in a label and on a command line."""
    written = text(value)
    if not NAME.fullmatch(written):
        raise ValueError(f"`{written}` is no name; letters, digits, `.`, `_` and `-` make one")
    return written


def _to_ascii(written: str) -> str:
    """Return the A-labels (xn--) of a name in any script, RFC 3490."""
    if written.isascii():
        return written.lower()
    if CHANGED_BY_IDNA2008 & set(written):
        raise ValueError(f"`{written}` holds a letter that the two IDNA standards translate differently; write the name's xn-- form")
    try:
        return written.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError(f"`{written}` has no form in the DNS; check its letters") from None


def host(value: Any) -> str:
    """Return a host name in its ASCII form, or an IP address."""
    written = text(value)
    try:
        return str(ip_address(written.strip("[]")))
    except ValueError:
        pass
    ascii_name = _to_ascii(written).removesuffix(".")
    if len(ascii_name) > MAX_NAME_LENGTH or not all(LABEL.fullmatch(label) for label in ascii_name.split(".")):
        raise ValueError(f"`{written}` is neither a host name nor an IP address")
    return ascii_name


def address_only(value: Any) -> str:
    """Return an IP address; a name is refused."""
    try:
        return str(ip_address(text(value).strip("[]")))
    except ValueError:
        raise ValueError(f"`{value}` is no IP address, and a name server is asked by its address: 127.0.0.1 or ::1") from None


def domain_name(value: Any) -> str:
    """Return one exact domain name in its ASCII form."""
    written = text(value)
    if set("*?") & set(written):
        raise ValueError(f"`{written}` is a pattern, but a domain's name is exact; write each domain, or find them with `discovery:`")
    ascii_name = _to_ascii(written).removesuffix(".")
    labels = ascii_name.split(".")
    if len(ascii_name) > MAX_NAME_LENGTH or len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"`{written}` is no domain name; one looks like abc.example")
    return ascii_name


def mailbox_address(value: Any) -> str:
    """Return the address of a mailbox, RFC 5321 Mailbox, its domain in ASCII form."""
    written = text(value)
    local, at, domain = written.rpartition("@")
    if not at or not LOCAL_PART.fullmatch(local):
        raise ValueError(f"`{written}` is no address of a mailbox; one looks like probe@abc.example")
    try:
        return f"{local}@{domain_name(domain)}"
    except ValueError:
        raise ValueError(f"`{written}` is no address of a mailbox: `{domain}` is no domain name") from None


def template(value: Any) -> str:
    """Return text in which `{domain}` stands for the domain's name; other names in braces are refused."""
    written = text(value)
    for placeholder in re.findall(r"\{([A-Za-z_]*)\}", written):
        if placeholder != "domain":
            raise ValueError(f"{{{placeholder}}} stands for nothing here; only {{domain}} is filled in")
    return written


def address_template(value: Any) -> str:
    """Return a mailbox's address in which `{domain}` stands for the domain's name."""
    written = template(value)
    mailbox_address(written.replace("{domain}", "abc.example"))
    return written
