"""How a Scope becomes part of a query. Every read of the store goes through it; there is no way around and no default. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thresholds.scope import Scope


def within(scope: Scope, column: str = "checks.domain") -> str:
    """Return the condition under which a row may be seen; the query needs the parameters of `allowed` beside its own."""
    return "1" if scope.domains is None else f"{column} IN (SELECT value FROM json_each(:allowed))"  # noqa: S608 - the column is ours


def allowed(scope: Scope) -> dict[str, str | None]:
    """Return the parameters of `within`."""
    return {"allowed": None if scope.domains is None else json.dumps(sorted(scope.domains))}
