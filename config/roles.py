"""What each kind of server needs from a domain, and which part of a trip it can take. One line per kind of probe.kinds.KINDS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """What a check wants of the domain's mailbox."""

    NOTHING = "nothing"
    ADDRESS = "address"  # a recipient
    LOGIN = "login"  # it signs in


@dataclass(frozen=True, slots=True)
class Role:
    """What a kind is for."""

    needs: Need
    submits: bool = False  # takes a test message in
    fetches: bool = False  # shows a mailbox
    security: str = "none"  # by default, on any port but the kind's TLS port


ROLES: dict[str, Role] = {
    "smtp": Role(Need.ADDRESS, submits=True),
    "submission": Role(Need.LOGIN, submits=True, security="starttls"),
    "lmtp": Role(Need.ADDRESS, submits=True),
    "imap": Role(Need.LOGIN, fetches=True, security="starttls"),
    "pop3": Role(Need.LOGIN, fetches=True, security="starttls"),
    "ldap": Role(Need.NOTHING, security="starttls"),
    "dns": Role(Need.NOTHING),
}


def kinds_that(*, submit: bool = False, fetch: bool = False) -> list[str]:
    """Return the kinds that can take a test message in, or show a mailbox."""
    return [kind for kind, role in ROLES.items() if (submit and role.submits) or (fetch and role.fetches)]
