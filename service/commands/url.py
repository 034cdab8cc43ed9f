"""A server as a URL -> the Check that probes it, without any configuration. RFC 3986; the schemes derive from `probe.kinds.KINDS`.

    imap://host            in clear             imap+starttls://host   STARTTLS, insisted on      imaps://host   TLS from the first byte
    ldap://host/base?attribute?sub?filter?bindname=DN   (RFC 4516)      dns://server/name?type=MX (RFC 4501)

A probe is explicit: `imap://` never becomes STARTTLS because a server offers it. Refused: a password inside the URL, which every user of
the machine can read in the list of processes; and whatever part of a URL its kind has no use for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from probe.kinds import KINDS
from probe.values import Check, Directory, Endpoint, Mailbox, Question, Security

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from probe.values import Secret

STARTTLS = "+starttls"
LOGIN_KINDS = frozenset({"imap", "pop3", "submission"})  # a user there is somebody who signs in
QUESTION_TYPES = ("MX", "A", "AAAA", "TLSA", "TXT", "SRV")
REFUSED_IN_URL = (
    "the URL holds a password, which every user of this machine can read in the list of processes; "
    "take it out and use --password-file FILE, --password-file - (standard input) or --password-env NAME"
)
_BARE_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%]*\]|[^][:/?#@]+)(?::[0-9]*)?[/?]")


class BadUrl(ValueError):  # noqa: N818 - it names what it is
    """A URL that cannot be probed; `str()` is the sentence for the user."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a URL does not say."""

    password: Secret | None = None
    ca_file: str | None = None
    verify: bool = True
    timeout_seconds: float = 10.0


def _schemes() -> dict[str, tuple[str, Security, int]]:
    """Return every scheme with its kind, its security and its port."""
    table: dict[str, tuple[str, Security, int]] = {}
    for name, kind in KINDS.items():
        table[name] = (name, Security.NONE, kind.port)
        if not kind.datagram:
            table[name + STARTTLS] = (name, Security.STARTTLS, kind.port)
        if kind.tls_port is not None:
            table[name + "s"] = (name, Security.TLS, kind.tls_port)
    return table


SCHEMES = _schemes()


def check_of(url: str, terms: Terms) -> Check:
    """Return the check that a URL means. Raises: BadUrl with a sentence for the user."""
    parts = _split(url)
    kind, security, standard_port = SCHEMES[parts.scheme]
    user, mechanism = _user(parts)
    host = parts.hostname or ""
    endpoint = Endpoint(host, _port(parts, standard_port), security, terms.ca_file, terms.verify)
    domain = user.rpartition("@")[2] if "@" in user else host
    check = Check(f"{domain}/{parts.scheme}", domain, parts.scheme, kind, endpoint, timeout_seconds=terms.timeout_seconds)
    if kind == "ldap":
        return replace(check, directory=_directory(parts, terms))
    if kind == "dns":
        return replace(check, question=_question(parts))
    if parts.path.strip("/") or parts.query:
        raise BadUrl(f"{parts.scheme}:// takes a host and a port alone, not '{parts.path}{'?' if parts.query else ''}{parts.query}'")
    return replace(check, mailbox=_mailbox(kind, user, mechanism, terms, host))


def _holds_password(url: str) -> bool:
    """Say whether a user's password may stand in the URL: whatever is between a `:` and an `@`, for it may hold any other delimiter.

    LDAP alone knows an `@` behind a whole host and port: in the filter and the DN.
    """
    scheme, _, rest = url.partition("://")
    is_ldap = scheme.lower() in SCHEMES and SCHEMES[scheme.lower()][0] == "ldap"
    return "@" in rest.partition(":")[2] and not (is_ldap and _BARE_HOST.match(rest))


def _split(url: str) -> SplitResult:
    if _holds_password(url):  # first of all, for every other sentence may cite what it takes for something else
        raise BadUrl(REFUSED_IN_URL)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadUrl(f"this is no URL: {error}") from None  # the URL itself is not repeated: it may hold a password
    if "://" not in url:
        raise BadUrl("a server is given as a URL, such as imaps://host; to choose from a configuration use --domain or --server")
    if parts.scheme not in SCHEMES:
        raise BadUrl(f"'{parts.scheme}://' is not known; known are {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
    if not parts.hostname:
        raise BadUrl(f"'{url}' names no host: {parts.scheme}://host")
    if parts.fragment:
        raise BadUrl(f"'#{parts.fragment}' means nothing to a probe; a # in a name is written %23")
    return parts


def _port(parts: SplitResult, standard: int) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise BadUrl(f"'{parts.netloc.rpartition(':')[2]}' is no port: a number from 1 to 65535") from error
    if port == 0:
        raise BadUrl("'0' is no port: a number from 1 to 65535")
    return standard if port is None else port


def _user(parts: SplitResult) -> tuple[str, str | None]:
    """Return the user and, after `;AUTH=` (RFC 5092), the SASL mechanism to insist on."""
    name, _, mechanism = (parts.username or "").partition(";AUTH=")
    return unquote(name), (mechanism.upper() if mechanism not in {"", "*"} else None)


def _mailbox(kind: str, user: str, mechanism: str | None, terms: Terms, host: str) -> Mailbox | None:
    if not user and terms.password is not None:
        raise BadUrl("a password needs a user: imaps://user@host")
    if not user:
        return None
    if terms.password is None and kind in LOGIN_KINDS:
        raise BadUrl(f"'{user}' needs a password: --password-file FILE, --password-file - (standard input) or --password-env NAME")
    address = user if "@" in user else f"{user}@{host}"
    return Mailbox(address, terms.password, user=user, mechanism=mechanism)


def _directory(parts: SplitResult, terms: Terms) -> Directory | None:
    """Return what `/base?attributes?scope?filter?extensions` asks for; None when it names no base: then only the bind is probed."""
    if parts.username:
        raise BadUrl("ldap:// takes no user before the host; sign in with ldap://host/base???filter?bindname=DN (RFC 4516)")
    attributes, scope, wanted, extensions = [unquote(part) for part in (parts.query.split("?") + [""] * 4)[:4]]
    if scope not in {"", "sub"}:
        raise BadUrl(f"the scope '{scope}' is not offered: the whole subtree is searched ('sub')")
    bind_dn = _bind_dn(extensions)
    base = unquote(parts.path.removeprefix("/"))
    if terms.password is not None and not bind_dn:
        raise BadUrl("a password needs a name to bind with: ldap://host/base???filter?bindname=DN")
    attribute = attributes.split(",")[0] or "objectClass"  # every entry has one
    return Directory(base, wanted or "(objectClass=*)", attribute, "", bind_dn, terms.password) if base or bind_dn else None


def _bind_dn(extensions: str) -> str:
    """Return the DN of `bindname=DN`; its commas may stand as they are, for no other extension is known."""
    name, _, value = extensions.partition("=")
    if name.removeprefix("!").removeprefix("e-").lower() not in {"", "bindname"}:
        raise BadUrl(f"the LDAP extension '{name}' is not known; known is bindname")
    return value


def _question(parts: SplitResult) -> Question:
    name = unquote(parts.path.strip("/"))
    if not name:
        raise BadUrl("which name is to be asked for? dns://server/name?type=MX")
    query = parts.query.replace(";", "&")
    asked = {key.lower(): value.upper() for key, value in parse_qsl(query)} or {"type": "MX"}
    kind = asked.get("type", "MX")
    if kind not in QUESTION_TYPES:
        raise BadUrl(f"the type '{kind}' is not asked for; known are {', '.join(QUESTION_TYPES)}")
    return Question(name, kind)
