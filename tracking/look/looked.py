"""Who looked what up: one JSON line each in the lake's `looked.jsonl`, appended at once, never read back by the product."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

NAME = "looked.jsonl"


def record(lake: Path, at: datetime, who: str, asked: Mapping[str, object]) -> None:
    """Append who asked what. Raises: OSError where the lake takes nothing from him."""
    told = {name: value for name, value in asked.items() if value not in (None, "", (), [], False)}
    line = json.dumps({"at": at.isoformat(timespec="seconds"), "who": who, **told}, default=str) + "\n"
    handle = os.open(lake / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)
