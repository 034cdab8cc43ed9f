"""Which domains a reader may see. Every query of the store and of the lake demands a Scope, so that no caller can forget it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """The domains that a reader may see."""

    domains: frozenset[str] | None = frozenset()  # in lower case; None = every domain there is

    def allows(self, domain: str) -> bool:
        """Say whether the reader may see this domain."""
        return self.domains is None or domain.lower() in self.domains


EVERYTHING = Scope(None)
NOTHING = Scope()
