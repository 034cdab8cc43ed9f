"""Masks what belongs to other domains: whoever sees some domains alone reads of the others their names, never who writes there.

A name without a domain is nobody's of these domains for sure, so it is masked too; and how many got a message (Bcc) is not told. Pure.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thresholds.scope import Scope
    from tracking.values import Flow

MASK = "***"
_ADDRESS = re.compile(
    r"""(?P<local>"(?:[^"\\]|\\.){0,64}"|[^\s<>()\[\]"',;:@=]+(?:=[^\s<>()\[\]"',;:@=]+)*)@(?P<domain>[\w-]+(?:\.[\w-]+)*)"""
)
_LOGGED = "to|from|orig_to|sender|recipient|rcpt|user|ruser|uid|authid|sasl_username|sasl_sender|ctladdr"
_BRACED = "lmtp|lda|deliver|imap|pop3|managesieve|submission|sieve|auth|indexer-worker|passwd|passwd-file|pam|ldap|sql|static"
_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"""(\b(?:{_LOGGED})=<?)(?:"[^"]*"|[^\s<>,@=\[\]()"]+)(?=[>,\s;)]|$)""",  # sasl_username=carl, orig_to=<carl>, to="|prog -a carl"
        rf"(\b(?:{_BRACED})\((?:\d+, ?)?)[^)@\s,]+(?=[),])",  # lmtp(carl), and as Dovecot 2.2 has it: lmtp(17, carl)
        r"(\bdelivered to (?:command|file): ).*?(?=\)?$)",
        r"(\s-[adfru] ?\"?)[^\s\"'()<>,;@]+(?=[\s\"'),;]|$)",  # procmail -a carl
        r"(/(?:home|mail|vmail|Maildir)/)[^/\s\"'()<>,;@]+(?=[/\s\"'),;]|$)",
        r"(\bA=\w+:)[^\s@]+(?=\s|$)",  # who signed in, and below who called: Exim
        r"(\bU=)[^\s@]+(?=\s|$)",
        r"(\bnrcpts?=)\d+",
    )
)  # each: what stays, then a name without a domain, or a count


def text(words: str | None, scope: Scope) -> str | None:
    """Return a text in which the local part of each address of another domain is masked, and each name without a domain."""
    if words is None or scope.domains is None:
        return words
    masked = _ADDRESS.sub(lambda found: found[0] if scope.allows(found["domain"]) else f"{MASK}@{found['domain']}", words)
    for name in _NAMES:
        masked = name.sub(rf"\g<1>{MASK}", masked)
    return masked


def address(one: str | None, scope: Scope) -> str | None:
    """Return an address, masked whole where it is of another domain, or of none: a local part may be made of any letters."""
    if not one or scope.domains is None:
        return one
    _, at, domain = one.rpartition("@")
    if not at:
        return MASK
    return one if scope.allows(domain) else f"{MASK}@{domain}"


def flow(one: Flow, scope: Scope) -> Flow:
    """Return a flow as a reader of this scope may see it. Message-IDs and queue ids stay: they name no person."""
    if scope.domains is None:
        return one
    return replace(
        one,
        sender=address(one.sender, scope),
        recipient=address(one.recipient, scope) or "",
        via=tuple(address(other, scope) or "" for other in one.via),
        said=text(one.said, scope),
    )


def line(words: str, scope: Scope) -> str:
    """Return a raw line as a reader of this scope may see it: Message-IDs look like addresses and are masked with them."""
    return text(words, scope) or ""
