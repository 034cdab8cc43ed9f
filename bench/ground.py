"""A lab of one's own for a measurement, gone afterwards."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def lab(domains: int = 3) -> Iterator[Path]:
    """Start a lab of so many domains and give its folder; take it down at the end."""
    with tempfile.TemporaryDirectory(prefix="ms-bench-") as parent:
        Path(parent).chmod(0o755)  # servers that run as other users must pass
        folder = Path(parent) / "lab"
        _tell("up", folder, "--domains", str(domains))
        try:
            yield folder
        finally:
            _tell("down", folder)


def _tell(word: str, folder: Path, *more: str) -> None:
    subprocess.run([sys.executable, "-m", "lab", word, "--dir", str(folder), *more], check=True, stdout=subprocess.DEVNULL)
