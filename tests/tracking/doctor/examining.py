"""What the tests of the doctor share: files of given lines, looked at as the command does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.track.doctor_work import named, run

if TYPE_CHECKING:
    from pathlib import Path

    from tracking.doctor.values import Block


def doctored(folder: Path, files: dict[str, str], server: str = "") -> dict[str, Block]:
    """Write the files and have them looked at; the blocks by the file's name."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return {block.source.rpartition("/")[2]: block for block in run([named([str(folder)], server)])}


def names(block: Block) -> list[str]:
    """Return what was found, worst first."""
    return [one.name for one in block.findings]
