"""Masks what belongs to other domains: whoever sees some domains alone reads of the others their names, never who writes there. Pure."""

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


def text(words: str | None, scope: Scope) -> str | None:
    """Return a text in which the local part of each address of another domain is masked."""
    if words is None or scope.domains is None:
        return words
    return _ADDRESS.sub(lambda found: found[0] if scope.allows(found["domain"]) else f"{MASK}@{found['domain']}", words)


def address(one: str | None, scope: Scope) -> str | None:
    """Return an address, masked whole where it is of another domain: a local part may be made of any letters."""
    if not one or scope.domains is None:
        return one
    _, at, domain = one.rpartition("@")
    return one if not at or scope.allows(domain) else f"{MASK}@{domain}"


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
