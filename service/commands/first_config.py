"""A survey as the text of a first configuration: commented, ready for `probe check-config`, honest about what is a guess. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from probe.values import Security

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from probe import Endpoint
    from service.commands.survey import Found, Survey

PASSWORD_VARIABLE = "MAILSONDE_PASSWORD"  # noqa: S105 - it is the name of a variable
BIND_PASSWORD_VARIABLE = "MAILSONDE_LDAP_PASSWORD"  # noqa: S105 - as above
COMMENT_WIDTH = 100
SMTP_PORT = 25
LEFT_OUT = "Left out: many networks let nobody out to port 25. Where it is open, take away the # and name it under `servers` of the domain."
SUBMITTERS, FETCHERS = ("submission", "submissions"), ("imaps", "imap", "pop3s", "pop3")  # the first that is there makes the trip


@dataclass(frozen=True, slots=True)
class AskedDirectory:
    """A directory that the user named, and what it said."""

    endpoint: Endpoint
    base: str
    bind_dn: str
    said: str  # one sentence


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a first configuration is made of."""

    address: str
    survey: Survey
    on: date
    resolver: Endpoint | None = None
    directory: AskedDirectory | None = None
    ca_file: str = ""  # authorities of the site's own, an absolute path; "" = the system's


def _comment(text: str, indent: str = "") -> Iterator[str]:
    return (f"{indent}# {line}" for line in wrap(text, COMMENT_WIDTH, break_long_words=False, break_on_hyphens=False))


def _quoted(text: str) -> str:
    """Return a YAML double-quoted scalar of printable text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _trust(security: Security, ca_file: str) -> str:
    return f", ca_file: {_quoted(ca_file)}" if ca_file and security is not Security.NONE else ""


def kept(draft: Draft) -> list[Found]:
    """Return the servers to check: not a port 25 that is closed to us, as it is on the way out of most networks, while there are others."""
    others = [one for one in draft.survey.found if one.answers or one.port != SMTP_PORT]
    return others if others or draft.directory else list(draft.survey.found)


def _server(found: Found, ca_file: str, *, is_kept: bool) -> Iterator[str]:
    yield from _comment(found.why if found.answers else f"{found.why}; it does not answer from here", "  ")
    if not is_kept:
        yield from _comment(LEFT_OUT, "  ")
    trust = _trust(found.security, ca_file)
    place = f"kind: {found.kind}, host: {_quoted(found.host)}, port: {found.port}, security: {found.security.value}"
    yield f"  {'' if is_kept else '# '}{found.name}: {{{place}{trust}}}"


def _directory(asked: AskedDirectory, ca_file: str) -> Iterator[str]:
    endpoint = asked.endpoint
    parts = [f"kind: ldap, host: {_quoted(endpoint.host)}, port: {endpoint.port}, security: {endpoint.security.value}"]
    parts[0] += _trust(endpoint.security, ca_file)
    parts.append(f"base: {_quoted(asked.base)}")
    if asked.bind_dn:
        parts.append(f"bind_dn: {_quoted(asked.bind_dn)}, password: {{env: {BIND_PASSWORD_VARIABLE}}}")
    yield from _comment(asked.said, "  ")
    yield f"  directory: {{{', '.join(parts)}}}"


def _roundtrip(names: list[str]) -> Iterator[str]:
    submit = next((name for name in SUBMITTERS if name in names), None)
    fetch = next((name for name in FETCHERS if name in names), None)
    if submit and fetch:
        yield f"    roundtrip: {{submit: {submit}, fetch: {fetch}}}"
    else:
        yield "    # no round trip: it needs a server for submission and one for IMAP or POP3"
        yield "    # roundtrip: {submit: submission, fetch: imap}"


def _domain(draft: Draft, names: list[str]) -> Iterator[str]:
    yield f"  - name: {draft.survey.domain}"
    yield f"    servers: [{', '.join(names)}]"
    yield "    # the password: in an environment variable, or {file: secrets/probe}, or {command: [pass, show, mail/probe]}"
    yield f"    mailbox: {{address: {_quoted(draft.address)}, password: {{env: {PASSWORD_VARIABLE}}}}}"
    yield from _roundtrip(names)


def _head(draft: Draft) -> Iterator[str]:
    yield from _comment(
        f"A first configuration for {draft.survey.domain}, written by `probe init {draft.address}` on {draft.on.isoformat()}."
    )
    yield from _comment("Read each line that says guessed or assumed. Then: probe check-config, and probe run.")
    for sentence in draft.survey.missing:
        yield from _comment(f"Not known: {sentence}.")
    yield ""
    yield "site: local                       # where this prober stands: a label on every result"
    yield "timezone: UTC                     # in which calendars are meant: Europe/Berlin, ..."


def lines(draft: Draft) -> Iterator[str]:
    """Yield the lines of the configuration."""
    servers = kept(draft)
    names = [one.name for one in servers] + (["directory"] if draft.directory else [])
    yield from _head(draft)
    if draft.resolver is not None:
        yield f"resolver: {{host: {_quoted(draft.resolver.host)}, port: {draft.resolver.port}}}"
    yield ""
    yield "servers:"
    for found in draft.survey.found:
        yield from _server(found, draft.ca_file, is_kept=found in servers)
    if draft.directory:
        yield from _directory(draft.directory, draft.ca_file)
    yield from ("", "domains:", *_domain(draft, names), "")
    yield "checks: {every: 60s, timeout: 10s}"
    yield "roundtrip: {every: 5m, late_after: 2m, lost_after: 24h}"
    yield from ("", "# What is normal. Look at a few runs first, then write limits of your own.", "thresholds:")
    yield '  - {match: {server: "*"}, warning: 2s, critical: 5s}'
    yield "  - {match: {trip: total}, warning: 30s, critical: 2m}"
    yield '  - {match: {certificate: "*"}, warning: 21d, critical: 7d}'
    yield from _notify(draft.survey.domain)


def _notify(domain: str) -> Iterator[str]:
    """Yield a section that tells somebody, commented out: whom, and by which way, only the reader knows."""
    yield ""
    yield from _comment(
        "Who is told: nobody yet, but the console shows every incident. Take the # away and fill in a way that does not lead over the "
        f"mail system that is watched: of {domain} no mail tells that its mail is broken. probe notify test tries a channel."
    )
    yield from (
        "# notify:",
        "#   channels:",
        "#     pager: {kind: apprise, urls: [{env: MAILSONDE_PAGER}]}",
        "#     mail: {kind: mail, host: smtp.elsewhere.example, port: 587, sender: probe@elsewhere.example, to: [me@elsewhere.example]}",
        "#   routes:",
        "#     - {match: {level: critical}, to: [[pager, mail]]}      # mail takes over where pager does not get through",
        "#     - {to: [mail]}",
    )


def first_config(draft: Draft) -> str:
    """Return the whole text. A survey without any server gives none: there is nothing to configure."""
    return "\n".join(lines(draft)) + "\n"


def secrets_needed(draft: Draft) -> list[str]:
    """Return the environment variables that the text names and that must be set before it works."""
    bound = draft.directory is not None and bool(draft.directory.bind_dn)
    return [PASSWORD_VARIABLE, *([BIND_PASSWORD_VARIABLE] if bound else [])]
