"""Says how one person's address is found in a text: by whatever erases it. Pure; one expression for DuckDB (RE2) and Python."""

from __future__ import annotations

import re


def pattern(address: str) -> str:
    """Return the expression (RE2, any case) that finds an address where it stands whole, its plus, SRS and VERP forms among it."""
    local, _, domain = (re.escape(part) for part in address.partition("@"))
    whole = rf"(^|[^\w.%+~-])(?:{local}(?:\+[^@\s<>]*)?[@=]{domain}|{domain}={local})"
    return rf"(?i)(?:{whole}|([-+]){local}={domain})($|\.(?:$|[^\w-])|[^\w.-])"
